"""One log file per service, kept from growing without end."""

import os
import re
from collections import deque
from pathlib import Path

KEPT = 3
LARGEST = 10 * 1024 * 1024  # bytes; then the next file begins
SAFE = re.compile(r"[^a-z0-9-]")


class LogFile:
    """Takes the lines of one service."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab")

    def write(self, line: bytes) -> None:
        """Append a line; a full disk loses lines, not the stack."""
        try:
            self._file.write(line)
            self._file.flush()
            if self._file.tell() > LARGEST:
                self._rotate()
        except OSError:
            return

    def close(self) -> None:
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(KEPT - 1, 0, -1):
            older = self._path.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(self._path.with_suffix(f".log.{number + 1}"))
        self._path.replace(self._path.with_suffix(".log.1"))
        self._file = self._path.open("ab")


def path_of(folder: Path, service: str) -> Path:
    """Return where a service's lines go."""
    return folder / f"{SAFE.sub('-', service.lower())}.log"


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log; none where there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - count * 2000))
            return [line.decode(errors="replace").rstrip() for line in deque(file, count)]
    except OSError:
        return []
