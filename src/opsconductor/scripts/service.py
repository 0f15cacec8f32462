"""Use cases of the scripts domain."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from opsconductor import audit
from opsconductor.audit.service import changes
from opsconductor.contracts.parameters import AnyParameter, Definitions
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.scripts import repository
from opsconductor.scripts.content import comparison, readable, sha256
from opsconductor.scripts.errors import (
    ScriptChangedMeanwhile,
    ScriptNameTaken,
    ScriptNotFound,
    ScriptVersionNotFound,
    UnknownScript,
)
from opsconductor.scripts.models import FIELDS, Script, ScriptVersion, Written
from opsconductor.scripts.schemas import (
    ChangedField,
    DiffLine,
    NewScript,
    Restore,
    ScriptChange,
    ScriptDiff,
    ScriptFilter,
)

DEFINITIONS: TypeAdapter[list[AnyParameter]] = TypeAdapter(Definitions)


@dataclass(frozen=True)
class Snapshot:
    """A version of a script as an execution keeps it: what is changed or deleted later does not touch it."""

    script_id: UUID
    name: str
    version: int
    interpreter: str
    content: str
    sha256: str
    parameters: list[AnyParameter]
    os_types: list[str]
    timeout: int


async def add(uow: UnitOfWork, wanted: NewScript) -> tuple[Script, list[str]]:
    """Keep a new script, as version 1; return it with notes on what was changed in its text."""
    if await repository.name_is_taken(uow.session, wanted.name):
        raise ScriptNameTaken
    script = Script(version=0)
    notes = _write(script, wanted.model_dump(mode="json", include=set(FIELDS)))
    uow.session.add(script)
    await _new_version(uow, script, wanted.message)
    audit.record(uow, "script.added", "script", script.id, script.name, after=_facts(script))
    return script, notes


async def change(uow: UnitOfWork, script_id: UUID, wanted: ScriptChange) -> tuple[Script, list[str]]:
    """Change a script, if nobody else has since the version the change was made from."""
    script = await get(uow, script_id, lock=True)
    _refuse_stale(script, wanted.based_on)
    if wanted.name and await repository.name_is_taken(uow.session, wanted.name, except_id=script_id):
        raise ScriptNameTaken
    given = wanted.model_dump(mode="json", include=set(FIELDS))
    given = {name: value for name, value in given.items() if value is not None}
    return script, await _rewrite(uow, script, given, wanted.message, "script.changed")


async def restore(uow: UnitOfWork, script_id: UUID, number: int, wanted: Restore) -> Script:
    """Make an old version the present one, as a new version. The name stays: people know the script by it."""
    script = await get(uow, script_id, lock=True)
    _refuse_stale(script, wanted.based_on)
    old = await version(uow, script_id, number)
    given = {name: getattr(old, name) for name in FIELDS if name != "name"}
    message = wanted.message or f"Version {number} restored"
    await _rewrite(uow, script, given, message, "script.restored")
    return script


async def remove(uow: UnitOfWork, script_id: UUID) -> None:
    """Delete a script with all its versions; executions keep the text they ran."""
    script = await get(uow, script_id, lock=True)
    audit.record(uow, "script.removed", "script", script.id, script.name, before=_facts(script))
    await uow.session.delete(script)


async def get(uow: UnitOfWork, script_id: UUID, *, lock: bool = False) -> Script:
    """Return a script."""
    found = await repository.script(uow.session, script_id, lock=lock)
    if found is None:
        raise ScriptNotFound
    return found


async def version(uow: UnitOfWork, script_id: UUID, number: int) -> ScriptVersion:
    """Return a script as it once was."""
    found = await repository.version(uow.session, script_id, number)
    if found is None:
        await get(uow, script_id)
        raise ScriptVersionNotFound
    return found


async def listed(uow: UnitOfWork, wanted: ScriptFilter, limit: int, cursor: str | None) -> Rows:
    """Return a page of scripts by name, without their text."""
    order = [Order(Script.name), Order(Script.id)]
    return await page_of(uow.session, repository.matching(wanted), order, limit, cursor)


async def versions(uow: UnitOfWork, script_id: UUID, limit: int, cursor: str | None) -> Rows:
    """Return a page of a script's versions, newest first, without their text."""
    await get(uow, script_id)
    order = [Order(ScriptVersion.version, descending=True)]
    return await page_of(uow.session, repository.versions(script_id), order, limit, cursor)


async def diff(uow: UnitOfWork, script_id: UUID, old_number: int, new_number: int) -> ScriptDiff:
    """Return what differs between two versions."""
    old, new = await version(uow, script_id, old_number), await version(uow, script_id, new_number)
    lines, complete = await asyncio.to_thread(comparison, old.content, new.content)
    return ScriptDiff(
        from_version=old_number,
        to_version=new_number,
        fields=[
            ChangedField(field=name, before=getattr(old, name), after=getattr(new, name))
            for name in FIELDS
            if name != "content" and getattr(old, name) != getattr(new, name)
        ],
        lines=[DiffLine.model_validate(line) for line in lines],
        complete=complete,
    )


async def snapshot(
    uow: UnitOfWork, script_id: UUID, number: int | None = None, *, field: str = "script_id"
) -> Snapshot:
    """Return a version of a script, the present one by default, to be kept by what is going to run it."""
    found: Written | None
    if number is None:
        found = await repository.script(uow.session, script_id)
    else:
        found = await repository.version(uow.session, script_id, number)
    if found is None:
        raise UnknownScript(errors=[{"field": field, "message": "no such script or version"}])
    return Snapshot(
        script_id=script_id,
        name=found.name,
        version=found.version,
        interpreter=found.interpreter,
        content=found.content,
        sha256=found.sha256,
        parameters=DEFINITIONS.validate_python(found.parameters),
        os_types=list(found.os_types),
        timeout=found.timeout,
    )


def _refuse_stale(script: Script, based_on: int) -> None:
    if script.version != based_on:
        raise ScriptChangedMeanwhile(
            who=script.author_name or "Somebody", version=script.version, based_on=based_on
        )


async def _rewrite(
    uow: UnitOfWork, script: Script, given: dict[str, Any], message: str, action: str
) -> list[str]:
    """Write what differs as a new version; where nothing does, leave everything as it is."""
    before = _facts(script)
    notes = _write(script, given)
    old, new = changes(before, _facts(script))
    if not new:
        return notes
    await _new_version(uow, script, message)
    old["version"], new["version"] = before["version"], script.version
    audit.record(uow, action, "script", script.id, script.name, before=old, after=new)
    return notes


def _write(script: Script, given: dict[str, Any]) -> list[str]:
    notes: list[str] = []
    if "content" in given:
        text, notes = readable(given["content"])
        given = {**given, "content": text}
        script.sha256, script.size = sha256(text), len(text.encode())
    for name, value in given.items():
        setattr(script, name, value)
    return notes


async def _new_version(uow: UnitOfWork, script: Script, message: str) -> None:
    script.version += 1
    script.author_id, script.author_name = uow.actor.id, uow.actor.name
    await uow.session.flush()  # the version needs the id, the answer the times
    copied = {name: getattr(script, name) for name in Written.__annotations__}
    uow.session.add(ScriptVersion(script_id=script.id, message=message, **copied))


def _facts(script: Script) -> dict[str, Any]:
    """Return what the audit log tells: of the text, what identifies it."""
    names = (*(name for name in FIELDS if name != "content"), "sha256", "size", "version")
    return {name: getattr(script, name) for name in names}
