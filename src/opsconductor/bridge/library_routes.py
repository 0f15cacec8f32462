"""What nodes and their dialogs choose from, and what they put down: scripts, files, outputs of some targets."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from opsconductor.bridge.errors import ContentInterrupted
from opsconductor.bridge.routes import IdempotencyKey, Limited, Word
from opsconductor.bridge.state import TheBridge
from opsconductor.contracts.files import FileName
from opsconductor.contracts.listing import WorkflowFile, WorkflowFiles, WorkflowScripts
from opsconductor.contracts.workflow import MOST_OUTPUTS, WorkflowOutputs
from opsconductor.kit.branch import Branch
from opsconductor.kit.http import only_known_parameters

LONGEST_LIST = 200  # as in the core
BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {}}}}
SCRIPTS, FILES = "/api/v3/scripts", "/api/v3/files"

router = Branch(prefix="/api/workflow", dependencies=[Depends(only_known_parameters), Limited])

Number = Annotated[int, Query(ge=1, le=LONGEST_LIST)]
Name = Annotated[FileName, Query()]
Some = Annotated[list[UUID], Query(min_length=1, max_length=MOST_OUTPUTS)]


@router.get("/scripts", response_model=WorkflowScripts)
async def workflow_scripts(
    request: Request, bridge: TheBridge, q: Word = None, limit: Number = LONGEST_LIST
) -> Response:
    """List stored scripts by name, without their text; `q` looks in name and description."""
    return await bridge.core.pass_on(request, "GET", SCRIPTS, params=_page(q, limit))


@router.get("/files", response_model=WorkflowFiles)
async def workflow_files(
    request: Request, bridge: TheBridge, q: Word = None, limit: Number = LONGEST_LIST
) -> Response:
    """List uploaded files, newest first; `q` looks in the name."""
    return await bridge.core.pass_on(request, "GET", FILES, params={**_page(q, limit), "purpose": "upload"})


@router.post("/files", status_code=201, response_model=WorkflowFile, openapi_extra=BODY)
async def keep_workflow_file(
    name: Name, request: Request, bridge: TheBridge, idempotency_key: IdempotencyKey = None
) -> Response:
    """Keep the body as a file that can be sent to targets; the same Idempotency-Key gives the same file."""
    content = _body(request)
    return await bridge.core.pass_on(request, "POST", FILES, params={"name": name}, content=content)


@router.delete("/files/{file_id}", status_code=204)
async def remove_workflow_file(file_id: UUID, request: Request, bridge: TheBridge) -> Response:
    """Delete a file, once the targets have it."""
    return await bridge.core.pass_on(request, "DELETE", f"{FILES}/{file_id}")


@router.get("/outputs/{execution_id}", response_model=WorkflowOutputs)
async def workflow_outputs(
    execution_id: UUID, target_id: Some, request: Request, bridge: TheBridge
) -> Response:
    """Return the results of some targets of an execution with what was written; up to 200 at once."""
    params = {"target_id": [str(id) for id in target_id]}
    return await bridge.core.pass_on(request, "GET", f"/api/workflow/outputs/{execution_id}", params=params)


def _page(q: str | None, limit: int) -> dict[str, str]:
    return {"limit": str(limit), **({"q": q} if q else {})}


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise ContentInterrupted from None
