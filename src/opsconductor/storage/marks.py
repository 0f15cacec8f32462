"""Notes about content that survive whoever made them: an empty file each, named after the place of the content."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote


class Marks:
    """A folder of notes that say the same, each about another place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, place: str, *, durable: bool = False) -> None:
        """Note a place; `durable` notes outlast a power cut, and cost the time of a disk."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path(place), os.O_WRONLY | os.O_CREAT, 0o600))
        if durable:
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def remove(self, place: str) -> None:
        self._path(place).unlink(missing_ok=True)

    def __contains__(self, place: str) -> bool:
        return self._path(place).exists()

    def all(self) -> list[str]:
        """Return every place that is noted, the oldest names first."""
        try:
            return sorted(unquote(name) for name in os.listdir(self._folder))  # noqa: PTH208  # names are all that is needed
        except FileNotFoundError:
            return []

    def age(self, place: str) -> float:
        """Return for how many seconds a place has been noted."""
        try:
            return time.time() - self._path(place).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    @contextlib.contextmanager
    def held(self, place: str) -> Iterator[bool]:
        """Tell whether this note is there and nobody else's; it stays ours until the end, or that of the process."""
        try:
            note = os.open(self._path(place), os.O_RDONLY)
        except FileNotFoundError:
            yield False
            return
        try:
            yield locked(note) and place in self
        finally:
            os.close(note)

    def _path(self, place: str) -> Path:
        return self._folder / quote(place, safe="")


def locked(descriptor: int) -> bool:
    """Lock an open file for ourselves, and tell whether that could be done at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
