"""Scripts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query

from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow
from opsconductor.scripts import service
from opsconductor.scripts.schemas import (
    NewScript,
    Restore,
    ScriptChange,
    ScriptDiff,
    ScriptFilter,
    ScriptOut,
    ScriptRow,
    ScriptSaved,
    ScriptVersionOut,
    ScriptVersionRow,
)
from opsconductor.targets.schemas import OsType

router = Branch(prefix="/scripts", tags=["scripts"])

LARGEST_NUMBER = 2**31 - 1  # of PostgreSQL's integer
VersionNumber = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
VersionQuery = Annotated[int, Query(ge=1, le=LARGEST_NUMBER)]
From = Annotated[int, Query(alias="from", ge=1, le=LARGEST_NUMBER)]


async def script_filter(
    q: Annotated[str | None, Query(max_length=200, description="Looks in name and description.")] = None,
    tag: Annotated[str | None, Query(max_length=50)] = None,
    os_type: OsType | None = None,
) -> ScriptFilter:
    """Return the filter in a query."""
    return ScriptFilter(q=q, tag=tag, os_type=os_type)


@router.get("")
@allowed("scripts.read")
async def list_scripts(
    uow: Uow,
    wanted: Annotated[ScriptFilter, Depends(script_filter)],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ScriptRow]:
    """List scripts by name, without their text."""
    rows = await service.listed(uow, wanted, limit, cursor)
    items = [ScriptRow.model_validate(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.post("", status_code=201)
@allowed("scripts.write")
async def add_script(wanted: NewScript, uow: Uow) -> ScriptSaved:
    """Keep a script."""
    script, notes = await service.add(uow, wanted)
    return _saved(script, notes)


@router.get("/{script_id}")
@allowed("scripts.read")
async def get_script(script_id: UUID, uow: Uow) -> ScriptOut:
    """Return a script."""
    return ScriptOut.model_validate(await service.get(uow, script_id))


@router.patch("/{script_id}")
@allowed("scripts.write")
async def change_script(script_id: UUID, wanted: ScriptChange, uow: Uow) -> ScriptSaved:
    """Change a script, which makes a new version of it."""
    script, notes = await service.change(uow, script_id, wanted)
    return _saved(script, notes)


@router.delete("/{script_id}", status_code=204)
@allowed("scripts.write")
async def remove_script(script_id: UUID, uow: Uow) -> None:
    """Delete a script with all its versions; what it did stays in the executions."""
    await service.remove(uow, script_id)


@router.get("/{script_id}/versions")
@allowed("scripts.read")
async def list_script_versions(
    script_id: UUID, uow: Uow, limit: Limit = 50, cursor: Cursor = None
) -> Page[ScriptVersionRow]:
    """List the versions of a script, newest first."""
    rows = await service.versions(uow, script_id, limit, cursor)
    items = [ScriptVersionRow.model_validate(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/{script_id}/versions/{version}")
@allowed("scripts.read")
async def get_script_version(script_id: UUID, version: VersionNumber, uow: Uow) -> ScriptVersionOut:
    """Return a script as it once was."""
    return ScriptVersionOut.model_validate(await service.version(uow, script_id, version))


@router.post("/{script_id}/versions/{version}/restore")
@allowed("scripts.write")
async def restore_script_version(
    script_id: UUID, version: VersionNumber, wanted: Restore, uow: Uow
) -> ScriptSaved:
    """Make an old version the present one, as a new version."""
    return _saved(await service.restore(uow, script_id, version, wanted), [])


@router.get("/{script_id}/diff")
@allowed("scripts.read")
async def script_diff(script_id: UUID, uow: Uow, old: From, to: VersionQuery) -> ScriptDiff:
    """Compare two versions of a script."""
    return await service.diff(uow, script_id, old, to)


def _saved(script: object, notes: list[str]) -> ScriptSaved:
    shown = ScriptOut.model_validate(script)
    return ScriptSaved(**dict(shown), notes=notes)
