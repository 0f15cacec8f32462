"""The uploads of one transfer: a file, a text, or everything that an archive holds."""

import asyncio
import contextlib
import hashlib
import io
import posixpath
import tarfile
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from opsconductor.contracts.files import FileTransferParameters
from opsconductor.executions import archives
from opsconductor.executions.archives import IN_MEMORY, Member
from opsconductor.executions.transferred import Shelf, Transferred
from opsconductor.transports.file_errors import SourceUnreadable, StorageFull
from opsconductor.transports.files import Files, Placement, Progress, Source

AT_ONCE = 8  # small files of an archive under way on one connection


class Sending:
    """The uploads of one transfer, and what they have done so far."""

    def __init__(
        self, files: Files, parameters: FileTransferParameters, operation_id: str, progress: Progress
    ) -> None:
        assert parameters.destination is not None
        self._files = files
        self._parameters = parameters
        self._destination = parameters.destination
        self._operation_id = operation_id
        self._progress = progress
        self.done = Transferred()

    async def file(self, source: Source) -> None:
        """Send one file to the destination."""
        await self._send(source, self._destination, self._parameters.mode)
        self.done.sha256 = source.sha256

    async def archive(self, source: Source, shelf: Shelf) -> None:
        """Send what an archive holds into the destination, having read all of it once: a broken one sends nothing."""
        async with _reading(source) as archive:
            members = await asyncio.to_thread(archives.listed, archive)
            for name in _directories(members):
                await self._files.make_directory(posixpath.join(self._destination, name))
            async with Together(AT_ONCE) as together:
                for member in members:
                    if member.info.isreg():
                        await self._member(archive, member, shelf, together)
                    elif not member.info.isdir():
                        self.done.omit(member.name)

    async def _member(
        self, archive: tarfile.TarFile, member: Member, shelf: Shelf, together: "Together"
    ) -> None:
        path = posixpath.join(self._destination, member.name)
        mode = self._parameters.mode or f"{member.info.mode & 0o777:o}"
        if member.info.size <= IN_MEMORY:
            content = await asyncio.to_thread(archives.content_of, archive, member.info)
            source = source_of(content)
            await together.start(lambda: self._send(source, path, mode))
            return
        spooled = shelf.room()
        try:
            sha256 = await asyncio.to_thread(_spooled, archive, member, spooled)
            size = member.info.size
            await self._send(Source("", size, sha256, lambda: spooled.open("rb")), path, mode)
        finally:
            spooled.unlink(missing_ok=True)

    async def _send(self, source: Source, path: str, mode: str | None) -> None:
        wanted = self._parameters
        place = Placement(
            path,
            mode=int(mode, 8) if mode else None,
            owner=wanted.owner,
            group=wanted.group,
            create_directories=wanted.create_directories,
            overwrite=wanted.overwrite,
            backup=wanted.backup,
        )
        end = await self._files.upload(
            source, place, operation_id=self._operation_id, progress=self._progress
        )
        self.done.uploaded(source, end)


class Together:
    """Some tasks at once; the first error ends the others, and is raised."""

    def __init__(self, limit: int) -> None:
        self._room = asyncio.Semaphore(limit)
        self._group = asyncio.TaskGroup()

    async def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start something, once there is room for it."""
        await self._room.acquire()
        self._group.create_task(work()).add_done_callback(lambda _: self._room.release())

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None


def source_of(content: bytes) -> Source:
    """Return bytes as something to upload."""
    return Source("", len(content), hashlib.sha256(content).hexdigest(), lambda: io.BytesIO(content))


@contextlib.asynccontextmanager
async def _reading(source: Source) -> AsyncIterator[tarfile.TarFile]:
    try:
        file = await asyncio.to_thread(source.open)
    except OSError:
        raise SourceUnreadable from None
    with file, await asyncio.to_thread(archives.opened, file) as archive:
        yield archive


def _spooled(archive: tarfile.TarFile, member: Member, into: Path) -> str:
    try:
        return archives.spool(archive, member.info, into)
    except OSError:
        raise StorageFull(path=member.name) from None


def _directories(members: list[Member]) -> list[str]:
    """Return every directory that is needed, those above before those below."""
    found = {""}
    for member in members:
        name = member.name if member.info.isdir() else posixpath.dirname(member.name)
        while name and name not in found:
            found.add(name)
            name = posixpath.dirname(name)
    return sorted(found)
