"""Where the content of files is: in the storage root, under names that are made here, complete or not there at all."""

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

import structlog

from opsconductor.files.errors import ContentMissing, ContentNotThere, NoRoomForFile
from opsconductor.files.models import File
from opsconductor.kit.clock import now
from opsconductor.kit.ids import new_id
from opsconductor.storage.folder import Folder
from opsconductor.storage.places import Wanted

log = structlog.get_logger()

BATCH = 1024 * 1024  # bytes written at once
FORGOTTEN = 24 * 3600  # s; what is incomplete for longer was left by a process that died


@dataclass(frozen=True, slots=True)
class Received:
    """Content that has arrived whole, and is not in its place yet."""

    path: Path
    size: int
    sha256: str


class Storage:
    """The folder of files: `incoming` for what is not complete yet, and a folder for each day."""

    def __init__(self, folder: Folder) -> None:
        self._folder, self._root = folder, folder.root
        self._incoming = folder.root / "files" / "incoming"

    def room(self) -> Path:
        """Return a path for a new file. Raises NoRoomForFile."""
        with _writable():
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._incoming / str(new_id())

    @contextlib.asynccontextmanager
    async def receiving(self, stream: AsyncIterator[bytes]) -> AsyncIterator[Received]:
        """Take content as it comes; what is not settled at the end is removed."""
        path = self.room()
        try:
            yield await _received(path, stream)
        finally:
            path.unlink(missing_ok=True)

    def settle(self, path: Path, file_id: UUID) -> str:
        """Give complete content its place, durably; return the place, relative to the root."""
        place = Path("files") / now().strftime("%Y/%m/%d") / str(file_id)
        with _writable():
            (self._root / place).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder.keep(str(place), durable=True)
            path.rename(self._root / place)
        return str(place)

    async def content_of(self, file: File) -> Path:
        """Return where content is. Raises ContentMissing, ContentNotThere, StorageUnreachable, ContentDamaged."""
        await self._folder.bring([Wanted(file.path, file.size, file.sha256)])
        path = self._folder.path_of(file.path)
        if not path.is_file():
            raise ContentNotThere if self._folder.bucket else ContentMissing
        return path

    async def sent(self, place: str) -> None:
        """Wait a little for content to be where other machines can read it."""
        await self._folder.hurry([place])

    def remove(self, place: str) -> None:
        """Remove content; one that is gone already is fine."""
        try:
            self._folder.remove([place])
        except OSError as error:  # the row is gone: what stays costs room, and the log says where
            log.error("file.not_removed", place=place, reason=error.strerror)

    def sweep(self) -> None:
        """Remove what processes that died have left unfinished."""
        with contextlib.suppress(FileNotFoundError):
            for path in self._incoming.iterdir():
                if path.stat().st_mtime < time.time() - FORGOTTEN:
                    path.unlink(missing_ok=True)


async def _received(path: Path, stream: AsyncIterator[bytes]) -> Received:
    digest = hashlib.sha256()
    size = 0
    with _writable():
        file = _create(path)
    with file:
        async for batch in _batches(stream):
            with _writable():
                await asyncio.to_thread(_take, file, digest, batch)
            size += len(batch)
        with _writable():
            await asyncio.to_thread(_make_durable, file)
    return Received(path, size, digest.hexdigest())


async def _batches(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Gather small pieces, so that the disk is asked less often."""
    waiting = bytearray()
    async for piece in stream:
        waiting += piece
        if len(waiting) >= BATCH:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _make_durable(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _take(file: IO[bytes], digest: "hashlib._Hash", batch: bytes) -> None:
    file.write(batch)
    digest.update(batch)


def _create(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "wb")


@contextlib.contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error("storage.not_writable", reason=error.strerror)
        raise NoRoomForFile from error
