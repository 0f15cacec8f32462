"""Templates over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request

from opsconductor.auth.routes import Current
from opsconductor.auth.token_routes import Viewer
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow
from opsconductor.templates import service
from opsconductor.templates.schemas import (
    Categories,
    NewTemplate,
    Sort,
    Stars,
    TemplateChange,
    TemplateFilter,
    TemplateOut,
    TemplateRow,
    TemplateVersionOut,
    TemplateVersionRow,
    UseTemplate,
)
from opsconductor.workflows.exchange_schemas import FlowDocument, Imported
from opsconductor.workflows.routes import deployed

router = Branch(prefix="/workflow-templates", tags=["workflow templates"])

VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


async def template_filter(
    q: Annotated[str | None, Query(max_length=200, description="Looks in name and description.")] = None,
    category: Annotated[str | None, Query(max_length=100)] = None,
    tag: Annotated[str | None, Query(max_length=50)] = None,
    author: Annotated[str | None, Query(max_length=200, description="A user name.")] = None,
    mine: bool = False,
) -> TemplateFilter:
    """Return the filter in a query."""
    return TemplateFilter(q=q, category=category, tag=tag, author=author, mine=mine)


@router.get("")
@allowed("templates.read")
async def list_templates(
    uow: Uow,
    viewer: Viewer,
    wanted: Annotated[TemplateFilter, Depends(template_filter)],
    sort: Sort = "name",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TemplateRow]:
    """List public templates and one's own, without their nodes; administrators see all."""
    rows = await service.listed(uow, viewer, wanted, sort, limit, cursor)
    return Page(items=list(rows.items), total=rows.total, next_cursor=rows.next_cursor)


@router.get("/categories")
@allowed("templates.read")
async def list_template_categories(uow: Uow, viewer: Viewer) -> Categories:
    """Return the categories of the templates that one sees, and how many each has."""
    return Categories(categories=await service.categories(uow, viewer))


@router.post("", status_code=201)
@allowed("templates.write")
async def add_template(wanted: NewTemplate, uow: Uow, viewer: Viewer) -> TemplateOut:
    """Keep a template, private to oneself unless it is to be public."""
    return await service.shown(uow, viewer, await service.add(uow, wanted))


@router.get("/{template_id}")
@allowed("templates.read")
async def get_template(template_id: UUID, uow: Uow, viewer: Viewer) -> TemplateOut:
    """Return a template with its nodes."""
    return await service.shown(uow, viewer, await service.get(uow, viewer, template_id))


@router.patch("/{template_id}")
@allowed("templates.write")
async def change_template(template_id: UUID, wanted: TemplateChange, uow: Uow, viewer: Viewer) -> TemplateOut:
    """Change a template, which makes a new version of it."""
    return await service.shown(uow, viewer, await service.change(uow, viewer, template_id, wanted))


@router.delete("/{template_id}", status_code=204)
@allowed("templates.write")
async def remove_template(template_id: UUID, uow: Uow, viewer: Viewer) -> None:
    """Delete a template with its versions and ratings; flows that were made of it stay."""
    await service.remove(uow, viewer, template_id)


@router.get("/{template_id}/versions")
@allowed("templates.read")
async def list_template_versions(
    template_id: UUID, uow: Uow, viewer: Viewer, limit: Limit = 50, cursor: Cursor = None
) -> Page[TemplateVersionRow]:
    """List the versions of a template, newest first."""
    rows = await service.versions(uow, viewer, template_id, limit, cursor)
    items = [TemplateVersionRow.model_validate(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/{template_id}/versions/{version}")
@allowed("templates.read")
async def get_template_version(
    template_id: UUID, version: VersionNumber, uow: Uow, viewer: Viewer
) -> TemplateVersionOut:
    """Return a template as it once was."""
    return TemplateVersionOut.model_validate(await service.version(uow, viewer, template_id, version))


@router.put("/{template_id}/rating")
@allowed("templates.rate")
async def rate_template(template_id: UUID, wanted: Stars, uow: Uow, viewer: Viewer) -> TemplateOut:
    """Give a template one to five stars; a second rating replaces one's first."""
    return await service.shown(uow, viewer, await service.rate(uow, viewer, template_id, wanted.stars))


@router.delete("/{template_id}/rating")
@allowed("templates.rate")
async def unrate_template(template_id: UUID, uow: Uow, viewer: Viewer) -> TemplateOut:
    """Take back one's rating."""
    return await service.shown(uow, viewer, await service.rate(uow, viewer, template_id, None))


@router.get("/{template_id}/export")
@allowed("templates.read")
async def export_template(template_id: UUID, uow: Uow, current: Current) -> FlowDocument:
    """Return a template as a document, to look at; this does not count."""
    return await service.document(uow, current, template_id)


@router.post("/{template_id}/download")
@allowed("templates.read")
async def download_template(template_id: UUID, uow: Uow, current: Current) -> FlowDocument:
    """Return a template as a document, and count that it was taken."""
    return await service.download(uow, current, template_id)


@router.post("/{template_id}/use", status_code=201)
@allowed("workflows.edit")
async def use_template(template_id: UUID, wanted: UseTemplate, request: Request) -> Imported:
    """Make a disabled tab of a template, by a deploy of its own; it acts as whoever used it."""
    return await deployed(request, lambda uow, who: service.use(uow, who, template_id, wanted.name))
