"""What nodes wait for over restarts of Node-RED."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from opsconductor.bridge.state import Cursor, TheBridge, limited
from opsconductor.contracts.waits import Claim, Claimed, WaitIn, WaitsOut
from opsconductor.kit.branch import Branch
from opsconductor.kit.http import only_known_parameters

CORE = "/internal/waits"

router = Branch(prefix="/api/nodered/waits", dependencies=[Depends(only_known_parameters), Depends(limited)])

NodeId = Annotated[str, Query(min_length=1, max_length=255)]


@router.get("", response_model=WaitsOut)
async def list_waits(node_id: NodeId, request: Request, bridge: TheBridge, cursor: Cursor = None) -> Response:
    """Return a page of what a node was waiting for, oldest first."""
    params = {"node_id": node_id} | ({"cursor": cursor} if cursor else {})
    return await bridge.core.pass_on(request, "GET", CORE, params=params)


@router.put("/{wait_id}", status_code=204)
async def keep_wait(wait_id: UUID, wanted: WaitIn, request: Request, bridge: TheBridge) -> Response:
    """Keep a wait, or what is new of it."""
    return await bridge.core.pass_on(request, "PUT", f"{CORE}/{wait_id}", content=await request.body())


@router.post("/{wait_id}/claim", response_model=Claimed)
async def claim_wait(wait_id: UUID, wanted: Claim, request: Request, bridge: TheBridge) -> Response:
    """Tell whether the caller may send the message on."""
    return await bridge.core.pass_on(request, "POST", f"{CORE}/{wait_id}/claim", content=await request.body())


@router.delete("/{wait_id}", status_code=204)
async def forget_wait(wait_id: UUID, request: Request, bridge: TheBridge) -> Response:
    """Forget a wait whose message was sent on."""
    return await bridge.core.pass_on(request, "DELETE", f"{CORE}/{wait_id}")


@router.delete("", status_code=204)
async def forget_waits_of_node(node_id: NodeId, request: Request, bridge: TheBridge) -> Response:
    """Forget what a node that was deleted was waiting for."""
    return await bridge.core.pass_on(request, "DELETE", CORE, params={"node_id": node_id})
