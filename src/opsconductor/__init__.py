"""OpsConductor: fleets of targets, and workflows drawn over them."""

__version__ = "0.1.0"
