"""A file of a target on its way to us, or a directory as one tar archive: no word of the target names a local file."""

import asyncio
import contextlib
import hashlib
import os
import posixpath
import tarfile
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

import asyncssh

from opsconductor.transports import file_errors
from opsconductor.transports.files import Downloaded, Omitted, Progress
from opsconductor.transports.ssh import pipelines
from opsconductor.transports.ssh.reading import SMALL, Reading, is_directory, is_file, is_link

ENTRIES = 100_000  # files and directories of one download
DEPTH = 64  # directories below each other
LONGEST_NAME = 1024  # characters; file systems have up to 255
OMITTED = 1000  # that are named one by one
BATCH = 1024 * 1024  # bytes written to the local disk at once
TAR_BLOCK = 512  # bytes
TAR_END = 2 * TAR_BLOCK * b"\0"


class Download:
    """One download. `of` does it."""

    def __init__(self, at: Reading, path: str, into: Path, limit: int, progress: Progress) -> None:
        self._at = at
        self._path = path
        self._limit = limit
        self._progress = progress
        self._local = Local(into, path)

    async def of(self, path: str, *, recursive: bool) -> Downloaded:
        """Fetch what an absolute path names."""
        teller = self._at.teller
        with teller.during("look at", self._path):
            found = await self._at.attributes(path, follow=True)
        if found is None:
            raise file_errors.PathMissing(host=teller.host, path=self._path)
        if is_directory(found) and not recursive:
            raise file_errors.IsDirectory(host=teller.host, path=self._path)
        if not is_directory(found) and not is_file(found):
            raise file_errors.NotFile(host=teller.host, path=self._path)
        deed = "read everything in" if is_directory(found) else "read"
        async with self._local:
            with teller.during(deed, self._path):
                if is_directory(found):
                    return await self._tree(path)
                return await self._file(path)

    async def _file(self, path: str) -> Downloaded:
        size = 0
        async with contextlib.aclosing(self._content(path, self._limit)) as content:
            async for data in content:
                size += len(data)
                await self._local.take(data)
        sha256 = await self._local.finish()
        verified_by = await self._confirmed(path, size, sha256)
        return Downloaded(path, size, sha256, 1, verified_by, size)

    async def _content(self, path: str, limit: int) -> AsyncGenerator[bytes, None]:
        """Yield what a file has at the moment it is opened; what is appended meanwhile is not read."""
        async with await pipelines.opened(self._at.sftp, path, asyncssh.FXF_READ) as file:
            size = (await file.stat()).size or 0
            got = 0
            if size > limit:
                raise self._too_much("bytes", limit)
            # What has no length, such as the files of /proc, is read to its end.
            reading = self._at.content(file, size or None)
            async with contextlib.aclosing(reading):
                async for data in reading:
                    got += len(data)
                    if got > limit:
                        raise self._too_much("bytes", limit)
                    self._progress(len(data))
                    yield data
        if got < size:
            raise file_errors.FileChanged(host=self._at.teller.host, path=self._path)

    async def _confirmed(self, path: str, size: int, sha256: str) -> str:
        if size <= SMALL:
            return "length"
        told = await self._at.shell.sha256(self._at.sftp.encode(path), size)
        if told is None:
            return "length"
        if told != sha256:
            raise file_errors.FileChanged(host=self._at.teller.host, path=self._path)
        return "sha256sum"

    async def _tree(self, path: str) -> Downloaded:
        """Fetch a directory. Directories come before what is in them; links are left out."""
        seen = Seen()
        top = posixpath.basename(path.rstrip("/"))
        top = "directory" if top in ("", ".", "..") else top
        waiting = [(path, top, 0)]
        while waiting:
            folder, name, depth = waiting.pop()
            if depth > DEPTH:
                raise self._too_much("directories below each other", DEPTH)
            for entry in await self._entries(folder, seen):
                child, inside = posixpath.join(folder, entry.name), f"{name}/{entry.name}"
                if is_directory(entry.attributes):
                    await self._local.take(_header(inside, tarfile.DIRTYPE, entry.attributes, 0))
                    waiting.append((child, inside, depth + 1))
                elif is_file(entry.attributes):
                    await self._member(child, inside, entry.attributes, seen)
                else:
                    seen.omit(inside, link=is_link(entry.attributes))
        await self._local.take(TAR_END)
        sha256 = await self._local.finish()
        size = self._local.size
        return Downloaded(path, size, sha256, seen.files, "length", seen.content, True, seen.omitted)

    async def _entries(self, folder: str, seen: "Seen") -> list["Entry"]:
        """Return what is in a directory by name. A name that is more than a name ends the download."""
        found: list[Entry] = []
        async for entry in self._at.sftp.scandir(folder):
            name = str(entry.filename)
            if name in (".", ".."):
                continue
            if not name or "/" in name or "\0" in name or len(name) > LONGEST_NAME:
                raise file_errors.UnsafeAnswer(host=self._at.teller.host)
            seen.entries += 1
            if seen.entries > ENTRIES:
                raise self._too_much("files", ENTRIES)
            entry.attrs.extended = ()  # may be long, and nobody looks at it
            found.append(Entry(name, entry.attrs))
        return sorted(found, key=lambda entry: entry.name)

    async def _member(self, path: str, inside: str, attributes: asyncssh.SFTPAttrs, seen: "Seen") -> None:
        """Fetch one file of a directory. Its length goes before it, so that the content has to be as long."""
        size = attributes.size or 0
        if seen.content + size > self._limit:
            raise self._too_much("bytes", self._limit)
        await self._local.take(_header(inside, tarfile.REGTYPE, attributes, size))
        left = size
        if size:
            async with contextlib.aclosing(self._content(path, self._limit)) as content:
                async for data in content:
                    await self._local.take(data[:left])
                    left -= min(len(data), left)
                    if not left:
                        break  # it has grown since it was listed
        if left:
            raise file_errors.FileChanged(host=self._at.teller.host, path=self._path)
        await self._local.take(b"\0" * (-size % TAR_BLOCK))
        seen.files += 1
        seen.content += size

    def _too_much(self, unit: str, limit: int) -> file_errors.TransferLimit:
        return file_errors.TransferLimit(host=self._at.teller.host, path=self._path, limit=limit, unit=unit)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a directory."""

    name: str
    attributes: asyncssh.SFTPAttrs


@dataclass
class Seen:
    """What a directory has had so far."""

    entries: int = 0
    files: int = 0
    content: int = 0
    omitted: list[Omitted] = field(default_factory=list)

    def omit(self, path: str, *, link: bool) -> None:
        if len(self.omitted) < OMITTED:
            self.omitted.append(Omitted(path, "link" if link else "special"))


class Local:
    """The local file that a download is written to; it is removed unless the download succeeds."""

    def __init__(self, into: Path, path: str) -> None:
        self._into = into
        self._path = path
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._file: IO[bytes] | None = None
        self._finished = False
        self.size = 0

    async def __aenter__(self) -> Self:
        with self._room():
            self._file = _create(self._into)  # not in a thread, which would go on after a cancellation
        return self

    async def take(self, data: bytes) -> None:
        """Write the next bytes, in batches."""
        self._waiting += data
        self.size += len(data)
        if len(self._waiting) >= BATCH:
            await self._write()

    async def finish(self) -> str:
        """Write the rest; return the SHA-256 of everything."""
        await self._write()
        assert self._file is not None
        with self._room():
            await asyncio.to_thread(self._file.flush)
        self._finished = True
        return self._hash.hexdigest()

    async def _write(self) -> None:
        batch, self._waiting = bytes(self._waiting), bytearray()
        assert self._file is not None
        with self._room():
            await asyncio.to_thread(self._keep, batch)

    def _keep(self, batch: bytes) -> None:
        assert self._file is not None
        self._file.write(batch)
        self._hash.update(batch)

    @contextlib.contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            raise file_errors.StorageFull(path=self._path) from None

    async def __aexit__(self, kind: object, *_: object) -> None:
        assert self._file is not None
        try:
            with self._room():
                self._file.close()
        except file_errors.StorageFull:
            self._into.unlink(missing_ok=True)  # one name of a local folder
            raise
        if kind is not None or not self._finished:
            self._into.unlink(missing_ok=True)  # one name of a local folder


def _create(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "wb")


def _header(name: str, kind: bytes, attributes: asyncssh.SFTPAttrs, size: int) -> bytes:
    """Return the tar header of an entry: without owner, and without bits that give rights to others."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = size
    info.mode = (attributes.permissions or 0o600) & 0o777
    info.mtime = attributes.mtime or 0
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
