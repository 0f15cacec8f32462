"""The audit log's chain over HTTP: how it stands, whether it holds, and the log as a file."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from opsconductor.audit import chain_repository as repository
from opsconductor.audit import exporting, verifying
from opsconductor.audit.chain import Head
from opsconductor.audit.schemas import ChainOut, VerdictOut
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.database import Sessions
from opsconductor.kit.errors import Invalid
from opsconductor.kit.requests import Uow

router = Branch(prefix="/audit", tags=["audit"])


class NotedByHalves(Invalid):
    """A position and its hash are compared together; send both, or neither."""

    code = "noted_by_halves"


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.units.sessions
    return sessions


Reads = Annotated[Sessions, Depends(_sessions)]
"""For what reads in many small transactions."""


@router.get("/chain")
@allowed("audit.read")
async def get_audit_chain(uow: Uow) -> ChainOut:
    """Tell where the chain ends; its hash is worth noting somewhere else."""
    head = await repository.head(uow.session)
    protected = await repository.is_protected(uow.session)
    if head is None:
        last = await repository.last_position(uow.session)
        return ChainOut(position=last, hash=None, protected=protected)
    return ChainOut(position=head.position, hash=head.hash.hex(), protected=protected)


@router.get("/verify")
@allowed("audit.read")
async def verify_audit_log(
    sessions: Reads,
    position: Annotated[
        int | None, Query(ge=1, le=2**53, description="A position whose hash was noted elsewhere.")
    ] = None,
    hash: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="What was noted of it.")] = None,
) -> VerdictOut:
    """Walk the whole chain, and say which entries are not as they were written. A million take twenty seconds."""
    if (position is None) != (hash is None):
        missing = "hash" if hash is None else "position"
        raise NotedByHalves(errors=[{"field": missing, "message": "is missing"}])
    noted = Head(position, bytes.fromhex(hash)) if position and hash else None
    return VerdictOut.of(await verifying.verify(sessions, noted))


@router.get("/export", response_class=StreamingResponse)
@allowed("audit.read")
async def export_audit_log(
    sessions: Reads, since: datetime | None = None, until: datetime | None = None
) -> StreamingResponse:
    """Return the log as JSON lines, in the order of the chain, each entry with its position and hashes."""
    pieces = exporting.lines(sessions, since, until)
    return StreamingResponse(
        _from(await anext(pieces, b""), pieces),  # up to the first, a refusal can still be told
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="audit.jsonl"'},
    )


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
