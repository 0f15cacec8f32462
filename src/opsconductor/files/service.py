"""Use cases of the files domain."""

import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from opsconductor import audit
from opsconductor.files import repository
from opsconductor.files.errors import FileNotFound
from opsconductor.files.models import File
from opsconductor.files.storage import Storage
from opsconductor.kit.errors import KeyUsedForOther
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import Actor, Origin, UnitOfWork, UnitsOfWork


async def add(
    units: UnitsOfWork,
    actor: Actor,
    origin: Origin,
    storage: Storage,
    name: str,
    stream: AsyncIterator[bytes],
    *,
    key: str | None = None,
) -> File:
    """Keep an uploaded file, once per idempotency key for as long as it is there.

    The transaction begins once all of it has arrived, which may take an hour.
    """
    async with storage.receiving(stream) as received:
        file = _new(name, "upload", received.size, received.sha256)
        file.created_by = actor.id
        file.created_by_name = actor.name
        file.idempotency_key = key
        file.path = storage.settle(received.path, file.id)
        return await _store(units, actor, origin, storage, file, "file.added")


async def keep(
    units: UnitsOfWork,
    storage: Storage,
    path: Path,
    *,
    name: str,
    size: int,
    sha256: str,
    execution_id: UUID,
    result_id: UUID,
    target_id: UUID,
) -> UUID:
    """Keep a file that was fetched from a target; `path` is where it has arrived, and is moved."""
    file = _new(name, "download", size, sha256)
    file.execution_id, file.result_id, file.target_id = execution_id, result_id, target_id
    file.created_by_name = ""
    file.path = storage.settle(path, file.id)
    stored = await _store(units, Actor("service", name="worker"), Origin(), storage, file, "file.fetched")
    return stored.id


async def remove(units: UnitsOfWork, actor: Actor, origin: Origin, storage: Storage, file_id: UUID) -> None:
    """Delete a file; its content goes once that is certain."""
    async with units.begin(actor, origin) as uow:
        file = await get(uow, file_id, lock=True)
        audit.record(uow, "file.removed", "file", file.id, file.name, before=_facts(file))
        await uow.session.delete(file)
    storage.remove(file.path)


async def content(
    units: UnitsOfWork, actor: Actor, origin: Origin, storage: Storage, file_id: UUID
) -> tuple[File, Path]:
    """Return a file and where its content is; that somebody asked for it is audited."""
    async with units.begin(actor, origin) as uow:
        file = await get(uow, file_id)
        audit.record(uow, "file.read", "file", file.id, file.name)
    return file, await storage.content_of(file)


async def get(uow: UnitOfWork, file_id: UUID, *, lock: bool = False) -> File:
    """Return a file."""
    found = await repository.file(uow.session, file_id, lock=lock)
    if found is None:
        raise FileNotFound
    return found


async def listed(
    uow: UnitOfWork,
    limit: int,
    cursor: str | None,
    *,
    text: str | None,
    purpose: str | None,
    execution_id: UUID | None,
) -> Rows:
    """Return a page of files, newest first."""
    query = repository.files_like(text, purpose, execution_id)
    return await page_of(uow.session, query, [Order(File.id, descending=True)], limit, cursor)


def _new(name: str, purpose: str, size: int, sha256: str) -> File:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return File(id=new_id(), name=name, purpose=purpose, size=size, sha256=sha256, media_type=media_type)


async def _store(
    units: UnitsOfWork, actor: Actor, origin: Origin, storage: Storage, file: File, action: str
) -> File:
    """Write the row, or return the one of the same upload before; where there is none, the content goes as well."""
    try:
        async with units.begin(actor, origin) as uow:
            earlier = await _earlier(uow, file)
            if earlier is None:
                uow.session.add(file)
                await uow.session.flush()  # the time is shown in the answer
                audit.record(uow, action, "file", file.id, file.name, after=_facts(file))
    except BaseException:
        storage.remove(file.path)
        raise
    if earlier is not None:
        storage.remove(file.path)
        return earlier
    await storage.sent(file.path)
    return file


async def _earlier(uow: UnitOfWork, file: File) -> File | None:
    """Return what was uploaded with this key before."""
    if file.created_by is None or file.idempotency_key is None:
        return None
    await repository.lock_key(uow.session, file.created_by, file.idempotency_key)
    earlier = await repository.file_with_key(uow.session, file.created_by, file.idempotency_key)
    if earlier and _facts(earlier) != _facts(file):
        raise KeyUsedForOther
    return earlier


def _facts(file: File) -> dict[str, object]:
    return {"name": file.name, "purpose": file.purpose, "size": file.size, "sha256": file.sha256}
