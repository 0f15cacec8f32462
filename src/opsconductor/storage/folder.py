"""The storage folder. Without a bucket it is all there is; with one, it has what was not sent yet, and copies.

A place is a path below the folder, made by us. Content never changes once it is complete, so a copy is never stale.
What the bucket has too is marked by being read-only; nothing else tells a copy, which may go, from the only one.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import structlog

from opsconductor.kit.ids import new_id
from opsconductor.kit.settings import Settings
from opsconductor.storage.errors import BucketAway, ContentDamaged, NoRoomForCopy, StorageUnreachable
from opsconductor.storage.marks import Marks
from opsconductor.storage.places import Wanted

if TYPE_CHECKING:
    from opsconductor.storage.bucket import Bucket

log = structlog.get_logger()

AT_ONCE = 8  # objects fetched at once
REST = 3.0  # s during which nobody else waits for a bucket that has just not answered
READ_AGAIN = 60.0  # s; how exactly it is known when a copy was read last
READ_ONLY, WRITABLE = 0o400, 0o600


class Folder:
    """One per process."""

    def __init__(self, root: Path, bucket: "Bucket | None" = None) -> None:
        self.root, self.bucket = root, bucket
        self.unsent = Marks(root / "unsent")
        """Complete content that the bucket does not have yet."""
        self.unwanted = Marks(root / "unwanted")
        """Objects that are to be deleted."""
        self.told: Callable[[], None] = nobody
        """Is called when there is something to send or to delete, from whatever thread."""
        self.hurry: Callable[[Sequence[str]], Awaitable[None]] = no_hurry
        """Waits a little for content to be where other machines can read it."""
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.unreachable = False
        """Whether the bucket could not be reached when somebody wanted to read there last."""
        self._rests_until = 0.0

    @classmethod
    def of(cls, settings: Settings) -> "Folder":
        """Return what the settings name."""
        if not settings.storage_url:
            return cls(settings.storage_dir)
        from opsconductor.storage.bucket import Bucket  # 8 MiB and 50 ms that nobody pays without a bucket

        return cls(settings.storage_dir, Bucket(settings))

    def path_of(self, place: str) -> Path:
        """Return where content is, if it is here."""
        return self.root / place

    def writing(self, file: IO[bytes]) -> None:
        """Let others see that a file under its final name is not complete yet, until it is closed."""
        if self.bucket:
            fcntl.flock(file, fcntl.LOCK_EX)

    def keep(self, place: str, *, durable: bool = False) -> None:
        """Say that content is about to be complete, before anybody relies on it: it will be sent."""
        if self.bucket:
            try:
                self.unsent.add(place, durable=durable)
            except OSError as error:  # the next walk through the folder finds it without
                log.error("storage.not_noted", place=place, reason=error.strerror)
            self.told()

    def remove(self, places: Iterable[str]) -> None:
        """Remove content here and from the bucket; what is gone already is fine. Raises OSError."""
        for place in places:
            if self.bucket:
                self.unwanted.add(place)
                self.unsent.remove(place)
            self.path_of(place).unlink(missing_ok=True)
            if self.bucket:  # the first note may have been heeded while a last attempt to send still went on
                self.unwanted.add(place)
        if self.bucket:
            self.told()

    async def bring(self, wanted: Sequence[Wanted]) -> None:
        """Make content be here, where the bucket has it. Raises StorageUnreachable, ContentDamaged, NoRoomForCopy."""
        if self.bucket is None or not wanted:
            return
        missing = await asyncio.to_thread(self._missing, wanted)
        tasks = [self._fetch_of(one) for one in missing]
        if tasks:
            await asyncio.wait(tasks)  # others may wait for the same: who leaves must not end it
        for task in tasks:
            task.result()

    def _missing(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """Return what is not here; of what is, note that it was read."""
        return [one for one in wanted if not was_read(self.path_of(one.place))]

    def _fetch_of(self, wanted: Wanted) -> "asyncio.Task[None]":
        """Return the one fetch of this content that is under way."""
        task = self._fetching.get(wanted.place)
        if task is None:
            task = asyncio.create_task(self._fetch(wanted))
            self._fetching[wanted.place] = task
            task.add_done_callback(lambda ended: self._fetched(wanted.place, ended))
        return task

    def _fetched(self, place: str, ended: "asyncio.Task[None]") -> None:
        del self._fetching[place]
        if not ended.cancelled():
            ended.exception()  # whoever waited has it; nobody may be left who does

    async def _fetch(self, wanted: Wanted) -> None:
        assert self.bucket is not None
        async with self._slots:
            if time.monotonic() < self._rests_until:
                raise StorageUnreachable
            try:
                await self._copy(self.bucket, wanted)
                self.unreachable = False
            except BucketAway as away:
                self.unreachable = True
                self._rests_until = time.monotonic() + REST
                log.warning("storage.not_reached", reason=str(away))
                raise StorageUnreachable from None
            except ContentDamaged:
                log.error("storage.damaged", place=wanted.place)
                raise
            except OSError as error:
                log.error("storage.not_writable", reason=error.strerror)
                raise NoRoomForCopy from error

    async def _copy(self, bucket: "Bucket", wanted: Wanted) -> None:
        draft = self.root / "fetching" / str(new_id())
        await asyncio.to_thread(draft.parent.mkdir, parents=True, exist_ok=True, mode=0o700)
        try:
            if await bucket.fetch(wanted, draft):
                await asyncio.to_thread(_settle, draft, self.path_of(wanted.place))
            else:
                log.warning("storage.not_there", place=wanted.place)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)


def nobody() -> None:
    """Be told, and do nothing."""


async def no_hurry(_places: Sequence[str]) -> None:
    """Wait for nobody: there is no other machine, or nobody who sends."""


def was_read(path: Path) -> bool:
    """Note that a file was read just now, and tell whether it is there."""
    try:
        found = path.stat()
        if found.st_atime < time.time() - READ_AGAIN:
            os.utime(path, (time.time(), found.st_mtime))
    except FileNotFoundError:
        return False
    return True


def is_copy(mode: int) -> bool:
    """Tell by its mode whether the bucket has the same."""
    return not mode & 0o200


def _settle(draft: Path, path: Path) -> None:
    draft.chmod(READ_ONLY)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft.replace(path)
