"""What every transport offers for files: values that describe one transfer, and the protocol of an open session."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

Progress = Callable[[int], None]
"""Is told how many bytes were moved since the last time; is called on the event loop."""
Overwrite = Literal["always", "if_changed", "never"]


def nobody(_count: int) -> None:
    """Be told about progress, and do nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """Content to upload: a name for where none is given, size in bytes, SHA-256 in hex, and how to read it.

    Without a name, a path that is a directory is refused.
    `open` blocks, is called in a thread, may be called more than once, and gives something that can seek.
    """

    name: str
    size: int
    sha256: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a file goes, and how.

    `path` is absolute, relative to the home of the login, or starts with `~/`. A directory, or what ends with
    `/`, gets the file under the source's name. A symbolic link is replaced, not followed. Without `mode`, the
    mode of the file that is replaced is kept, else it is 0644; so are owner and group, where the target allows it.
    """

    path: str
    mode: int | None = None
    owner: str | None = None
    group: str | None = None
    create_directories: bool = False
    overwrite: Overwrite = "if_changed"
    backup: bool = False


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of one upload.

    `state` is "sent", "unchanged" (what was there has this content already) or "kept" (it may not be replaced).
    `verified_by` says how the SHA-256 on the target was found: by "sha256sum" there, or by having it "read back".
    `atomic` is False where the target could not replace the old file in one step: for a moment there was none.
    """

    path: str
    state: Literal["sent", "unchanged", "kept"]
    bytes_sent: int = 0
    resumed_at: int = 0
    verified_by: str | None = None
    atomic: bool = True
    backup: str | None = None


@dataclass(frozen=True, slots=True)
class Omitted:
    """Something in a directory that was not fetched, and why: "link" or "special"."""

    path: str
    reason: Literal["link", "special"]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What was fetched into a local file; a directory is in it as a tar archive.

    `verified_by` is "sha256sum" where the target confirmed the content, "length" where only its length is certain.
    """

    path: str
    size: int
    sha256: str
    files: int
    verified_by: str
    content: int
    """Bytes of all files in it; less than `size` for an archive."""
    is_archive: bool = False
    omitted: list[Omitted] = field(default_factory=list)


class Files(Protocol):
    """A target's files. Every method raises a `TransportError`, and cleans up after itself when it is cancelled."""

    async def upload(
        self, source: Source, place: Placement, *, operation_id: str, progress: Progress = nobody
    ) -> Uploaded:
        """Write a file under a temporary name, verify it, and give it its name in one step.

        After a lost connection (`TransferInterrupted`) another attempt with the same `operation_id` continues
        where the first one ended. Nothing unfinished ever has the final name.
        """
        ...

    async def make_directory(self, path: str) -> None:
        """Make a directory, and those above it, unless it is there."""
        ...

    async def make_private_directory(self, path: str) -> None:
        """Make a directory that only the login may look into. One that is there must be like that already."""
        ...

    async def remove_directory(self, path: str) -> None:
        """Remove a directory and all that is in it; none there is fine."""
        ...

    async def download(
        self, path: str, into: Path, *, recursive: bool = False, limit: int, progress: Progress = nobody
    ) -> Downloaded:
        """Fetch a file, or with `recursive` a directory as one tar archive, into a local file that is made here.

        `limit` is in bytes of content. Links inside a directory are not followed. On failure `into` is removed.
        """
        ...
