"""What hooks tell about themselves in the metrics."""

from prometheus_client import Counter

from opsconductor.kit.metrics import REGISTRY

CHECKED = Counter(
    "opsconductor_hook_requests",
    "Requests to hooks, by what became of them: passed, or why they were refused.",
    ["outcome"],
    registry=REGISTRY,
)
