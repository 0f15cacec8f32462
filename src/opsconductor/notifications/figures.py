"""What is measured of notifications."""

from prometheus_client import Counter

from opsconductor.kit.metrics import REGISTRY

ACCEPTED = Counter(
    "opsconductor_notification_deliveries_accepted",
    "Deliveries written down, by kind of channel and by what was said of them at once.",
    ["kind", "status"],
    registry=REGISTRY,
)
ATTEMPTS = Counter(
    "opsconductor_notification_attempts",
    "Attempts of this process to send by a channel, and how they ended.",
    ["kind", "outcome"],
    registry=REGISTRY,
)
