"""What Node-RED tells of the runs of its flows."""

from fastapi import Depends, Request
from fastapi.responses import Response

from opsconductor.bridge.state import TheBridge, limited
from opsconductor.contracts.runs import RunReports, RunsHeard
from opsconductor.kit.branch import Branch
from opsconductor.kit.http import only_known_parameters

router = Branch(prefix="/api/nodered/runs", dependencies=[Depends(only_known_parameters), Depends(limited)])


@router.put("", response_model=RunsHeard)
async def hear_of_runs(said: RunReports, request: Request, bridge: TheBridge) -> Response:
    """Write down what changed of runs, and answer which of them somebody wants to end."""
    content = await request.body()
    return await bridge.core.pass_on(request, "PUT", "/internal/runs", content=content)
