"""What is measured of a bucket."""

from prometheus_client import Counter, Gauge, Histogram

from opsconductor.kit.metrics import REGISTRY

UNSENT = Gauge(
    "opsconductor_storage_unsent_objects",
    "Content in this machine's folder that the bucket does not have yet.",
    registry=REGISTRY,
)
UNSENT_BYTES = Gauge("opsconductor_storage_unsent_bytes", "Bytes of it.", registry=REGISTRY)
CACHED_BYTES = Gauge(
    "opsconductor_storage_cached_bytes", "Bytes of the folder that the bucket has too.", registry=REGISTRY
)
REQUESTS = Counter(
    "opsconductor_storage_requests",
    "What was asked of the bucket, and whether that went well.",
    ["kind", "outcome"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "opsconductor_storage_seconds",
    "Time that it took, successful or not.",
    ["kind"],
    registry=REGISTRY,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
