"""The audit log as JSON lines, and verifying such a file without any database."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from opsconductor.audit import chain_repository as repository
from opsconductor.audit.chain import BEGINNING, COLUMNS, Finding, seal, texts_of
from opsconductor.kit.database import Sessions

BATCH = 1000  # entries read from the database at once


async def lines(
    sessions: Sessions, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[bytes]:
    """Yield the entries of a period in the order of the chain, many lines at once."""
    after = 0
    while True:
        async with sessions() as session:
            rows = await repository.exported(session, after, since, until, BATCH)
        if rows:
            yield b"".join(map(_line, rows))
        if len(rows) < BATCH:
            return
        after = rows[-1].position


def _line(row: Row[Any]) -> bytes:
    """Return an entry as a line; `before` and `after` stay as PostgreSQL wrote them, as their hash is of that."""
    values = {
        "position": json.dumps(row.position),
        "hash": json.dumps(row.hash.hex()),
        "previous": json.dumps((row.previous or BEGINNING).hex()),
        **{name: json.dumps(_plain(getattr(row, name)), ensure_ascii=False) for name in COLUMNS},
        "before": row.before or "null",
        "after": row.after or "null",
    }
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in values.items()) + "}\n").encode()


def _plain(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return None if value is None else str(value)


@dataclass
class FileVerdict:
    """What was found in an exported file."""

    entries: int = 0
    first: int | None = None
    """Position of the first entry."""
    last: int | None = None
    hash: str = ""
    """Beside the last entry."""
    holes: int = 0
    """Positions between two entries that are not in the file; an export of a period may have some."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether every entry fits its hash, and follows the one before it."""
        return not self.findings


def verify_file(exported: Iterable[str | bytes]) -> FileVerdict:
    """Verify the lines of an export."""
    verdict = FileVerdict()
    for number, line in enumerate(exported, 1):
        try:
            entry = json.loads(line, parse_float=Decimal)
            _take(verdict, entry)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
            verdict.findings.append(Finding("changed", f"Line {number} is not an exported entry."))
    return verdict


def _take(verdict: FileVerdict, entry: dict[str, Any]) -> None:
    position, previous, hash = entry["position"], entry["previous"], entry["hash"]
    if seal(bytes.fromhex(previous), position, texts_of(entry)).hex() != hash:
        verdict.findings.append(
            Finding("changed", f"The entry at position {position} does not fit its hash.", position)
        )
    last = verdict.last or 0
    if position <= last:
        detail = f"Position {position} comes after position {last}."
        verdict.findings.append(Finding("reordered", detail, position))
    elif position == last + 1 and previous != (verdict.hash or BEGINNING.hex()):
        detail = f"The entry at position {position} does not follow the one before it."
        verdict.findings.append(Finding("changed", detail, position))
    elif verdict.last is not None:
        verdict.holes += position - last - 1
    verdict.entries += 1
    verdict.first = verdict.first or position
    verdict.last, verdict.hash = position, hash
