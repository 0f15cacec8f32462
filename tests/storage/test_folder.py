"""The folder before a bucket: what is sent, fetched, kept and let go. Each on a folder of its own, over real HTTP."""

import asyncio
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.storage.conftest import until
from tests.support.core import SECRET_KEY
from tests.support.s3 import TestBucket

from opsconductor.executions.outputs import Capture
from opsconductor.kit.ids import new_id
from opsconductor.kit.settings import Settings
from opsconductor.storage import cache
from opsconductor.storage.bucket import Bucket
from opsconductor.storage.courier import HURRY, Courier
from opsconductor.storage.errors import StorageUnreachable
from opsconductor.storage.folder import READ_ONLY, Folder
from opsconductor.storage.places import Wanted

HOUR = 3600


class Counting(Bucket):
    """Counts what it is asked; `pause` is how long it takes, in s, from reading a file to having sent it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sent: list[str] = []
        self.arrived: list[str] = []
        self.fetched: list[str] = []
        self.pause = 0.0
        self.drafts = Path()

    async def send(self, place: str, path: Path) -> None:
        self.sent.append(place)
        if self.pause:
            path = shutil.copy(path, self.drafts / path.name)
            await asyncio.sleep(self.pause)
        await super().send(place, path)
        self.arrived.append(place)

    async def fetch(self, wanted: Wanted, into: Path) -> bool:
        self.fetched.append(wanted.place)
        return await super().fetch(wanted, into)


def _counting(bucket: TestBucket, **changed: str) -> Counting:
    return Counting(Settings.model_validate(bucket.environment | {"SECRET_KEY": SECRET_KEY} | changed))


@pytest.fixture
def folder(bucket: TestBucket, tmp_path: Path) -> Folder:
    return Folder(tmp_path, _counting(bucket))


def _written(folder: Folder, content: bytes = b"content", *, note: bool = True, age: float = 0) -> str:
    """Write content as ours is written; return its place."""
    place = f"outputs/2026/01/02/{new_id()}.1.out"
    path = folder.path_of(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if note:
        folder.keep(place)
    os.utime(path, (time.time() - age, time.time() - age))
    return place


async def test_without_a_bucket_nothing_is_noted_and_nothing_is_done(tmp_path: Path) -> None:
    alone = Folder(tmp_path)
    before = asyncio.all_tasks()
    async with Courier(alone, 1).at_work():
        place = _written(alone)
        with Capture(alone, new_id(), 1) as capture:
            capture.stdout(b"x" * 20_000)
        await alone.hurry([place])
        await alone.bring([Wanted(place), Wanted("outputs/nothing")])
        tasks = asyncio.all_tasks() - before
        alone.remove([place])

    assert tasks == set()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outputs"]
    assert not alone.path_of(place).exists()


async def test_several_readers_of_one_object_cost_one_request(bucket: TestBucket, folder: Folder) -> None:
    bucket.write("outputs/2026/01/02/x.1.out", b"x" * 100_000)
    wanted = [Wanted("outputs/2026/01/02/x.1.out", 100_000)]

    await asyncio.gather(*(folder.bring(wanted) for _ in range(10)))
    await folder.bring(wanted)

    assert folder.bucket.fetched == [wanted[0].place]
    assert folder.path_of(wanted[0].place).stat().st_mode & 0o777 == READ_ONLY
    assert list((folder.root / "fetching").iterdir()) == []


async def test_who_stops_waiting_does_not_end_the_fetch_of_others(bucket: TestBucket, folder: Folder) -> None:
    bucket.write("outputs/2026/01/02/y.1.out", b"y")
    wanted = [Wanted("outputs/2026/01/02/y.1.out", 1)]
    impatient = asyncio.create_task(folder.bring(wanted))
    patient = asyncio.create_task(folder.bring(wanted))
    while not folder._fetching:
        await asyncio.sleep(0)

    impatient.cancel()
    await patient

    assert folder.path_of(wanted[0].place).read_bytes() == b"y"


async def test_a_bucket_that_did_not_answer_is_not_asked_again_at_once(
    bucket: TestBucket, folder: Folder
) -> None:
    await bucket.gate.shut()
    try:
        for _ in range(5):
            with pytest.raises(StorageUnreachable):
                await folder.bring([Wanted("outputs/2026/01/02/z.1.out")])
    finally:
        bucket.gate.open()

    assert len(folder.bucket.fetched) == 1


async def test_two_processes_over_one_folder_send_everything_once(
    bucket: TestBucket, folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    places = [_written(folder) for _ in range(12)]
    twin = Folder(folder.root, _counting(bucket))
    for one in (folder, twin):
        one.bucket.pause, one.bucket.drafts = 0.3, tmp_path_factory.mktemp("drafts")

    async with Courier(folder, 0).at_work(), Courier(twin, 0).at_work():
        await until(lambda: folder.unsent.all() == [])

    assert sorted(folder.bucket.sent + twin.bucket.sent) == sorted(places)
    assert set(places) <= set(bucket.places())


async def test_content_that_is_removed_while_it_is_sent_does_not_come_back(
    bucket: TestBucket, folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder.bucket.pause, folder.bucket.drafts = 2, tmp_path_factory.mktemp("drafts")
    place = _written(folder)
    twin = Folder(folder.root, _counting(bucket))
    async with Courier(folder, 0).at_work():
        await until(lambda: folder.bucket.sent == [place])
        twin.remove([place])
        async with Courier(twin, 0).at_work():
            await until(lambda: twin.unwanted.all() == [])  # deleted before it is there
        await until(lambda: folder.bucket.arrived == [place])
        await until(lambda: place not in bucket.places(), 5)

    assert folder.unsent.all() == []


async def test_nobody_waits_long_for_a_bucket_that_is_silent(bucket: TestBucket, folder: Folder) -> None:
    place = _written(folder)
    bucket.gate.silent = True
    try:
        async with Courier(folder, 0).at_work():
            started = time.monotonic()
            await folder.hurry([place])
            waited = time.monotonic() - started
    finally:
        bucket.gate.silent = False

    assert waited < HURRY + 1
    assert folder.unsent.all() == [place]


async def test_a_round_that_took_long_does_not_put_off_the_next_attempt(
    bucket: TestBucket, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = Courier._measure
    monkeypatch.setattr(Courier, "_measure", lambda self: (time.sleep(1.5), measured(self))[1])
    place = _written(folder)
    await bucket.gate.shut()
    async with Courier(folder, 0).at_work():
        await until(lambda: bool(folder.bucket.sent))
        await asyncio.sleep(2)
        bucket.gate.open()
        await until(lambda: place in bucket.places(), 15)


async def test_a_note_of_what_never_came_is_forgotten_after_an_hour(folder: Folder) -> None:
    for place, age in (("files/2026/01/02/new", 0), ("files/2026/01/02/old", 2 * HOUR)):
        folder.unsent.add(place)
        note = folder.root / "unsent" / place.replace("/", "%2F")
        os.utime(note, (time.time() - age, time.time() - age))

    async with Courier(folder, 0).at_work():
        await until(lambda: len(folder.unsent.all()) == 1)

    assert folder.unsent.all() == ["files/2026/01/02/new"]


def _copy(folder: Folder, size: int, hours: float) -> Path:
    """Return a copy of so many bytes that was read last so many hours ago."""
    path = folder.path_of(_written(folder, b"x" * size, note=False, age=hours * HOUR))
    path.chmod(READ_ONLY)
    return path


def _there(paths: Sequence[Path]) -> list[bool]:
    return [path.exists() for path in paths]


def test_the_copies_that_were_not_read_for_the_longest_go_first(folder: Folder) -> None:
    copies = [_copy(folder, 1000, hours) for hours in (3, 1, 2)]
    index = cache.index_of(copies[0])
    index.write_bytes(b"i" * 500)

    cache.shrink(folder, 3000)
    after_one = _there([*copies, index])
    cache.shrink(folder, 1500)

    assert after_one == [False, True, True, False]
    assert _there(copies) == [False, True, False]


def test_what_only_this_machine_has_or_somebody_reads_is_never_let_go(folder: Folder) -> None:
    unsent = folder.path_of(_written(folder, b"x" * 1000, age=9 * HOUR))
    unknown = folder.path_of(_written(folder, b"x" * 1000, note=False, age=9 * HOUR))
    noted_copy = _copy(folder, 1000, 9)
    folder.unsent.add(noted_copy.relative_to(folder.root).as_posix())
    in_use = _copy(folder, 1000, 0.1)
    control = _copy(folder, 1000, 9)

    cache.shrink(folder, 1)

    assert _there([unsent, unknown, noted_copy, in_use]) == [True] * 4
    assert not control.exists()


def test_no_limit_lets_nothing_go(folder: Folder) -> None:
    copy = _copy(folder, 1000, 9)

    cache.shrink(folder, 0)

    assert copy.exists()


async def test_what_was_there_before_the_bucket_is_sent(bucket: TestBucket, folder: Folder) -> None:
    places = [_written(folder, note=False) for _ in range(3)]
    incoming = folder.root / "files" / "incoming" / "half"
    incoming.parent.mkdir(parents=True)
    incoming.write_bytes(b"half")
    cache.index_of(folder.path_of(places[0])).write_bytes(b"index")

    async with Courier(folder, 0).at_work():
        await until(lambda: set(places) <= set(bucket.places()))

    assert not [place for place in bucket.places() if "incoming" in place or place.endswith(".idx")]


def test_copies_of_another_bucket_are_sent_to_this_one(bucket: TestBucket, folder: Folder) -> None:
    cache.adopt(folder)
    copy = _copy(folder, 10, 1)
    again = cache.adopt(folder)
    other = Folder(folder.root, _counting(bucket, OPSCONDUCTOR_STORAGE_URL="s3://another-bucket"))

    assert again == 0
    assert cache.is_due(other)
    assert not cache.is_due(folder)
    assert cache.adopt(other) == 1
    assert other.unsent.all() == [copy.relative_to(folder.root).as_posix()]


def test_what_is_still_written_is_not_adopted(folder: Folder) -> None:
    cache.adopt(folder)
    with Capture(folder, new_id(), 1) as capture:
        capture.stdout(b"x" * 20_000)
        while_written = cache.adopt(folder)
    noted = folder.unsent.all()
    folder.unsent.remove(noted[0])  # as a power cut would

    assert while_written == 0
    assert noted == capture.places
    assert cache.adopt(folder) == 1
