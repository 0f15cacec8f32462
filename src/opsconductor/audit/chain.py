"""The audit log's chain as calculation: what an entry's hash is made of, and what a change of the log shows up as."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import product
from json import dumps
from typing import Any, Literal
from uuid import UUID

COLUMNS = (
    *("id", "created_at", "action", "outcome", "actor_kind", "actor_id", "actor_name", "actor_via"),
    *("object_type", "object_id", "object_name", "before", "after", "address", "request_id"),
)
"""Every column of an entry, in the order in which its hash takes them."""
BEGINNING = bytes(32)
"""What stands for the hash before the first."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COMPARED = (
    16  # changed positions that are looked at for having changed places; their pairs and hashes are all tried
)

Kind = Literal["changed", "missing", "reordered", "added", "head"]
Texts = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    position: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written."""

    kind: Kind
    detail: str
    position: int | None = None
    """Of the entry; None where it has none."""
    until: int | None = None
    """The last position, where it is about several in a row."""
    entry_id: UUID | None = None


@dataclass
class Verdict:
    """What a walk along the chain found."""

    head: Head
    entries: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether everything is as it was written."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Sealed:
    """What there is at a position: an entry's columns as texts, the hash beside it, and the hash before it."""

    position: int
    hash: bytes
    previous: bytes
    texts: Texts


def canonical(position: int, texts: Texts) -> bytes:
    """Return what is hashed of an entry: each text with its length in characters before it, so that none runs over."""
    every = (str(position), *texts)
    return "".join("-," if text is None else f"{len(text)}:{text}," for text in every).encode()


def seal(previous: bytes, position: int, texts: Texts) -> bytes:
    """Return the hash of an entry at a position, after the hash of the entry before it."""
    return sha256(previous + canonical(position, texts)).digest()


def instant(moment: datetime) -> str:
    """Return an instant as it is hashed: in microseconds since 1970, whatever the time zone."""
    return str((moment - EPOCH) // timedelta(microseconds=1))


def jsonb(value: Any) -> str:
    """Return a JSON value as PostgreSQL writes its jsonb; keys stay in their order, numbers come as int or Decimal."""
    match value:
        case dict():
            return "{" + ", ".join(f"{jsonb(key)}: {jsonb(held)}" for key, held in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(jsonb, value)) + "]"
        case Decimal():
            return format(value, "f")
        case _:
            return dumps(value, ensure_ascii=False)


def texts_of(exported: Mapping[str, Any]) -> list[str | None]:
    """Return the columns of an exported entry, as they are hashed."""
    texts = {name: exported[name] for name in COLUMNS}
    texts["created_at"] = instant(datetime.fromisoformat(texts["created_at"]))
    for name in ("before", "after"):
        texts[name] = None if texts[name] is None else jsonb(texts[name])
    return list(texts.values())


def moved(changed: list[Sealed]) -> list[Finding]:
    """Return what became of positions whose hash does not fit: some may have changed places, the others were changed.

    One that fits its own hash, after a hash that was moved elsewhere, is only the neighbour of those.
    """
    if len(changed) > COMPARED:
        return [_changed(one) for one in changed]
    found = [_reordered(one, place) if place else _changed(one) for one, place in _places(changed)]
    return found or [_changed(one) for one in changed]


def _places(changed: list[Sealed]) -> Iterator[tuple[Sealed, int | None]]:
    """Yield each that does not fit its own hash, with the position at which it was written where a hash says so."""
    hashes = {one.hash for one in changed}
    before = hashes | {one.previous for one in changed}
    for one in changed:
        if any(seal(previous, one.position, one.texts) == one.hash for previous in before):
            continue
        others = (other.position for other in changed if other is not one)
        written = (
            place for place, previous in product(others, before) if seal(previous, place, one.texts) in hashes
        )
        yield one, next(written, None)


def _reordered(one: Sealed, place: int) -> Finding:
    detail = f"The entry at position {one.position} was written at position {place}."
    return Finding("reordered", detail, one.position)


def _changed(one: Sealed) -> Finding:
    detail = (
        f"The entry at position {one.position} is not what was written: it was changed, or the hash of the entry before"
        " it was made anew."
    )
    return Finding("changed", detail, one.position)


def gap(after: int, position: int) -> Finding:
    """Return that everything between two positions is gone."""
    first, last = after + 1, position - 1
    if first == last:
        return Finding("missing", f"The entry at position {first} was removed.", first, last)
    detail = f"The {last - first + 1} entries at positions {first} to {last} were removed."
    return Finding("missing", detail, first, last)
