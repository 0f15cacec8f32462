"""Looking at files of a target: what they are, and what SHA-256 their content has."""

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import asyncssh

from opsconductor.transports.ssh import pipelines
from opsconductor.transports.ssh.filefaults import Teller
from opsconductor.transports.ssh.shell import Shell

SMALL = 256 * 1024  # bytes; up to here reading back is quicker than asking the shell
ABSENT = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a transfer needs of its session."""

    sftp: asyncssh.SFTPClient
    shell: Shell
    teller: Teller

    async def attributes(self, path: str, *, follow: bool = False) -> asyncssh.SFTPAttrs | None:
        """Return what a path is; None where there is nothing."""
        try:
            return await (self.sftp.stat(path) if follow else self.sftp.lstat(path))
        except ABSENT:
            return None

    async def sha256(self, path: str, size: int) -> tuple[str, str]:
        """Return the SHA-256 of a file's first `size` bytes, and how it was found."""
        if size > SMALL:
            told = await self.shell.sha256(self.sftp.encode(path), size)
            if told is not None:
                return told, "sha256sum"
        async with await pipelines.opened(self.sftp, path, asyncssh.FXF_READ) as file:
            found = await self.read_back(file, size)
        return found, "read back"

    def content(self, file: asyncssh.SFTPClientFile, size: int | None) -> AsyncGenerator[bytes, None]:
        """Yield an open file's first `size` bytes, or all there is."""
        longest = self.sftp.limits.max_read_len
        return pipelines.read(file, size, longest, host=self.teller.host)

    async def read_back(self, file: asyncssh.SFTPClientFile, size: int) -> str:
        """Return the SHA-256 of an open file's first `size` bytes by reading them."""
        digest = hashlib.sha256()
        async for data in self.content(file, size):
            digest.update(data)
        return digest.hexdigest()


def is_file(attributes: asyncssh.SFTPAttrs | None) -> bool:
    return attributes is not None and attributes.type == asyncssh.FILEXFER_TYPE_REGULAR


def is_directory(attributes: asyncssh.SFTPAttrs | None) -> bool:
    return attributes is not None and attributes.type == asyncssh.FILEXFER_TYPE_DIRECTORY


def is_link(attributes: asyncssh.SFTPAttrs | None) -> bool:
    return attributes is not None and attributes.type == asyncssh.FILEXFER_TYPE_SYMLINK
