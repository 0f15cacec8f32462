"""Files to one target or from it, on a connection that is open: from parameters to outcome."""

import asyncio
import contextlib
import hashlib
import io
import posixpath
import tarfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from uuid import UUID

from opsconductor.contracts.files import FileTransferParameters
from opsconductor.executions import archives
from opsconductor.executions.archives import IN_MEMORY, Member
from opsconductor.transports.base import Connection
from opsconductor.transports.errors import SourceUnreadable, StorageFull, TransferTimedOut
from opsconductor.transports.files import Downloaded, Files, Placement, Progress, Source, Uploaded, nobody

SHOWN = 100  # files whose outcome is told one by one
AT_ONCE = 8  # small files of an archive under way on one connection
STOPPING = 4.0  # s a transfer has to clean up before its connection is closed under it


class TransferCancelled(Exception):
    """The transfer was stopped because somebody asked for it; nothing unfinished was left on the target."""


class Shelf(Protocol):
    """Where files are kept on our side. Files that are fetched belong to the result that it was made for."""

    async def source(self, file_id: UUID) -> Source:
        """Return an uploaded file. Raises SourceUnreadable where it is gone."""
        ...

    def room(self) -> Path:
        """Return a path for a new file, in a folder that is there."""
        ...

    async def keep(self, path: Path, *, name: str, size: int, sha256: str) -> UUID:
        """Take a file over from `room`, and return its id."""
        ...


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: `state` "left_out" is a link or a device in a directory or an archive."""

    path: str
    state: Literal["sent", "unchanged", "kept", "fetched", "left_out"]
    size: int = 0
    verified_by: str | None = None
    resumed_at: int = 0
    atomic: bool = True
    backup: str | None = None


@dataclass
class Transferred:
    """What a transfer did. `skipped` files were unchanged or may not be replaced; `bytes_total` has theirs, too."""

    files: int = 0
    bytes_sent: int = 0
    bytes_total: int = 0
    skipped: int = 0
    left_out: int = 0
    sha256: str | None = None
    """Of the one file; None for the content of an archive."""
    seconds: float = 0.0
    file_ids: list[UUID] = field(default_factory=list)
    """What was fetched and is kept now."""
    outcomes: list[FileOutcome] = field(default_factory=list)
    """The first 100."""

    def tell(self, outcome: FileOutcome) -> None:
        if len(self.outcomes) < SHOWN:
            self.outcomes.append(outcome)

    def uploaded(self, source: Source, end: Uploaded) -> None:
        """Count one upload."""
        self.files += 1
        self.bytes_sent += end.bytes_sent
        self.bytes_total += source.size
        self.skipped += end.state != "sent"
        self.tell(
            FileOutcome(
                end.path, end.state, source.size, end.verified_by, end.resumed_at, end.atomic, end.backup
            )
        )

    def omit(self, path: str) -> None:
        """Count something that is not transferred."""
        self.left_out += 1
        self.tell(FileOutcome(path, "left_out"))


async def transfer(
    connection: Connection,
    parameters: FileTransferParameters,
    shelf: Shelf,
    *,
    operation_id: str,
    cancelled: asyncio.Event,
    progress: Progress = nobody,
) -> Transferred:
    """Do it. Raises a TransportError, or TransferCancelled.

    After `TransferInterrupted`, another attempt on a new connection with the same `operation_id` goes on where this
    one ended. The end comes at most 5 s after the timeout or `cancelled`; then the connection may be closed.
    """
    started = time.monotonic()
    work = asyncio.create_task(_moved(connection, parameters, shelf, operation_id, progress))
    stopping = asyncio.create_task(cancelled.wait())
    try:
        await asyncio.wait({work, stopping}, timeout=parameters.timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        stopped = not work.done()
        if stopped:
            await _stop(work, connection)
    if stopped and not _succeeded(work):  # else it was just about to end, and what it did is done
        raise TransferCancelled if cancelled.is_set() else TransferTimedOut(seconds=parameters.timeout)
    done = work.result()
    done.seconds = time.monotonic() - started
    return done


async def _stop(work: asyncio.Task[Transferred], connection: Connection) -> None:
    """End what has not ended: by asking, and where the target does not answer by closing the connection."""
    work.cancel()
    await asyncio.wait({work}, timeout=STOPPING)
    if not work.done():
        await connection.close()
        await asyncio.wait({work}, timeout=1)


def _succeeded(work: asyncio.Task[Transferred]) -> bool:
    return work.done() and not work.cancelled() and work.exception() is None


async def _moved(
    connection: Connection,
    parameters: FileTransferParameters,
    shelf: Shelf,
    operation_id: str,
    progress: Progress,
) -> Transferred:
    async with connection.files() as files:
        if parameters.direction == "download":
            return await _fetched(files, parameters, shelf, progress)
        sending = Sending(files, parameters, operation_id, progress)
        if parameters.content is not None:
            await sending.file(_source_of(parameters.content.encode(errors="surrogatepass")))
            return sending.done
        assert parameters.file_id is not None
        source = await shelf.source(parameters.file_id)
        await (sending.archive(source, shelf) if parameters.unpack else sending.file(source))
        return sending.done


async def _fetched(
    files: Files, parameters: FileTransferParameters, shelf: Shelf, progress: Progress
) -> Transferred:
    assert parameters.path is not None
    path = shelf.room()
    try:
        got = await files.download(
            parameters.path,
            path,
            recursive=parameters.recursive,
            limit=parameters.size_limit,
            progress=progress,
        )
        name = _name_of(parameters.path, got)
        file_id = await shelf.keep(path, name=name, size=got.size, sha256=got.sha256)
    finally:
        path.unlink(missing_ok=True)
    done = Transferred(got.files, got.content, got.content, sha256=got.sha256, file_ids=[file_id])
    done.tell(FileOutcome(got.path, "fetched", got.size, got.verified_by))
    for omitted in got.omitted:
        done.omit(omitted.path)
    return done


def _name_of(path: str, got: Downloaded) -> str:
    """Return how a fetched file is called here: after the path that was asked for, without what a name may not have."""
    last = posixpath.basename(path.rstrip("/"))
    name = "".join(sign if sign.isprintable() and sign not in '\\:"' else "_" for sign in last).strip()
    name = name if name not in ("", ".", "..", "~") else "files"
    ending = ".tar" if got.is_archive else ""
    return name.encode()[: 255 - len(ending)].decode(errors="ignore") + ending


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
            source = _source_of(content)
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


def _source_of(content: bytes) -> Source:
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
