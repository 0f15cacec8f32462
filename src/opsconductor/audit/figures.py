"""What the audit log tells about itself in the metrics."""

from prometheus_client import Gauge

from opsconductor.kit.metrics import REGISTRY

HEAD_POSITION = Gauge(
    "opsconductor_audit_head_position",
    "Position of the last entry of the audit log, as of at most fifteen seconds ago; it never falls.",
    registry=REGISTRY,
)
