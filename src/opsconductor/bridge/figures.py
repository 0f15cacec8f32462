"""What is measured of the bridge, beside its requests by route and status (kit/metrics.py) and limits (kit/rate.py)."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge

from opsconductor.kit.metrics import REGISTRY

BREAKER = Gauge(
    "opsconductor_bridge_circuit",
    "1 for the state that the circuit breaker to the core is in.",
    ["state"],
    registry=REGISTRY,
)
TRANSITIONS = Counter(
    "opsconductor_bridge_circuit_transitions",
    "How often the circuit breaker to the core came into a state.",
    ["state"],
    registry=REGISTRY,
)
RETRIED = Counter(
    "opsconductor_bridge_core_retries",
    "Reads that were sent to the core a second time, as the connection was lost.",
    registry=REGISTRY,
)
CACHE = Counter(
    "opsconductor_bridge_cache_lookups",
    "Answers that were there already (hit) or had to be asked for (miss).",
    ["cache", "result"],
    registry=REGISTRY,
)
INVALIDATIONS = Counter(
    "opsconductor_bridge_cache_invalidations",
    "How often everything in a cache was forgotten, because something changed.",
    ["cache"],
    registry=REGISTRY,
)
STREAMS = Gauge("opsconductor_bridge_streams_open", "Event streams that are open.", registry=REGISTRY)
STREAMS_BEGUN = Counter(
    "opsconductor_bridge_streams",
    "Streams that were opened, by how they began: new, resumed after a last id, or reset as that is too long ago.",
    ["beginning"],
    registry=REGISTRY,
)
EVENTS = Counter(
    "opsconductor_bridge_events",
    "Events sent to streams, by what they are about.",
    ["event"],
    registry=REGISTRY,
)
LONG_POLLS = Gauge(
    "opsconductor_bridge_long_polls_open", "Requests that wait for something to end.", registry=REGISTRY
)
LONG_POLLS_BEGUN = Counter(
    "opsconductor_bridge_long_polls", "Requests that asked to wait for something to end.", registry=REGISTRY
)


def show_breaker(states: Iterable[str], current: str) -> None:
    """Show which state the breaker is in."""
    for state in states:
        BREAKER.labels(state).set(state == current)
