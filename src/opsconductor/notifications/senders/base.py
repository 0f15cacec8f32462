"""What is sent, and by what."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

TIMEOUT = 20.0  # s for one attempt


@dataclass(frozen=True)
class Message:
    """A notification on its way by one channel. `delivery_id` stays the same whenever it is tried again."""

    delivery_id: UUID
    notification_id: UUID
    title: str
    body: str
    severity: str
    created_at: datetime
    source: dict[str, str | None]
    dropped_before: int = 0

    @property
    def text(self) -> str:
        """The body, with a word about those that were dropped before it."""
        if not self.dropped_before:
            return self.body
        before = self.dropped_before
        said = "1 notification was" if before == 1 else f"{before} notifications were"
        return (
            f"{self.body}\n\n{said} dropped before this one: the channel had too many in a minute.".lstrip()
        )


@dataclass(frozen=True)
class Route:
    """A channel with its secrets opened, for one attempt."""

    name: str
    settings: dict[str, Any]
    secrets: dict[str, str]
    allow_private: bool


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return what certificates are verified by: the system's authorities, and those of a file."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
