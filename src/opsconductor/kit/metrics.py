"""Metrics of a process, in Prometheus' format."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.responses import Response

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "opsconductor_http_requests",
    "Requests answered.",
    ["service", "method", "route", "status"],
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "opsconductor_http_request_seconds",
    "Time from request to the end of the answer's headers.",
    ["service", "route"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10),
)
UP = Gauge(
    "opsconductor_build_info", "1, labelled with the version.", ["service", "version"], registry=REGISTRY
)


def metrics() -> Response:
    """Return everything counted so far."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
