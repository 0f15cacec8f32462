"""What nodes fetch beside the way of a run: outputs of some targets, once a message needs them."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query, Response

from opsconductor.contracts.workflow import MOST_OUTPUTS, WorkflowOutputs
from opsconductor.executions.routes import Look
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.workflows.views import workflow_results_json

router = Branch(prefix="/workflow", tags=["workflow API"])

Some = Annotated[list[UUID], Query(min_length=1, max_length=MOST_OUTPUTS)]


@router.get("/outputs/{execution_id}", response_model=WorkflowOutputs)
@allowed("executions.read")
async def workflow_outputs(execution_id: UUID, target_id: Some, look: Look) -> Response:
    """Return the results of some targets of an execution with what was written; up to 200 at once."""
    seen = await look.results_for_flows(execution_id, target_id)
    shown = await workflow_results_json(seen.results, look.folder)
    found = {"execution_id": execution_id, "results": orjson.Fragment(shown)}
    return Response(orjson.dumps(found), media_type="application/json")
