"""Use cases of the templates domain: who sees and changes what, versions, ratings, and what comes of a template."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from opsconductor import audit
from opsconductor.audit.service import changes
from opsconductor.auth.models import User
from opsconductor.auth.policy import permissions_of
from opsconductor.auth.principal import Principal
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.templates import repository
from opsconductor.templates.errors import (
    TemplateChangedMeanwhile,
    TemplateNotFound,
    TemplateOfAnother,
    TemplateShipped,
    TemplateVersionNotFound,
)
from opsconductor.templates.models import (
    FIELDS,
    Drawn,
    WorkflowTemplate,
    WorkflowTemplateVersion,
)
from opsconductor.templates.schemas import (
    NewTemplate,
    Sort,
    TemplateChange,
    TemplateFilter,
    TemplateOut,
    TemplateRow,
)
from opsconductor.workflows import exchange
from opsconductor.workflows.documents import portable
from opsconductor.workflows.exchange import Source
from opsconductor.workflows.exchange_schemas import FlowDocument, Imported

LAST = Order(WorkflowTemplate.id, descending=True)
ORDERS: dict[Sort, list[Order]] = {
    "name": [Order(WorkflowTemplate.name), LAST],
    "rating": [Order(WorkflowTemplate.rating, descending=True), LAST],
    "downloads": [Order(WorkflowTemplate.download_count, descending=True), LAST],
    "newest": [LAST],
}


async def listed(
    uow: UnitOfWork, viewer: User, wanted: TemplateFilter, sort: Sort, limit: int, cursor: str | None
) -> Rows:
    """Return a page of the templates that somebody sees, as they see them."""
    query = repository.matching(wanted, viewer, _seen_by(viewer))
    page = await page_of(uow.session, query, ORDERS[sort], limit, cursor)
    stars = await repository.stars_by(uow.session, viewer.id, [row.id for row in page.items])
    return replace(page, items=[_row(row, viewer, stars.get(row.id)) for row in page.items])


async def categories(uow: UnitOfWork, viewer: User) -> dict[str, int]:
    """Return the categories of the templates that somebody sees, and how many each has."""
    return await repository.categories(uow.session, _seen_by(viewer))


async def get(uow: UnitOfWork, viewer: User, template_id: UUID, *, lock: bool = False) -> WorkflowTemplate:
    """Return a template; one that is private to somebody else is not there."""
    found = await repository.template(uow.session, template_id, _seen_by(viewer), lock=lock)
    if found is None:
        raise TemplateNotFound
    return found


async def shown(uow: UnitOfWork, viewer: User, template: WorkflowTemplate) -> TemplateOut:
    """Return a template as somebody sees it."""
    stars = await repository.stars_by(uow.session, viewer.id, [template.id])
    row = _row(template, viewer, stars.get(template.id))
    return TemplateOut.model_validate({**dict(row), "template_data": template.template_data})


async def add(uow: UnitOfWork, wanted: NewTemplate) -> WorkflowTemplate:
    """Keep a new template, as version 1."""
    await _refuse_unusable(uow, wanted.template_data)
    template = WorkflowTemplate(version=0, author_id=uow.actor.id, author_name=uow.actor.name)
    template.is_public = wanted.is_public
    write(template, wanted.model_dump(include=set(FIELDS)))
    uow.session.add(template)
    await new_version(uow, template, wanted.message)
    audit.record(uow, "template.added", "template", template.id, template.name, after=facts(template))
    return template


async def change(
    uow: UnitOfWork, viewer: User, template_id: UUID, wanted: TemplateChange
) -> WorkflowTemplate:
    """Change a template, if nobody else has since the version the change was made from."""
    template = await _to_change(uow, viewer, template_id)
    if template.version != wanted.based_on:
        raise await _changed_meanwhile(uow, template, wanted.based_on)
    given = {
        name: value for name, value in wanted.model_dump(include=set(FIELDS)).items() if value is not None
    }
    if "template_data" in given:
        await _refuse_unusable(uow, given["template_data"])
    before, drawn = facts(template), _drawn(template)
    write(template, given)
    if wanted.is_public is not None:
        template.is_public = wanted.is_public
    if _drawn(template) != drawn:
        await new_version(uow, template, wanted.message)
    old, new = changes(before, facts(template))
    if new:
        audit.record(uow, "template.changed", "template", template.id, template.name, before=old, after=new)
    await uow.session.flush()  # the answer needs the time
    return template


async def remove(uow: UnitOfWork, viewer: User, template_id: UUID) -> None:
    """Delete a template with its versions and ratings; tabs that were made of it stay."""
    template = await _to_change(uow, viewer, template_id)
    audit.record(uow, "template.removed", "template", template.id, template.name, before=facts(template))
    await uow.session.delete(template)


async def versions(uow: UnitOfWork, viewer: User, template_id: UUID, limit: int, cursor: str | None) -> Rows:
    """Return a page of a template's versions, newest first, without their nodes."""
    await get(uow, viewer, template_id)
    order = [Order(WorkflowTemplateVersion.version, descending=True)]
    return await page_of(uow.session, repository.versions(template_id), order, limit, cursor)


async def version(uow: UnitOfWork, viewer: User, template_id: UUID, number: int) -> WorkflowTemplateVersion:
    """Return a template as it once was."""
    await get(uow, viewer, template_id)
    found = await repository.version(uow.session, template_id, number)
    if found is None:
        raise TemplateVersionNotFound
    return found


async def rate(uow: UnitOfWork, viewer: User, template_id: UUID, stars: int | None) -> WorkflowTemplate:
    """Set or take back somebody's one rating of a template, and its average with it."""
    template = await get(uow, viewer, template_id, lock=True)
    before = (await repository.stars_by(uow.session, viewer.id, [template_id])).get(template_id)
    if stars is None:
        await repository.forget_stars(uow.session, template_id, viewer.id)
    else:
        await repository.keep_stars(uow.session, template_id, viewer.id, stars)
    if stars != before:
        await repository.rate_anew(uow.session, template_id)
        old, new = {"stars": before}, {"stars": stars}
        audit.record(uow, "template.rated", "template", template_id, template.name, before=old, after=new)
        await uow.session.refresh(template)
    return template


async def document(uow: UnitOfWork, who: Principal, template_id: UUID) -> FlowDocument:
    """Return a template as a document for another installation."""
    template = await get(uow, person(who), template_id)
    return await exchange.document_of(uow, template.name, template.template_data, who.permissions)


async def download(uow: UnitOfWork, who: Principal, template_id: UUID) -> FlowDocument:
    """Return a template as a document, and count that somebody took it."""
    found = await document(uow, who, template_id)
    await repository.count_download(uow.session, template_id)
    return found


async def use(uow: UnitOfWork, who: Principal, template_id: UUID, name: str | None) -> Imported:
    """Make a disabled tab of a template, and count that somebody took it."""
    template = await get(uow, person(who), template_id)
    message = f"Made from the template {template.name}"
    source = Source(template.template_data, name or template.name, message)
    made = await exchange.import_tab(uow, source, who)
    await repository.count_download(uow.session, template_id)
    after = {"flow_id": made.flow_id, "version": template.version}
    audit.record(uow, "template.used", "template", template_id, template.name, after=after)
    return made


def person(who: Principal) -> User:
    """Return the person who asks; our own services have no templates."""
    if who.user is None:
        raise NotSignedIn
    return who.user


def write(template: WorkflowTemplate, given: dict[str, Any]) -> None:
    """Write what people can, without links into tabs that are not part of it."""
    for name, value in given.items():
        setattr(template, name, portable(value) if name == "template_data" else value)


async def new_version(uow: UnitOfWork, template: WorkflowTemplate, message: str) -> None:
    """Keep the template as it is now as its next version, made by whoever acts."""
    template.version += 1
    await uow.session.flush()  # the version needs the id, the answer the times
    copied = {name: getattr(template, name) for name in Drawn.__annotations__}
    by = {"author_id": uow.actor.id, "author_name": uow.actor.name}
    uow.session.add(WorkflowTemplateVersion(template_id=template.id, message=message, **copied | by))


def facts(template: WorkflowTemplate) -> dict[str, Any]:
    """Return what the audit log tells: of the nodes, how many there are."""
    names = (*(name for name in FIELDS if name != "template_data"), "is_public", "version")
    return {name: getattr(template, name) for name in names} | {"nodes": len(template.template_data)}


def _drawn(template: WorkflowTemplate) -> dict[str, Any]:
    return {name: getattr(template, name) for name in FIELDS}


async def _refuse_unusable(uow: UnitOfWork, nodes: list[dict[str, Any]]) -> None:
    await exchange.refuse_unusable(nodes)
    await exchange.refuse_secrets(nodes)
    await exchange.refuse_unknown_types(uow, nodes)


async def _to_change(uow: UnitOfWork, viewer: User, template_id: UUID) -> WorkflowTemplate:
    template = await get(uow, viewer, template_id, lock=True)
    if template.slug is not None:
        raise TemplateShipped
    if not _may_change(template, viewer):
        raise TemplateOfAnother
    return template


async def _changed_meanwhile(uow: UnitOfWork, template: WorkflowTemplate, based_on: int) -> Exception:
    newest = await repository.version(uow.session, template.id, template.version)
    who = newest.author_name if newest and newest.author_name else "Somebody"
    return TemplateChangedMeanwhile(who=who, version=template.version, based_on=based_on)


def _sees_all(viewer: User) -> bool:
    return "templates.of_others" in permissions_of(viewer.role)


def _seen_by(viewer: User) -> ColumnElement[bool]:
    return repository.seen_by(viewer, all_of_them=_sees_all(viewer))


def _may_change(template: WorkflowTemplate, viewer: User) -> bool:
    if template.slug is not None or "templates.write" not in permissions_of(viewer.role):
        return False
    return template.author_id == viewer.id or _sees_all(viewer)


def _row(template: WorkflowTemplate, viewer: User, stars: int | None) -> TemplateRow:
    own = {
        "rating": template.rating if template.rating_count else None,
        "my_stars": stars,
        "may_change": _may_change(template, viewer),
    }
    names = [name for name in TemplateRow.model_fields if name not in own]
    return TemplateRow.model_validate({name: getattr(template, name) for name in names} | own)
