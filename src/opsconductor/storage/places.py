"""Content by its place: what is wanted of it, and what a list says about it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Content that somebody wants to read, with what is known of it elsewhere."""

    place: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a list."""

    place: str
    size: int
    written_at: datetime
