"""Retention: what is too old, too much or too many is deleted, oldest first; nothing that still goes on is touched.

First the database forgets, then the files go: whoever dies in between leaves files that nobody refers to, and those are
looked for as well.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog

from opsconductor import audit
from opsconductor.executions import outputs_repository as repository
from opsconductor.executions.output_files import FOLDER
from opsconductor.kit.clock import now
from opsconductor.kit.keys import derive
from opsconductor.kit.settings import Settings
from opsconductor.kit.unit_of_work import Actor, UnitOfWork, UnitsOfWork
from opsconductor.storage.cache import index_of
from opsconductor.storage.errors import BucketAway
from opsconductor.storage.folder import Folder
from opsconductor.storage.places import Found

log = structlog.get_logger()

BATCH = 200  # executions of one transaction
FILES = 500  # looked up at once
DAY = 24 * 3600  # s
ACTOR = Actor("service", name="retention")

Files = dict[UUID, tuple[list[str], int]]
"""Paths and bytes of the files of executions."""
Chosen = tuple[Sequence[UUID], Files]
"""Executions of one batch, and their files, which go once that is durable."""


class Retention:
    """Keeps what is stored within the limits of the settings. Any number may run: they take turns."""

    def __init__(self, units: UnitsOfWork, settings: Settings, folder: Folder) -> None:
        self._units = units
        self._folder = folder
        self._storage = folder.root
        self._owner = derive(settings.secret_key.get_secret_value(), "owner of a bucket").hex()
        self._days = settings.output_days
        self._bytes = settings.output_bytes
        self._executions = settings.executions_kept

    async def enforce(self) -> None:
        """Delete by number, by age, then by bytes, a batch in each transaction until nothing is left to do."""
        if self._executions:
            await self._until_done(self._delete_batch)
        if self._days:
            await self._until_done(self._expire_batch)
        if self._bytes:
            await self._until_done(self._shrink_batch)

    async def _until_done(self, batch: Callable[[UnitOfWork], Awaitable[Chosen]]) -> None:
        """Delete batch by batch, and only while no other process does: two would pass over each other's rows."""
        while True:
            async with self._units.begin(ACTOR) as uow:
                if not await repository.take_turn(uow.session):
                    return
                ids, files = await batch(uow)
            await self._remove(files.values())
            if not ids:
                return

    async def _delete_batch(self, uow: UnitOfWork) -> Chosen:
        ids = await repository.beyond(uow.session, self._executions, BATCH)
        files = await repository.files_of(uow.session, ids)
        if ids:
            await repository.delete_executions(uow.session, ids)
            _record(uow, "executions.deleted", ids, files, limit=self._executions, reason="count")
        return ids, files

    async def _expire_batch(self, uow: UnitOfWork) -> Chosen:
        ids = await repository.expired(uow.session, self._days, BATCH)
        return ids, await _forget(uow, ids, "age", self._days)

    async def _shrink_batch(self, uow: UnitOfWork) -> Chosen:
        excess = await repository.bytes_in_files(uow.session) - self._bytes
        if excess <= 0:
            return [], {}
        found = await repository.oldest_with_files(uow.session, BATCH)
        ids = _until(excess, found, await repository.files_of(uow.session, found))
        return ids, await _forget(uow, ids, "bytes", self._bytes)

    async def _remove(self, files: Iterable[tuple[list[str], int]]) -> None:
        places = [path for own, _ in files for path in own]
        if places:
            await asyncio.to_thread(self._unlink, places)
            await asyncio.to_thread(_remove_empty_folders, self._storage / FOLDER)

    async def clear_orphans(self) -> None:
        """Delete files that no result refers to, a day after they were written last."""
        removed = 0
        for day in await asyncio.to_thread(_day_folders, self._storage / FOLDER):
            old = await asyncio.to_thread(_old_files, day, time.time() - DAY)
            for start in range(0, len(old), FILES):
                removed += await self._clear(old[start : start + FILES])
        await asyncio.to_thread(_remove_empty_folders, self._storage / FOLDER)
        if removed:
            log.info("retention.orphans_removed", files=removed)

    async def _clear(self, old: Sequence[tuple[Path, UUID]]) -> int:
        async with self._units.begin(ACTOR) as uow:
            wanted, unfinished = await repository.wanted(uow.session, {id for _, id in old})
            orphans = [path for path, id in old if id not in unfinished and self._name_of(path) not in wanted]
            if orphans:
                after = {"files": len(orphans), "first": orphans[0].name}
                audit.record(uow, "outputs.orphans_removed", "outputs", after=after)
        await asyncio.to_thread(
            self._unlink, [path.relative_to(self._storage).as_posix() for path in orphans]
        )
        return len(orphans)

    async def clear_orphaned_objects(self) -> None:
        """Delete objects that no result refers to, a day after they were written.

        That is what a worker sent when its execution was deleted already, because the bucket had been away. Where
        another installation uses the same bucket and prefix, nothing is: our database does not know what is its own.
        """
        if self._folder.bucket is None:
            return
        removed = 0
        try:
            if not await self._folder.bucket.belongs_to(self._owner):
                log.error("retention.bucket_of_another", place=self._folder.bucket.address)
                return
            async for page in self._folder.bucket.listed(FOLDER):
                removed += await self._clear_objects(page)
        except BucketAway as away:  # the next round comes
            log.warning("retention.objects_not_listed", reason=str(away))
        if removed:
            log.info("retention.orphaned_objects_removed", objects=removed)

    async def _clear_objects(self, page: Sequence[Found]) -> int:
        before = now() - timedelta(seconds=DAY)
        old = [(one.place, id) for one in page if one.written_at < before and (id := _result_of(one.place))]
        if not old:
            return 0
        async with self._units.begin(ACTOR) as uow:
            wanted, unfinished = await repository.wanted(uow.session, {id for _, id in old})
            orphans = [place for place, id in old if id not in unfinished and place not in wanted]
            if orphans:
                after = {"objects": len(orphans), "first": orphans[0]}
                audit.record(uow, "outputs.orphans_removed", "outputs", after=after)
        await asyncio.to_thread(self._unlink, orphans)
        return len(orphans)

    def _unlink(self, places: Iterable[str]) -> None:
        for place in places:
            try:
                self._folder.remove([place])
                index_of(self._storage / place).unlink(missing_ok=True)
            except OSError as error:  # an orphan now: the next round looks for it
                log.error("retention.not_removed", place=place, reason=error.strerror)

    def _name_of(self, path: Path) -> str:
        """Return the output that a file belongs to, as a result names it: itself, or what it is the index of."""
        name = path.name if path.suffix == ".tmp" else path.name.removesuffix(".idx")
        return path.with_name(name).relative_to(self._storage).as_posix()


async def _forget(uow: UnitOfWork, ids: Sequence[UUID], reason: str, limit: int) -> Files:
    """Empty the outputs of executions; return the files that are to go once that is durable."""
    if not ids:
        return {}
    files = await repository.files_of(uow.session, ids)
    rows = [{"execution_id": id, "reason": reason, "bytes": files.get(id, ([], 0))[1]} for id in ids]
    await repository.note_removals(uow.session, rows)
    await repository.empty(uow.session, ids)
    _record(uow, "outputs.deleted", ids, files, reason=reason, limit=limit)
    return files


def _record(
    uow: UnitOfWork,
    action: str,
    ids: Sequence[UUID],
    files: Files,
    *,
    reason: str,
    limit: int,
) -> None:
    counts = {
        "executions": len(ids),
        "files": sum(len(paths) for paths, _ in files.values()),
        "bytes": sum(size for _, size in files.values()),
        "oldest": str(ids[0]),
        "newest": str(ids[-1]),
    }
    audit.record(uow, action, "executions", after={"reason": reason, "limit": limit, **counts})


def _until(excess: int, ids: Sequence[UUID], files: Files) -> list[UUID]:
    """Return the oldest executions that are enough together."""
    chosen: list[UUID] = []
    for id in ids:
        if excess <= 0:
            break
        chosen.append(id)
        excess -= files.get(id, ([], 0))[1]
    return chosen


def _day_folders(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*/*"))


def _old_files(day: Path, before: float) -> list[tuple[Path, UUID]]:
    """Return files of results that were written last before an instant; what has another name is not ours."""
    found = []
    for path in day.iterdir():
        try:
            old = path.stat().st_mtime < before
        except FileNotFoundError:
            continue
        if old and (id := _result_of(path.name)):
            found.append((path, id))
    return found


def _result_of(place: str) -> UUID | None:
    """Return the result whose file this is, by its name; None where the name is none of ours."""
    try:
        return UUID(place.rpartition("/")[2].partition(".")[0])
    except ValueError:
        return None


def _remove_empty_folders(folder: Path) -> None:
    """Remove empty folders of days, months and years, but not those in which something may just begin."""
    recent = (now() - timedelta(days=2)).strftime("%Y/%m/%d")
    for pattern, length in (("*/*/*", 10), ("*/*", 7), ("*", 4)):
        for path in folder.glob(pattern):
            if path.relative_to(folder).as_posix() < recent[:length]:
                with contextlib.suppress(OSError):  # not empty, or gone: both are fine
                    path.rmdir()
