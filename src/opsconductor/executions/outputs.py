"""Output of commands, without the secrets used for it: a short one stays in memory, a long one streams to a file.

Size and hash are those of the output after redaction; nothing is kept, counted or hashed that was not redacted.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from uuid import UUID

import structlog
from pydantic import SecretStr

from opsconductor.executions.redaction import NOTHING, Patterns, Redactor, patterns_of
from opsconductor.kit.clock import now
from opsconductor.storage.folder import Folder
from opsconductor.transports.errors import OutputLimit

log = structlog.get_logger()

HEAD = 8 * 1024  # bytes in the database; output up to this length has no file
TAIL = 4 * 1024  # bytes in the database, of what did not fit into the head
KEPT = 10 * 1024 * 1024  # bytes of each stream that are kept
HARD_LIMIT = 2 * 1024**3  # bytes; whoever writes more is stopped
SHOWN = 64 * 1024  # bytes of each stream in a list of results


@dataclass
class Stream:
    """One stream of one command."""

    folder: Folder
    place: str
    """Where its file is, if it becomes so long that it has one, relative to the folder's root."""
    secrets: Patterns = NOTHING
    head: bytearray = field(default_factory=bytearray)
    tail: bytes = b""
    size: int = 0
    kept: int = 0
    file: IO[bytes] | None = None
    storage_full: bool = False

    def __post_init__(self) -> None:
        self._hash = hashlib.sha256()
        self._redactor = Redactor(self.secrets)
        self._taken = 0  # bytes, before redaction

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._taken += len(data)
        self._add(self._redactor.feed(data))
        if self._taken > HARD_LIMIT:
            raise OutputLimit(limit=HARD_LIMIT)

    def _add(self, data: bytes) -> None:
        self.size += len(data)
        self._hash.update(data)
        if self.size <= HEAD:
            self.head += data
            self.kept = self.size
        else:
            self._overflow(data)

    def _overflow(self, data: bytes) -> None:
        room = HEAD - len(self.head)
        self.tail = (self.tail + data[room:])[-TAIL:]
        waiting = data
        if self.file is None and not self.storage_full:
            waiting = bytes(self.head) + data
            self.kept = 0
        self.head += data[:room]
        self._keep(waiting[: KEPT - self.kept])

    def _keep(self, data: bytes) -> None:
        if self.storage_full or not data:
            return
        try:
            if self.file is None:
                path = self.folder.path_of(self.place)
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.file = path.open("xb")  # closed by `close`
                self.folder.writing(self.file)
            self.file.write(data)
        except OSError as error:  # a full disk costs output, not the exit code
            log.error("output.not_kept", reason=error.strerror)
            self.storage_full = True
            self.kept = max(self.kept, len(self.head))
        else:
            self.kept += len(data)

    def settle(self) -> None:
        """Take what the redactor still holds: what comes next begins anew."""
        if rest := self._redactor.flush():
            self._add(rest)

    def close(self) -> None:
        """Take what the redactor still holds, and close the file, if there is one."""
        self.settle()
        if self.file:
            try:
                self.file.close()
            except OSError as error:
                log.error("output.not_kept", reason=error.strerror)
                self.storage_full = True
            self.folder.keep(self.place)  # the result refers to it only after this

    def columns(self, prefix: str) -> dict[str, object]:
        """Return what the result's row keeps of this stream."""
        return {
            f"{prefix}_head": bytes(self.head),
            f"{prefix}_tail": self.tail,
            f"{prefix}_bytes": self.size,
            f"{prefix}_kept": self.kept,
            f"{prefix}_sha256": self._hash.digest(),
            f"{prefix}_path": self.place if self.file else None,
        }


class Capture:
    """Takes both streams of one command, and keeps them without these secrets, once it is closed.

    File names are made here: nothing a target says is part of a path.
    """

    def __init__(
        self, folder: Folder, result_id: UUID, fence: int, secrets: Sequence[SecretStr] = ()
    ) -> None:
        place = f"outputs/{now():%Y/%m/%d}/{result_id}.{fence}"
        patterns = patterns_of(secrets)
        self.out = Stream(folder, f"{place}.out", patterns)
        self.err = Stream(folder, f"{place}.err", patterns)

    def stdout(self, data: bytes) -> None:
        self.out.write(data)

    def stderr(self, data: bytes) -> None:
        self.err.write(data)

    def settle(self) -> None:
        """Let sizes say all that was written up to now, at the end of a command."""
        self.out.settle()
        self.err.settle()

    def columns(self) -> dict[str, object]:
        """Return what the result's row keeps."""
        return self.out.columns("output") | self.err.columns("error")

    @property
    def places(self) -> list[str]:
        """Return where the files are, of the streams that have one."""
        return [stream.place for stream in (self.out, self.err) if stream.file]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take what is held back, and close the files; nothing may be written afterwards."""
        self.out.close()
        self.err.close()


def read(root: Path, path: str | None, head: bytes, limit: int) -> bytes:
    """Return up to `limit` bytes of a kept stream; a file that is gone leaves its head."""
    if path is None:
        return head[:limit]
    try:
        with (root / path).open("rb") as file:
            return file.read(limit)
    except OSError as error:
        log.error("output.not_readable", reason=error.strerror)
        return head[:limit]
