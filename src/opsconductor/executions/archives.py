"""Reading an uploaded .tar or .tar.gz. Its names are somebody's data: none may lead out of the folder."""

import gzip
import hashlib
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from opsconductor.contracts.files import LONGEST_NAME, LONGEST_PATH
from opsconductor.transports.file_errors import ArchiveUnusable

MEMBERS = 100_000
EXPANDED = 16 * 1024**3  # bytes; a small archive may hold very much
BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError)
IN_MEMORY = 1024 * 1024  # bytes; longer members are read from the archive while they are sent


@dataclass(frozen=True, slots=True)
class Member:
    """Something in an archive. `name` has no `..`, no leading `/`, and ends without `/`."""

    name: str
    info: tarfile.TarInfo


def opened(file: BinaryIO) -> tarfile.TarFile:
    """Open an archive, compressed by gzip or not. Blocks. Raises ArchiveUnusable."""
    try:
        return tarfile.open(fileobj=file, mode="r:*")
    except BROKEN as error:
        raise _unreadable() from error


def listed(archive: tarfile.TarFile) -> list[Member]:
    """Return what is in an archive, in its order. Blocks until all of it was read. Raises ArchiveUnusable."""
    expanded = 0
    found = []
    for number, info in enumerate(_infos(archive), 1):
        expanded += info.size if info.isreg() else 0
        if number > MEMBERS or expanded > EXPANDED:
            limit = f"{MEMBERS} files or {EXPANDED // 1024**3} GiB"
            raise ArchiveUnusable(reason=f"it holds more than {limit}")
        name = _safe(info.name)
        if name:  # "./" is the folder itself
            found.append(Member(name, info))
    _read_out(archive)
    return found


def content_of(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    """Return the content of a member that fits into memory. Blocks. Raises ArchiveUnusable."""
    return b"".join(_blocks(archive, info))


def spool(archive: tarfile.TarFile, info: tarfile.TarInfo, into: Path) -> str:
    """Write a member into a file of its own, and return its SHA-256. Blocks. Raises ArchiveUnusable, OSError.

    A member is read more than once on its way to a target, and what is compressed can only be read forwards.
    """
    digest = hashlib.sha256()
    with into.open("xb") as spooled:
        for block in _blocks(archive, info):
            digest.update(block)
            spooled.write(block)
    return digest.hexdigest()


def _blocks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    try:
        file = archive.extractfile(info)
        assert file is not None  # only asked for files
        left = info.size
        while left:
            block = file.read(min(IN_MEMORY, left))
            if not block:
                raise _unreadable()
            left -= len(block)
            yield block
    except BROKEN as error:
        raise _unreadable() from error


def _infos(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while True:
        try:
            info = archive.next()
        except BROKEN as error:
            raise _unreadable() from error
        if info is None:
            return
        yield info


def _read_out(archive: tarfile.TarFile) -> None:
    """Read what is behind the last member: the checksum of gzip is at the very end."""
    assert archive.fileobj is not None
    try:
        while archive.fileobj.read(IN_MEMORY):
            pass
    except BROKEN as error:
        raise _unreadable() from error


def _safe(name: str) -> str:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    outside = name.startswith("/") or ".." in parts or "\0" in name
    raw = name.encode(errors="surrogateescape")
    if (
        outside
        or len(raw) > LONGEST_PATH
        or any(len(part.encode(errors="surrogateescape")) > LONGEST_NAME for part in parts)
    ):
        raise ArchiveUnusable(reason="a name in it leads out of the folder, or is too long")
    return posixpath.join(*parts) if parts else ""


def _unreadable() -> ArchiveUnusable:
    return ArchiveUnusable(reason="it is not a whole .tar or .tar.gz")
