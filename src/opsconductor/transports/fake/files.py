"""Files of a fake host: a tree in memory, with the outcomes that a real one has."""

import asyncio
import hashlib
import io
import posixpath
import tarfile
from pathlib import Path

from opsconductor.transports.file_errors import (
    FolderMissing,
    IsDirectory,
    PathMissing,
    StorageFull,
    TransferLimit,
)
from opsconductor.transports.files import Downloaded, Placement, Progress, Source, Uploaded, nobody

HOME = "/home/fake"


class Tree(dict[str, bytes | None]):
    """Content by absolute path; None is a directory. Shared by all connections to one host."""

    def __init__(self, content: dict[str, bytes | None] | None = None) -> None:
        super().__init__({"/": None, "/home": None, HOME: None, "/tmp": None, "/etc": None})  # noqa: S108  # a name
        self.update(content or {})

    def make(self, path: str) -> None:
        """Make a directory and those above it."""
        while path not in self:
            self[path] = None
            path = posixpath.dirname(path)

    def below(self, path: str) -> list[str]:
        """Return what is in a directory, at any depth."""
        return sorted(name for name in self if name.startswith(path.rstrip("/") + "/"))


class FakeFiles:
    """See `transports.files.Files`."""

    def __init__(self, host: str, tree: Tree) -> None:
        self._host = host
        self._tree = tree

    async def upload(
        self, source: Source, place: Placement, *, operation_id: str, progress: Progress = nobody
    ) -> Uploaded:
        path = self._place(source, place)
        old = self._tree.get(path)
        content = await asyncio.to_thread(_content, source)
        if old is not None and place.overwrite == "never":
            return Uploaded(path, "kept")
        if old == content and place.overwrite == "if_changed":
            return Uploaded(path, "unchanged", verified_by="sha256sum")
        backup = f"{path}.bak" if place.backup and old is not None else None
        if backup:
            self._tree[backup] = old
        self._tree[path] = content
        progress(len(content))
        return Uploaded(path, "sent", len(content), verified_by="sha256sum", backup=backup)

    async def make_directory(self, path: str) -> None:
        self._tree.make(_absolute(path))

    async def make_private_directory(self, path: str) -> None:
        self._tree.make(_absolute(path))

    async def remove_directory(self, path: str) -> None:
        full = _absolute(path)
        for name in (full, *self._tree.below(full)):
            self._tree.pop(name, None)

    async def download(
        self, path: str, into: Path, *, recursive: bool = False, limit: int, progress: Progress = nobody
    ) -> Downloaded:
        full = _absolute(path)
        if full not in self._tree:
            raise PathMissing(host=self._host, path=path)
        content = self._tree[full]
        if content is None and not recursive:
            raise IsDirectory(host=self._host, path=path)
        below = [full] if content is not None else self._files_below(full)
        size = sum(len(self._tree[name] or b"") for name in below)
        if size > limit:
            raise TransferLimit(host=self._host, path=path, limit=limit, unit="bytes")
        kept = content if content is not None else self._archive(full)
        try:
            await asyncio.to_thread(_keep, into, kept)
        except OSError:
            raise StorageFull(path=path) from None
        progress(size)
        sha256 = hashlib.sha256(kept).hexdigest()
        return Downloaded(full, len(kept), sha256, len(below), "sha256sum", size, content is None)

    def _place(self, source: Source, place: Placement) -> str:
        path = _absolute(place.path)
        if path in self._tree and self._tree[path] is None:
            path = posixpath.join(path, source.name)
        if path in self._tree and self._tree[path] is None:
            raise IsDirectory(host=self._host, path=place.path)
        if posixpath.dirname(path) not in self._tree:
            if not place.create_directories:
                raise FolderMissing(host=self._host, path=place.path)
            self._tree.make(posixpath.dirname(path))
        return path

    def _files_below(self, path: str) -> list[str]:
        return [name for name in self._tree.below(path) if self._tree[name] is not None]

    def _archive(self, path: str) -> bytes:
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in self._tree.below(path):
                info = tarfile.TarInfo(posixpath.basename(path) + name.removeprefix(path))
                content = self._tree[name]
                info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
                info.size = len(content or b"")
                archive.addfile(info, io.BytesIO(content or b""))
        return written.getvalue()


def _absolute(path: str) -> str:
    if path == "~" or path.startswith("~/"):
        path = path[1:].lstrip("/")
    return posixpath.normpath(posixpath.join(HOME, path))


def _content(source: Source) -> bytes:
    with source.open() as file:
        return file.read()


def _keep(into: Path, content: bytes) -> None:
    with into.open("xb") as file:
        file.write(content)
