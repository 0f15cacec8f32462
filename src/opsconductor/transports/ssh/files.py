"""The files of a target over SFTP: an open session."""

import asyncio
import contextlib
import posixpath
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh

from opsconductor.transports.errors import ConnectionClosed, SessionTimeout
from opsconductor.transports.file_errors import FilesUnavailable
from opsconductor.transports.files import Downloaded, Placement, Progress, Source, Uploaded, nobody
from opsconductor.transports.ssh.connection import LeanConnection
from opsconductor.transports.ssh.downloading import Download
from opsconductor.transports.ssh.filefaults import RAISED, Teller
from opsconductor.transports.ssh.reading import Reading
from opsconductor.transports.ssh.shell import Shell
from opsconductor.transports.ssh.uploading import Upload

PRIVATE = 0o700
GOODBYE = 1.0  # s a session has to end in order


class SshFiles:
    """See `transports.files.Files`. Several transfers may be under way at once."""

    def __init__(self, sftp: asyncssh.SFTPClient, shell: Shell, teller: Teller) -> None:
        self._sftp = sftp
        self._shell = shell
        self._teller = teller
        self._home: str | None = None

    async def upload(
        self, source: Source, place: Placement, *, operation_id: str, progress: Progress = nobody
    ) -> Uploaded:
        path = await self._absolute(place.path)
        upload = Upload(self._reading(), source, place, operation_id, progress)
        return await upload.to(path)

    async def make_directory(self, path: str) -> None:
        with self._teller.during("make the directory", path):
            await make_directories(self._sftp, await self._absolute(path))

    async def make_private_directory(self, path: str) -> None:
        with self._teller.during("make the directory", path):
            path = await self._absolute(path)
            try:
                await self._sftp.mkdir(path, asyncssh.SFTPAttrs(permissions=PRIVATE))
            except asyncssh.SFTPError:
                if not await self._is_private_directory(path):
                    raise

    async def _is_private_directory(self, path: str) -> bool:
        try:
            mode = (await self._sftp.lstat(path)).permissions or 0
        except asyncssh.SFTPError:
            return False
        return stat.S_ISDIR(mode) and stat.S_IMODE(mode) == PRIVATE

    async def remove_directory(self, path: str) -> None:
        nothing_there = contextlib.suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
        with self._teller.during("remove the directory", path), nothing_there:
            await self._sftp.rmtree(await self._absolute(path))

    async def download(
        self, path: str, into: Path, *, recursive: bool = False, limit: int, progress: Progress = nobody
    ) -> Downloaded:
        download = Download(self._reading(), path, into, limit, progress)
        return await download.of(await self._absolute(path), recursive=recursive)

    def _reading(self) -> Reading:
        return Reading(self._sftp, self._shell, self._teller)

    async def _absolute(self, path: str) -> str:
        """Return a path from the root; what is not there yet is relative to the login's home, or to `~`."""
        if path.startswith("/"):
            return path
        if self._home is None:
            with self._teller.during("find", "~"):
                self._home = str(await self._sftp.realpath("."))
        rest = path.removeprefix("~").lstrip("/") if path == "~" or path.startswith("~/") else path
        return posixpath.join(self._home, rest)


async def make_directories(sftp: asyncssh.SFTPClient, path: str) -> None:
    """Make a directory and those above it, asking first: most often all of them are there."""
    with contextlib.suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        if stat.S_ISDIR((await sftp.stat(path)).permissions or 0):
            return
    await sftp.makedirs(path, exist_ok=True)


@contextlib.asynccontextmanager
async def opened(
    connection: LeanConnection,
    *,
    host: str,
    port: int,
    username: str,
    seconds: float,
    shell: bool,
) -> AsyncIterator[SshFiles]:
    """Open the target's files; `shell` is False where the login runs a command of its own instead of ours."""
    if connection.is_closed():
        raise ConnectionClosed(host=host, port=port)
    try:
        async with asyncio.timeout(seconds):
            sftp = await connection.start_sftp_client(path_errors="surrogateescape")
    except TimeoutError:
        raise SessionTimeout(host=host, seconds=seconds) from None
    except RAISED:
        if connection.is_closed():
            raise ConnectionClosed(host=host, port=port) from None
        raise FilesUnavailable(host=host) from None
    try:
        yield SshFiles(sftp, Shell(connection, usable=shell), Teller(host, username))
    finally:
        sftp.exit()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await sftp.wait_closed()
