"""Walking through the folder: how much of it may be copies, and what of it was never noted. It blocks."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from opsconductor.storage import figures
from opsconductor.storage.folder import WRITABLE, Folder, is_copy
from opsconductor.storage.marks import locked

log = structlog.get_logger()

FOLDERS = ("outputs", "files")
BESIDE = (".idx", ".tmp")
"""Ends of names of what is made anew from the content beside it."""
IN_USE = 600.0  # s after it was read that a copy stays: somebody may be about to open it
LEFT_BEHIND = 24 * 3600.0  # s; a draft that is older was left by a process that died
WALK = 600.0  # s between two walks
STAMP = "bucket"
"""The file that says which bucket the copies are of; it is written anew at each walk."""


@dataclass(frozen=True, slots=True)
class Content:
    """Something in the folder, with the room that it takes together with its index."""

    place: str
    path: Path
    room: int
    read_at: float
    copy: bool


def contents(root: Path) -> Iterator[Content]:
    """Yield all content, complete or not."""
    for folder in FOLDERS:
        for path in (root / folder).glob("*/*/*/*"):
            if path.suffix in BESIDE:
                continue
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            place = path.relative_to(root).as_posix()
            room = found.st_size + _size(index_of(path))
            yield Content(place, path, room, found.st_atime, is_copy(found.st_mode))


def index_of(path: Path) -> Path:
    """Return where the line index of an output is."""
    return path.with_name(f"{path.name}.idx")


def adopt(folder: Folder) -> int:
    """Note everything to be sent that is complete and of which nobody says that the bucket has it; return how much.

    That is what was here before there was a bucket, or what a power cut took the note of. Copies of another bucket
    are no copies of this one.
    """
    assert folder.bucket is not None
    stamp, address = folder.root / STAMP, f"{folder.bucket.address}\n"
    other = not stamp.exists() or stamp.read_text() != address
    adopted = 0
    for content in contents(folder.root):
        if content.copy and other:
            content.path.chmod(WRITABLE)
        if (other or not content.copy) and content.place not in folder.unsent and _complete(content.path):
            folder.unsent.add(content.place)
            adopted += 1
    draft = stamp.with_suffix(f".{os.getpid()}")
    folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft.write_text(address)
    draft.replace(stamp)
    return adopted


def is_due(folder: Folder) -> bool:
    """Tell whether nobody on this machine has walked through the folder lately, with this bucket behind it."""
    assert folder.bucket is not None
    stamp = folder.root / STAMP
    try:
        recent = stamp.stat().st_mtime > time.time() - WALK
        return not recent or stamp.read_text() != f"{folder.bucket.address}\n"
    except FileNotFoundError:
        return True


def shrink(folder: Folder, limit: int) -> None:
    """Remove the copies that were not read for the longest time, until all of them fit; and drafts of the dead."""
    copies = [one for one in contents(folder.root) if one.copy and one.place not in folder.unsent]
    excess = sum(copy.room for copy in copies) - limit if limit else 0
    removed = 0
    for copy in sorted(copies, key=lambda copy: copy.read_at):
        if excess <= removed or copy.read_at > time.time() - IN_USE:
            break
        for path in (copy.path, index_of(copy.path)):
            path.unlink(missing_ok=True)
        removed += copy.room
    figures.CACHED_BYTES.set(sum(copy.room for copy in copies) - removed)
    if removed:
        log.info("storage.cache_shrunk", bytes=removed)
    for draft in (folder.root / "fetching").glob("*"):
        if draft.stat().st_mtime < time.time() - LEFT_BEHIND:
            draft.unlink(missing_ok=True)


def _complete(path: Path) -> bool:
    """Tell whether nobody writes a file any more: who does holds its lock."""
    try:
        with path.open("rb") as file:
            return locked(file.fileno())
    except FileNotFoundError:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
