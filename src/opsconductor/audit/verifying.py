"""Verifying the audit log: its chain is walked in batches, each a statement of its own that holds nothing up."""

from collections.abc import Callable

from opsconductor.audit import chain_repository as repository
from opsconductor.audit.chain import BEGINNING, Finding, Head, Verdict, gap, moved
from opsconductor.kit.database import Sessions

BATCH = 20_000  # entries of one statement; about half a second
MOST = 1000  # findings that are told; after so many the walk ends, as nobody reads more

Tell = Callable[[int, int], None]
"""Is told the position that was reached, and the last one."""


async def verify(sessions: Sessions, expected: Head | None = None, tell: Tell | None = None) -> Verdict:
    """Walk the whole chain as it is now; what is written meanwhile is not looked at.

    `expected` is a position and its hash that were noted somewhere else.
    """
    verdict = await _begun(sessions)
    walk = _Walk(sessions, verdict, tell or (lambda _, __: None))
    await walk.whole()
    async with sessions() as session:
        for link in await repository.beside_the_chain(session, MOST):
            detail = f"Position {link.position} is beside the chain, which ends at {verdict.head.position}."
            verdict.findings.append(Finding("added", detail, link.position, link.position, link.entry_id))
        for entry in await repository.unlinked(session, MOST):
            detail = f"The entry {entry.id} of {entry.created_at[:19]} has no position: it was put in."
            verdict.findings.append(Finding("added", detail, entry_id=entry.id))
        if expected and await repository.hash_at(session, expected.position) != expected.hash:
            verdict.findings.append(_not_as_noted(expected))
    return verdict


async def _begun(sessions: Sessions) -> Verdict:
    async with sessions() as session:
        if head := await repository.head(session):
            return Verdict(head)
        detail = "The row that says where the chain ends is gone; the end itself may be, too."
        return Verdict(Head(await repository.last_position(session), b""), findings=[Finding("head", detail)])


def _not_as_noted(expected: Head) -> Finding:
    detail = (
        f"Position {expected.position} does not have the hash that was noted elsewhere: the log was cut off before it, "
        "or made anew."
    )
    return Finding("head", detail, expected.position)


class _Walk:
    """One way along the chain."""

    def __init__(self, sessions: Sessions, verdict: Verdict, tell: Tell) -> None:
        self._sessions, self._verdict, self._tell = sessions, verdict, tell
        self._at = 0
        self._hash = self._expected = BEGINNING
        self._changed: list[int] = []

    async def whole(self) -> None:
        """Walk until the head, and add what is found to the verdict."""
        head, found = self._verdict.head, self._verdict.findings
        while await self._batch():
            self._tell(self._at, head.position)
        async with self._sessions() as session:
            found += moved(await repository.sealed(session, self._changed)) if self._changed else []
        if len(found) >= MOST:
            return
        if self._at < head.position:
            found.append(gap(self._at, head.position + 1))
        elif head.hash and head.hash not in (self._hash, self._expected):
            found.append(Finding("head", "The head's hash is not the one of the last entry.", head.position))
        found.sort(key=lambda finding: finding.position or 0)

    async def _batch(self) -> bool:
        """Walk a batch; return whether there may be another."""
        until = self._verdict.head.position
        async with self._sessions() as session:
            rows = await repository.walk(session, self._at, until, self._hash, self._expected, BATCH)
        if not rows:
            return False
        for row in rows:
            if row.before != row.position - 1:
                self._verdict.findings.append(gap(row.before, row.position))
            if not row.there:
                self._verdict.findings.append(_removed(row.position))
            elif row.changed:
                self._changed.append(row.position)
        last = rows[-1]
        self._at, self._hash, self._expected = last.position, last.hash, last.expected
        self._verdict.entries += last.entries
        self._verdict.first_at = min(filter(None, (self._verdict.first_at, last.first_at)), default=None)
        self._verdict.last_at = max(filter(None, (self._verdict.last_at, last.last_at)), default=None)
        return self._at < until and len(self._verdict.findings) + len(self._changed) < MOST


def _removed(position: int) -> Finding:
    return Finding("missing", f"The entry at position {position} was removed.", position, position)
