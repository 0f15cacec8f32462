"""What went wrong with files, told as one of our errors."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import asyncssh

from opsconductor.transports import file_errors
from opsconductor.transports.errors import TransportError

LOST = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.ConnectionLost, OSError, EOFError)
RAISED = (asyncssh.Error, OSError, EOFError, ValueError)
"""Whatever asyncssh raises during a request: ValueError is how it complains about a packet that makes no sense."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells errors of one login."""

    host: str
    username: str

    @contextlib.contextmanager
    def during(self, deed: str, path: str, *, last: bool = False) -> Iterator[None]:
        """Turn what asyncssh raises while it does a `deed` ("write") into our errors.

        `last` marks the one request that gives a file its name: where its answer is lost, so is what it did.
        """
        try:
            yield
        except RAISED as error:
            raise self._told(error, deed, path, last=last) from None

    def _told(self, error: Exception, deed: str, path: str, *, last: bool) -> TransportError:
        place = {"host": self.host, "path": path}
        match error:
            case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath():
                return file_errors.PathMissing(**place)
            case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
                return file_errors.PermissionRefused(username=self.username, deed=deed, **place)
            case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
                return file_errors.TargetFull(**place)
            case asyncssh.SFTPNotADirectory():
                return file_errors.NotDirectory(**place)
            case asyncssh.SFTPFileIsADirectory():
                return file_errors.IsDirectory(**place)
            case asyncssh.SFTPBadMessage() | ValueError():
                return file_errors.UnsafeAnswer(**place)
        if isinstance(error, LOST) or not isinstance(error, asyncssh.SFTPError):
            return (file_errors.TransferUnknown if last else file_errors.TransferInterrupted)(**place)
        return file_errors.TransferRefused(deed=deed, **place)
