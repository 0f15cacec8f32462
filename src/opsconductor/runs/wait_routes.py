"""Waits of nodes, for Node-RED alone: kept before a node begins to wait, claimed before its message goes on."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from opsconductor.contracts.waits import Claim, Claimed, WaitIn, WaitOut, WaitsOut
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor
from opsconductor.kit.requests import Uow
from opsconductor.runs import waits_repository as waits

router = Branch(prefix="/internal/waits", include_in_schema=False)

MOST = 100
"""Waits of one node in an answer; each may be as large as a message that is kept."""
NodeId = Annotated[str, Query(min_length=1, max_length=255)]


@router.get("")
@allowed("runs.report")
async def list_waits(node_id: NodeId, uow: Uow, cursor: Cursor = None) -> WaitsOut:
    """Return a page of what a node was waiting for, oldest first."""
    rows = await waits.of_node(uow.session, node_id, MOST, cursor)
    found = [WaitOut.model_validate(row, from_attributes=True) for row in rows.items]
    return WaitsOut(waits=found, next_cursor=rows.next_cursor)


@router.put("/{wait_id}", status_code=204)
@allowed("runs.report")
async def keep_wait(wait_id: UUID, wanted: WaitIn, uow: Uow) -> None:
    """Keep a wait, or what is new of it."""
    await waits.keep(uow.session, wait_id, wanted)
    if wanted.follows:
        await waits.forget(uow.session, wanted.follows)


@router.post("/{wait_id}/claim")
@allowed("runs.report")
async def claim_wait(wait_id: UUID, wanted: Claim, uow: Uow) -> Claimed:
    """Tell whether the caller may send the message on; of several at once one may."""
    claimed = await waits.claim(uow.session, wait_id, wanted.seconds)
    return Claimed(claimed=claimed, gone=not claimed and not await waits.exists(uow.session, wait_id))


@router.delete("/{wait_id}", status_code=204)
@allowed("runs.report")
async def forget_wait(wait_id: UUID, uow: Uow) -> None:
    """Forget a wait whose message was sent on. Forgetting it twice is no error."""
    await waits.forget(uow.session, wait_id)


@router.delete("", status_code=204)
@allowed("runs.report")
async def forget_waits_of_node(node_id: NodeId, uow: Uow) -> None:
    """Forget what a node that was deleted was waiting for."""
    await waits.forget_of_node(uow.session, node_id)
