"""The templates that come with the product, one file each in `shipped/`: brought up to date at every start."""

from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from pydantic import TypeAdapter

from opsconductor import audit
from opsconductor.kit.unit_of_work import Actor, UnitOfWork
from opsconductor.templates import repository, service
from opsconductor.templates.models import FIELDS, WorkflowTemplate
from opsconductor.templates.schemas import NewTemplate, Number

BY_THE_PRODUCT = Actor("service", None, "OpsConductor")


class Shipped(NewTemplate):
    """A template as its file has it. `version` grows with each change, `message` says what that was."""

    slug: str
    version: Number


@cache
def shipped() -> tuple[Shipped, ...]:
    """Return the templates that this version of the product comes with, by their slug."""
    folder = files("opsconductor.templates") / "shipped"
    found: list[Any] = [
        orjson.loads(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".json")
    ]
    return tuple(sorted(TypeAdapter(list[Shipped]).validate_python(found), key=lambda one: one.slug))


async def bring_up_to_date(uow: UnitOfWork) -> None:
    """Keep those that are new as new templates, and newer ones as new versions; ratings and counts stay."""
    await repository.lock_seeding(uow.session)
    there = await repository.shipped(uow.session)
    for template in shipped():
        await _bring(uow, template, there.get(template.slug))


async def _bring(uow: UnitOfWork, wanted: Shipped, row: WorkflowTemplate | None) -> None:
    if row is not None and row.version >= wanted.version:  # also after going back to an older product
        return
    action = "template.changed" if row else "template.added"
    row = row or WorkflowTemplate(slug=wanted.slug, author_name=uow.actor.name, is_public=True)
    uow.session.add(row)
    service.write(row, wanted.model_dump(include=set(FIELDS)))
    row.version = wanted.version - 1
    await service.new_version(uow, row, wanted.message)
    audit.record(uow, action, "template", row.id, row.name, after=service.facts(row))
