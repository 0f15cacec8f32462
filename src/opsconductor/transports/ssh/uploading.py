"""One file on its way to a target: written beside its place, verified, dressed, and renamed."""

import asyncio
import contextlib
import hashlib
import posixpath
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import BinaryIO

import asyncssh
from asyncssh import FXF_CREAT, FXF_EXCL, FXF_READ, FXF_WRITE, SFTPAttrs, SFTPClientFile

from opsconductor.transports import file_errors
from opsconductor.transports.file_errors import TransferInterrupted, TransferUnknown
from opsconductor.transports.files import Placement, Progress, Source, Uploaded
from opsconductor.transports.ssh import pipelines
from opsconductor.transports.ssh.dressing import Dressing
from opsconductor.transports.ssh.reading import SMALL, Reading, is_directory, is_file, is_link

OPERATION = re.compile(r"[A-Za-z0-9-]{1,64}")
LONGEST_NAME = 255  # bytes of a file name on all usual file systems
PRIVATE = 0o600  # until a file has its owner and its mode
CLEANING = 3.0  # s to remove what is left of a failed upload
BLOCK = 1024 * 1024  # bytes read from the local disk at once


class Upload:
    """One upload. `to` does it."""

    def __init__(
        self, at: Reading, source: Source, place: Placement, operation_id: str, progress: Progress
    ) -> None:
        if not OPERATION.fullmatch(operation_id):
            raise ValueError("an operation id is letters, digits and hyphens")  # it is part of a file name
        self._at = at
        self._sftp = at.sftp
        self._source = source
        self._place = place
        self._operation = operation_id
        self._progress = progress
        self._dressing = Dressing(at, place)
        self._sent = 0
        self._resumed_at = 0
        self._atomic = True

    async def to(self, path: str) -> Uploaded:
        """Upload to an absolute path, or into the directory that is there."""
        with self._during("look at"):
            path, old = await self._destination(path)
            decided = await self._without_writing(path, old)
        if decided is not None:
            return decided
        part = self._part(path)
        backup = None
        try:
            verified_by = await self._written(part, old)
            backup = await self._backed_up(path, old)
            await self._renamed(part, path, replaces=old is not None)
        except (TransferInterrupted, TransferUnknown):
            raise  # nothing can be removed any more, and the next attempt continues with what is there
        except BaseException:
            await self._discard(part)
            if backup and not self._atomic:
                await self._put_back(backup, path)
            raise
        return Uploaded(path, "sent", self._sent, self._resumed_at, verified_by, self._atomic, backup)

    def _during(self, deed: str, *, last: bool = False) -> contextlib.AbstractContextManager[None]:
        return self._at.teller.during(deed, self._place.path, last=last)

    async def _destination(self, path: str) -> tuple[str, SFTPAttrs | None]:
        into = path.endswith("/")
        found = None if into else await self._at.attributes(path)
        if is_link(found):
            into = is_directory(await self._at.attributes(path, follow=True))
        if into or is_directory(found):
            path = posixpath.join(path, self._source.name)
            found = await self._at.attributes(path)
        if is_directory(found):
            raise file_errors.IsDirectory(host=self._at.teller.host, path=self._place.path)
        if found is not None and not (is_file(found) or is_link(found)):
            raise file_errors.NotFile(host=self._at.teller.host, path=self._place.path)
        return path, found

    async def _without_writing(self, path: str, old: SFTPAttrs | None) -> Uploaded | None:
        """Return the end where nothing has to be written."""
        if old is None:
            return None
        if self._place.overwrite == "never":
            return Uploaded(path, "kept")
        if self._place.overwrite == "always" or not is_file(old) or old.size != self._source.size:
            return None
        try:
            sha256, how = await self._at.sha256(path, self._source.size)
        except asyncssh.SFTPPermissionDenied:
            return None  # it may be replaced all the same
        if sha256 != self._source.sha256:
            return None
        await self._dressing.of_old(path, old)
        return Uploaded(path, "unchanged", verified_by=how)

    def _part(self, path: str) -> str:
        folder, name = posixpath.split(path)
        part = f".{name}.opsc-{self._operation}.part"
        if len(self._sftp.encode(part)) > LONGEST_NAME:
            short = hashlib.sha256(self._sftp.encode(name)).hexdigest()
            part = f".{short}.opsc-{self._operation}.part"
        return posixpath.join(folder, part)

    async def _written(self, part: str, old: SFTPAttrs | None) -> str:
        """Write the part, and return how its content was verified."""
        with self._during("write"):
            file, start = await self._opened(part)
            async with file:
                self._resumed_at = start
                await self._fill(file, start, part)
                with contextlib.suppress(asyncssh.SFTPOpUnsupported):
                    await file.fsync()
                verified_by = await self._verified(file, part)
                await self._dressing.of_new(file, part, old)
        return verified_by

    async def _opened(self, part: str) -> tuple[SFTPClientFile, int]:
        """Return the part, open, and the length of what an earlier attempt has left in it."""
        start = await self._left_over(part) if self._source.size > SMALL else 0
        if start:
            return await pipelines.opened(self._sftp, part, FXF_READ | FXF_WRITE), start
        try:
            return await self._created(part), 0
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            if not self._place.create_directories:
                raise file_errors.FolderMissing(host=self._at.teller.host, path=self._place.path) from None
            await self._sftp.makedirs(posixpath.dirname(part), exist_ok=True)
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            if await self._at.attributes(part) is None:
                await self._blame_room(part)
                raise
            await self._sftp.remove(part)  # what an earlier attempt has left and can't be used
        return await self._created(part), 0

    async def _created(self, part: str) -> SFTPClientFile:
        """Make the part: exclusively, as in a shared folder somebody might have put a link there."""
        flags = FXF_READ | FXF_WRITE | FXF_CREAT | FXF_EXCL
        return await pipelines.opened(self._sftp, part, flags, SFTPAttrs(permissions=PRIVATE))

    async def _left_over(self, part: str) -> int:
        found = await self._at.attributes(part)
        if found is None:
            return 0
        size = found.size or 0
        if is_file(found) and 0 < size <= self._source.size:
            theirs, _ = await self._at.sha256(part, size)
            if theirs == await self._prefix(size):
                return size
        await self._sftp.remove(part)
        return 0

    async def _prefix(self, size: int) -> str:
        """Return the SHA-256 of the source's first bytes."""
        digest = hashlib.sha256()
        async for block in self._blocks(0, size):
            digest.update(block)
        return digest.hexdigest()

    async def _fill(self, file: SFTPClientFile, start: int, part: str) -> None:
        try:
            blocks = self._blocks(start, self._source.size)
            longest = self._sftp.limits.max_write_len
            await pipelines.write(file, start, blocks, self._count, longest)
        except asyncssh.SFTPFailure:
            await self._blame_room(part)
            raise

    def _count(self, sent: int) -> None:
        self._sent += sent
        self._progress(sent)

    async def _blocks(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield the source from `start` to `end`."""
        try:
            source = await asyncio.to_thread(self._opened_source, start)
        except OSError:
            raise file_errors.SourceUnreadable from None
        try:
            while start < end:
                block = await _read(source, min(BLOCK, end - start))
                start += len(block)
                yield block
        finally:
            source.close()

    def _opened_source(self, start: int) -> BinaryIO:
        source = self._source.open()
        source.seek(start)
        return source

    async def _verified(self, file: SFTPClientFile, part: str) -> str:
        """Return how the content was verified. The shell may see another tree than SFTP: then it is read back."""
        size = self._source.size
        if size > SMALL:
            told = await self._at.shell.sha256(self._sftp.encode(part), size)
            if told == self._source.sha256:
                return "sha256sum"
        if await self._at.read_back(file, size) == self._source.sha256:
            return "read back"
        raise file_errors.ChecksumMismatch(path=self._place.path)

    async def _backed_up(self, path: str, old: SFTPAttrs | None) -> str | None:
        """Give the old file a second name; where the target has no links it loses the first one for a moment."""
        if not self._place.backup or not is_file(old):
            return None
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        backup = f"{path}.{stamp}-{self._operation[-6:]}.bak"
        with self._during("back up"):
            try:
                await self._sftp.link(path, backup)
            except (asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure, asyncssh.SFTPPermissionDenied):
                self._atomic = False
                await self._sftp.rename(path, backup)
        return backup

    async def _renamed(self, part: str, path: str, *, replaces: bool) -> None:
        """Give the part its name, in one step where the target can."""
        with self._during("rename", last=True):
            if self._place.overwrite == "never":
                await self._sftp.rename(part, path)  # fails where somebody was faster
                return
            try:
                await self._sftp.posix_rename(part, path)
            except asyncssh.SFTPOpUnsupported:
                if replaces and self._atomic:  # else the backup has taken the old file away
                    self._atomic = False
                    await self._sftp.remove(path)
                await self._sftp.rename(part, path)

    async def _put_back(self, backup: str, path: str) -> None:
        """Undo a backup that took the old file's name, as nothing takes its place now."""
        with contextlib.suppress(asyncssh.Error, OSError, TimeoutError):
            async with asyncio.timeout(CLEANING):
                await self._sftp.rename(backup, path)

    async def _discard(self, part: str) -> None:
        with contextlib.suppress(asyncssh.Error, OSError, TimeoutError):
            async with asyncio.timeout(CLEANING):
                await self._sftp.remove(part)

    async def _blame_room(self, part: str) -> None:
        """Raise where a failure without a reason has one: the third version of SFTP has no word for a full disk."""
        with contextlib.suppress(asyncssh.Error):
            room = await self._sftp.statvfs(posixpath.dirname(part))
            if room.bavail * room.frsize < self._source.size - self._sent or room.favail == 0:
                raise file_errors.TargetFull(host=self._at.teller.host, path=self._place.path)


async def _read(source: BinaryIO, size: int) -> bytes:
    try:
        block = await asyncio.to_thread(source.read, size)
    except OSError:
        raise file_errors.SourceUnreadable from None
    if not block:
        raise file_errors.SourceUnreadable  # shorter than it was said to be
    return block
