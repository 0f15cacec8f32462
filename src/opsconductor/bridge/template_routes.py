"""Templates for the editor's Import dialog, as the person in it sees them, and what node types there are to import."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from opsconductor.bridge.state import Cursor, TheBridge, limited
from opsconductor.contracts.listing import (
    WorkflowTemplateCategories,
    WorkflowTemplateNodes,
    WorkflowTemplates,
)
from opsconductor.contracts.workflow import NodeTypes
from opsconductor.kit.branch import Branch
from opsconductor.kit.http import only_known_parameters

TEMPLATES = "/api/v3/workflow-templates"
PAGE = 200  # as in the core

GUARDED = [Depends(only_known_parameters), Depends(limited)]

router = Branch(prefix="/api/workflow", dependencies=GUARDED)
storage = Branch(prefix="/api/nodered/storage", dependencies=GUARDED)

Category = Annotated[str, Query(min_length=1, max_length=100)]


@router.get("/template-categories", response_model=WorkflowTemplateCategories)
async def workflow_template_categories(request: Request, bridge: TheBridge) -> Response:
    """Return the categories of the templates that somebody sees."""
    return await bridge.core.pass_on(request, "GET", f"{TEMPLATES}/categories")


@router.get("/templates", response_model=WorkflowTemplates)
async def workflow_templates(
    request: Request, bridge: TheBridge, category: Category, cursor: Cursor = None
) -> Response:
    """List the templates of a category by name, without their nodes."""
    params = {"category": category, "sort": "name", "limit": str(PAGE)} | (
        {"cursor": cursor} if cursor else {}
    )
    return await bridge.core.pass_on(request, "GET", TEMPLATES, params=params)


@router.post("/templates/{template_id}/download", response_model=WorkflowTemplateNodes)
async def download_workflow_template(template_id: UUID, request: Request, bridge: TheBridge) -> Response:
    """Return a template with its nodes, and count that it was taken."""
    return await bridge.core.pass_on(request, "POST", f"{TEMPLATES}/{template_id}/download")


@storage.put("/node-types", status_code=204)
async def keep_node_types(wanted: NodeTypes, request: Request, bridge: TheBridge) -> Response:
    """Keep which node types Node-RED has."""
    content = await request.body()
    return await bridge.core.pass_on(request, "PUT", "/internal/storage/node-types", content=content)
