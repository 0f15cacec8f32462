"""The one place that asks what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant in UTC. Leases and due times use the database's clock, not this one."""
    return datetime.now(UTC)
