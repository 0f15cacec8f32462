"""What workflows tell about themselves in the metrics."""

from prometheus_client import Gauge

from opsconductor.kit.metrics import REGISTRY

BOX = Gauge(
    "opsconductor_nodered_box",
    "1, labelled with how far Node-RED is boxed in; unknown where nobody told.",
    ["level"],
    registry=REGISTRY,
)
