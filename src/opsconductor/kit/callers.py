"""Who a request was let through as: the core says so with its answers, for the bridge to count and cache by."""

from dataclasses import astuple, dataclass, fields
from typing import Self
from urllib.parse import quote, unquote

HEADER = "X-OpsConductor-Caller"
ISSUED = "X-OpsConductor-Issued"
"""Whom a token is for that is given by an answer."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A user by id or a service of ours by name, the flow that acts for them, and a hash of what they may do.

    Whoever is the same in all of these is shown the same.
    """

    user: str
    service: str
    flow: str
    rights: str

    def __str__(self) -> str:
        return ";".join(quote(part, safe="") for part in astuple(self))

    @classmethod
    def read(cls, header: str | None) -> Self | None:
        """Return who a header speaks of; None where it is none of ours."""
        parts = [unquote(part) for part in (header or "").split(";")]
        return cls(*parts) if len(parts) == len(fields(cls)) else None
