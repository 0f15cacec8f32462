"""Deploys for the editor, as the person in it sees them: who changed what since they loaded the flows."""

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from opsconductor.bridge.state import TheBridge, limited
from opsconductor.contracts.listing import WorkflowDeploys
from opsconductor.kit.branch import Branch
from opsconductor.kit.http import only_known_parameters

DEPLOYS = "/api/v3/deploys"
MOST = 200  # as in the core

router = Branch(prefix="/api/workflow", dependencies=[Depends(only_known_parameters), Depends(limited)])

Number = Annotated[int, Query(ge=0, le=2**31 - 1)]
Some = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/deploys", response_model=WorkflowDeploys)
async def workflow_deploys(
    request: Request, bridge: TheBridge, since: Number = 0, limit: Some = 50
) -> Response:
    """List the deploys after the one with the number `since`, newest first."""
    params = {"since": str(since), "limit": str(limit)}
    return await bridge.core.pass_on(request, "GET", DEPLOYS, params=params)
