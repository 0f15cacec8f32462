"""Owner, group and mode of an uploaded file: those that were asked for, or those of the file it replaces."""

import contextlib
from dataclasses import dataclass

import asyncssh
from asyncssh import SFTPAttrs, SFTPClientFile

from opsconductor.transports.file_errors import OwnerRefused
from opsconductor.transports.files import Placement
from opsconductor.transports.ssh import pipelines
from opsconductor.transports.ssh.reading import Reading, is_file

DEFAULT_MODE = 0o644
REFUSED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure)


@dataclass(frozen=True, slots=True)
class Dressing:
    """What one file is given. The owner comes before the mode, of which a change of owner takes some bits away."""

    at: Reading
    place: Placement

    async def of_new(self, file: SFTPClientFile, part: str, old: SFTPAttrs | None) -> None:
        """Dress a file that has no name yet, and will replace `old`."""
        mode = self.place.mode
        if self.place.owner or self.place.group:
            await self._own(file, part)
        elif is_file(old) and old is not None:
            theirs = await _own_as(file, old)
            mode = mode if mode is not None else (old.permissions or 0) & (0o7777 if theirs else 0o777)
        await file.setstat(SFTPAttrs(permissions=DEFAULT_MODE if mode is None else mode))

    async def of_old(self, path: str, now: SFTPAttrs) -> None:
        """Dress a file that need not be written, in what was asked for."""
        mode = self.place.mode
        if not self.place.owner and not self.place.group and mode in (None, (now.permissions or 0) & 0o7777):
            return
        async with await pipelines.opened(self.at.sftp, path, asyncssh.FXF_READ) as file:
            if self.place.owner or self.place.group:
                await self._own(file, path)
            if mode is not None:
                await file.setstat(SFTPAttrs(permissions=mode))

    async def _own(self, file: SFTPClientFile, path: str) -> None:
        owner, group = self.place.owner or "", self.place.group or ""
        if all(part == "" or part.isdecimal() for part in (owner, group)):
            now = await file.stat()
            uid, gid = int(owner or now.uid or 0), int(group or now.gid or 0)
            with contextlib.suppress(*REFUSED):
                await file.setstat(SFTPAttrs(uid=uid, gid=gid))
                return
        elif await self.at.shell.chown(self.at.sftp.encode(path), f"{owner}:{group}" if group else owner):
            return
        wanted = ":".join(part for part in (owner, group) if part)
        teller = self.at.teller
        raise OwnerRefused(host=teller.host, owner=wanted, path=self.place.path, username=teller.username)


async def _own_as(file: SFTPClientFile, old: SFTPAttrs) -> bool:
    """Keep the owner of what is replaced; only root may, and others become the owner themselves."""
    now = await file.stat()
    if (old.uid, old.gid) == (now.uid, now.gid):
        return True
    with contextlib.suppress(*REFUSED):
        await file.setstat(SFTPAttrs(uid=old.uid, gid=old.gid))
        return True
    return False
