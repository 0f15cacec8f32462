"""The courier: brings to the bucket what is noted, as long as it takes; nobody waits for it who does not want to."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from opsconductor.storage import cache, figures
from opsconductor.storage.errors import BucketAway
from opsconductor.storage.folder import READ_ONLY, Folder, no_hurry, nobody

log = structlog.get_logger()

AT_ONCE = 4  # objects sent at once
BATCH = 200  # notes looked at together
ROUND = 30.0  # s; how late what another process left behind is noticed
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # s after the bucket did not answer
NOTHING_THERE = 3600.0  # s after which a note about content that never came is forgotten
HURRY = 2.0  # s that somebody may wait for an object to be sent


class Courier:
    """One per process and folder, living in one event loop; several processes share the notes, by their locks."""

    def __init__(self, folder: Folder, cache_bytes: int) -> None:
        self.folder = folder
        self.trouble: str | None = None
        """Why something waits that the bucket should have heard of, as a sentence; None where nothing does."""
        self._cache_bytes = cache_bytes
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._wake = asyncio.Event()
        self._pause = FIRST_PAUSE
        self._again_at = 0.0

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Work in the background; what is not sent at the end is sent by whoever comes next."""
        if self.folder.bucket is None:
            yield
            return
        loop = asyncio.get_running_loop()
        self.folder.told = lambda: _wake(loop, self._wake)
        self.folder.hurry = self._hurry
        work = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self.folder.told, self.folder.hurry = nobody, no_hurry
            left = [work, *self._sending.values()]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._round()
            except Exception:  # door: the next round comes; nothing is forgotten before it was done
                log.exception("storage.round_failed")
            await self._rest()

    async def _hurry(self, places: Sequence[str]) -> None:
        """Send these at once, so that others can read them; not for longer than others can wait."""
        if not places or self._away:
            return
        await asyncio.wait({self._sent(place) for place in places}, timeout=HURRY)

    @property
    def _away(self) -> bool:
        return time.monotonic() < self._again_at

    async def _rest(self) -> None:
        if self.trouble:  # whoever wakes us up can't make it answer sooner
            await asyncio.sleep(max(self._again_at - time.monotonic(), FIRST_PAUSE))
            return
        try:
            await asyncio.wait_for(self._wake.wait(), ROUND)
        except TimeoutError:
            return

    async def _round(self) -> None:
        if await asyncio.to_thread(cache.is_due, self.folder):
            await self._walk()
        await self._delete(await asyncio.to_thread(self.folder.unwanted.all))
        unsent = await asyncio.to_thread(self.folder.unsent.all)
        for start in range(0, len(unsent), BATCH):
            if not self._away:
                await asyncio.wait({self._sent(place) for place in unsent[start : start + BATCH]})
        if not await asyncio.to_thread(self._measure):
            self._forgive()

    async def _walk(self) -> None:
        adopted = await asyncio.to_thread(cache.adopt, self.folder)
        if adopted:
            log.info("storage.adopted", objects=adopted)
        await asyncio.to_thread(cache.shrink, self.folder, self._cache_bytes)

    async def _delete(self, places: list[str]) -> None:
        assert self.folder.bucket is not None
        if not places or self._away:
            return
        try:
            await self.folder.bucket.delete(places)
        except BucketAway as away:
            self._failed(away)
            return
        self._worked()
        for place in places:
            self.folder.unwanted.remove(place)
        log.info("storage.deleted", objects=len(places))

    def _sent(self, place: str) -> "asyncio.Task[None]":
        """Return the one attempt to send this that is under way here."""
        task = self._sending.get(place)
        if task is None:
            task = asyncio.create_task(self._send(place))
            self._sending[place] = task
            task.add_done_callback(lambda ended: self._ended(place, ended))
        return task

    def _ended(self, place: str, ended: "asyncio.Task[None]") -> None:
        del self._sending[place]
        if not ended.cancelled() and (error := ended.exception()):
            log.error("storage.not_sent", place=place, exc_info=error)

    async def _send(self, place: str) -> None:
        async with self._slots:
            if self._away:
                return
            try:
                with self.folder.unsent.held(place) as ours:
                    if ours:
                        await self._send_ours(place)
            except BucketAway as away:
                self._failed(away)
            except FileNotFoundError:
                log.info("storage.removed_meanwhile", place=place)
            except OSError as error:  # this one can't be read; the others can
                log.error("storage.not_readable", place=place, reason=error.strerror)

    async def _send_ours(self, place: str) -> None:
        assert self.folder.bucket is not None
        path = self.folder.path_of(place)
        if not path.exists():
            if self.folder.unsent.age(place) > NOTHING_THERE:
                log.warning("storage.never_came", place=place)
                self.folder.unsent.remove(place)
            return
        await self.folder.bucket.send(place, path)
        self._worked()
        try:
            path.chmod(READ_ONLY)
        except FileNotFoundError:  # removed meanwhile, perhaps after its object was: then it is there again
            self.folder.unwanted.add(place)
            self._wake.set()
        self.folder.unsent.remove(place)

    def _worked(self) -> None:
        if self.trouble:
            log.info("storage.back")
        self._forgive()

    def _forgive(self) -> None:
        self.trouble, self._pause, self._again_at = None, FIRST_PAUSE, 0.0

    def _failed(self, away: BucketAway) -> None:
        """Leave the bucket alone for a while; it is told once what is wrong with it."""
        if self._away:
            return
        if self.trouble != str(away):
            log.warning("storage.away", reason=str(away))
        self.trouble = str(away)
        self._again_at = time.monotonic() + self._pause * random.uniform(0.8, 1.2)  # noqa: S311  # not a secret
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _measure(self) -> int:
        """Tell, also to the metrics, how much waits."""
        unsent = self.folder.unsent.all()
        figures.UNSENT.set(len(unsent))
        figures.UNSENT_BYTES.set(sum(_size(self.folder, place) for place in unsent))
        return len(unsent) + len(self.folder.unwanted.all())


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)


def _size(folder: Folder, place: str) -> int:
    try:
        return folder.path_of(place).stat().st_size
    except FileNotFoundError:
        return 0
