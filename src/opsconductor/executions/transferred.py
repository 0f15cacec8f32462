"""What became of a file transfer, and where its files are kept on our side."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

from opsconductor.transports.files import Source, Uploaded

SHOWN = 100  # files whose outcome is told one by one


class Shelf(Protocol):
    """Where files are kept on our side. Files that are fetched belong to the result that it was made for."""

    async def source(self, file_id: UUID) -> Source:
        """Return an uploaded file. Raises SourceUnreadable where it is gone."""
        ...

    def room(self) -> Path:
        """Return a path for a new file, in a folder that is there."""
        ...

    async def keep(self, path: Path, *, name: str, size: int, sha256: str) -> UUID:
        """Take a file over from `room`, and return its id."""
        ...


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: `state` "left_out" is a link or a device in a directory or an archive."""

    path: str
    state: Literal["sent", "unchanged", "kept", "fetched", "left_out"]
    size: int = 0
    verified_by: str | None = None
    resumed_at: int = 0
    atomic: bool = True
    backup: str | None = None


@dataclass
class Transferred:
    """What a transfer did. `skipped` files were unchanged or may not be replaced; `bytes_total` has theirs, too."""

    files: int = 0
    bytes_sent: int = 0
    bytes_total: int = 0
    skipped: int = 0
    left_out: int = 0
    sha256: str | None = None
    """Of the one file; None for the content of an archive."""
    seconds: float = 0.0
    file_ids: list[UUID] = field(default_factory=list)
    """What was fetched and is kept now."""
    outcomes: list[FileOutcome] = field(default_factory=list)
    """The first 100."""

    def tell(self, outcome: FileOutcome) -> None:
        if len(self.outcomes) < SHOWN:
            self.outcomes.append(outcome)

    def uploaded(self, source: Source, end: Uploaded) -> None:
        """Count one upload."""
        self.files += 1
        self.bytes_sent += end.bytes_sent
        self.bytes_total += source.size
        self.skipped += end.state != "sent"
        self.tell(
            FileOutcome(
                end.path, end.state, source.size, end.verified_by, end.resumed_at, end.atomic, end.backup
            )
        )

    def omit(self, path: str) -> None:
        """Count something that is not transferred."""
        self.left_out += 1
        self.tell(FileOutcome(path, "left_out"))
