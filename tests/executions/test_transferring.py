"""A file transfer from parameters to outcome, over a real sshd."""

import asyncio
import hashlib
import io
import os
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError
from tests.support.sshd import Target, running_sshd
from tests.transports.filework import Cable, parts

from opsconductor.contracts.files import FileTransferParameters
from opsconductor.executions.transfer import TransferCancelled, transfer
from opsconductor.executions.transferred import Transferred
from opsconductor.kit.ids import new_id
from opsconductor.transports import (
    ArchiveUnusable,
    PathMissing,
    Source,
    SourceUnreadable,
    TransferInterrupted,
    TransferTimedOut,
)
from opsconductor.transports.ssh import SshTransport

MIB = 1024 * 1024


@dataclass
class FolderShelf:
    """A shelf that is a folder."""

    folder: Path
    sources: dict[UUID, Source] = field(default_factory=dict)
    kept: dict[UUID, tuple[str, bytes]] = field(default_factory=dict)

    def put(self, content: bytes, name: str = "sent.bin") -> str:
        file_id = new_id()
        sha256 = hashlib.sha256(content).hexdigest()
        self.sources[file_id] = Source(name, len(content), sha256, lambda: io.BytesIO(content))
        return str(file_id)

    async def source(self, file_id: UUID) -> Source:
        if file_id not in self.sources:
            raise SourceUnreadable
        return self.sources[file_id]

    def room(self) -> Path:
        return self.folder / str(uuid4())

    async def keep(self, path: Path, *, name: str, size: int, sha256: str) -> UUID:
        content = path.read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, sha256)
        file_id = new_id()
        self.kept[file_id] = (name, content)
        return file_id


@pytest.fixture(scope="module")
async def target() -> Target:
    async with running_sshd() as [one]:
        yield one


@pytest.fixture
def shelf(tmp_path) -> FolderShelf:
    (tmp_path / "shelf").mkdir()
    return FolderShelf(tmp_path / "shelf")


@pytest.fixture
def theirs(tmp_path) -> Path:
    (tmp_path / "theirs").mkdir()
    return tmp_path / "theirs"


async def _do(
    target: Target,
    shelf: FolderShelf,
    *,
    cancelled: asyncio.Event | None = None,
    progress=lambda _: None,
    operation: str = "op-1",
    **parameters: object,
) -> Transferred:
    wanted = FileTransferParameters.model_validate(parameters)
    async with await SshTransport().connect(target.endpoint, target.login, target.pinned) as connection:
        return await transfer(
            connection,
            wanted,
            shelf,
            operation_id=operation,
            cancelled=cancelled or asyncio.Event(),
            progress=progress,
        )


def _tar(members: dict[str, bytes | None], *, mode: str = "w", **more: object) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            info.size = len(content or b"")
            info.mode = 0o755 if content is None else 0o640
            for key, value in more.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content or b""))
    return written.getvalue()


def _upload(destination: object, **more: object) -> dict[str, object]:
    return {"direction": "upload", "destination": str(destination), **more}


async def test_a_text_becomes_a_file(target, shelf, theirs):
    done = await _do(target, shelf, **_upload(theirs / "motd", content="wëlcome\n", mode="0600"))

    assert (theirs / "motd").read_text() == "wëlcome\n"
    assert (theirs / "motd").stat().st_mode & 0o7777 == 0o600
    assert (done.files, done.bytes_sent, done.bytes_total, done.skipped) == (1, 9, 9, 0)
    assert done.sha256 == hashlib.sha256("wëlcome\n".encode()).hexdigest()
    assert done.seconds > 0
    assert done.outcomes[0].path == str(theirs / "motd")


async def test_an_uploaded_file_is_sent_and_the_second_time_skipped(target, shelf, theirs):
    file_id = shelf.put(os.urandom(3 * MIB), "app.bin")

    first = await _do(target, shelf, **_upload(theirs, file_id=file_id))
    second = await _do(target, shelf, **_upload(theirs, file_id=file_id))

    assert (theirs / "app.bin").stat().st_size == 3 * MIB
    assert (first.bytes_sent, first.skipped) == (3 * MIB, 0)
    assert (second.bytes_sent, second.bytes_total, second.skipped) == (0, 3 * MIB, 1)
    assert second.outcomes[0].state == "unchanged"


async def test_a_file_that_was_deleted_is_named(target, shelf, theirs):
    with pytest.raises(SourceUnreadable):
        await _do(target, shelf, **_upload(theirs, file_id=str(new_id())))


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_archive_is_unpacked(target, shelf, theirs, compressed):
    big = os.urandom(2 * MIB)
    members = {"./": None, "./etc/": None, "./etc/a": b"a", "b/c/d": b"d", "big": big, "empty/": None}
    members |= {f"many/{number}": b"%d" % number for number in range(150)}
    packed = _tar(members, mode="w:gz" if compressed else "w")
    wanted = _upload(theirs / "new", file_id=shelf.put(packed, "tree.tar"), unpack=True)

    first = await _do(target, shelf, **wanted)
    (theirs / "new/etc/a").write_bytes(b"b")
    second = await _do(target, shelf, **wanted)

    assert (theirs / "new/big").read_bytes() == big
    assert (theirs / "new/b/c/d").read_bytes() == b"d"
    assert (theirs / "new/etc/a").read_bytes() == b"a"
    assert (theirs / "new/etc/a").stat().st_mode & 0o7777 == 0o640
    assert (theirs / "new/empty").is_dir()
    assert (first.files, first.skipped, len(first.outcomes)) == (153, 0, 100)
    assert (second.files, second.skipped, second.bytes_sent) == (153, 152, 1)
    assert list(shelf.folder.iterdir()) == []


async def test_a_harmless_archive_of_the_hostile_kind_is_unpacked(target, shelf, theirs):
    """The positive control of the next test: names with dots are names."""
    packed = _tar({"..a/...": b"x", "./.b": b"y"})

    done = await _do(target, shelf, **_upload(theirs, file_id=shelf.put(packed), unpack=True))

    assert (done.files, (theirs / "..a/...").read_bytes()) == (2, b"x")


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/../../escaped", "x" * 300, "a/" * 3000 + "b"])
async def test_an_archive_with_a_name_that_leads_out_sends_nothing(target, shelf, theirs, name):
    packed = _tar({"first": b"1", name: b"2"})

    with pytest.raises(ArchiveUnusable, match="leads out"):
        await _do(target, shelf, **_upload(theirs / "in", file_id=shelf.put(packed), unpack=True))

    assert list(theirs.iterdir()) == []


async def test_links_and_devices_in_an_archive_are_left_out_and_named(target, shelf, theirs):
    packed = _tar({"link": b""}, type=tarfile.SYMTYPE, linkname="/etc/passwd")

    done = await _do(target, shelf, **_upload(theirs, file_id=shelf.put(packed), unpack=True))

    assert (done.files, done.left_out, done.outcomes[0].state) == (0, 1, "left_out")
    assert list(theirs.iterdir()) == []


@pytest.mark.parametrize("damage", ["text", "cut", "cut gzip", "garbled gzip"])
async def test_a_broken_archive_sends_nothing(target, shelf, theirs, damage):
    whole = _tar({"a": os.urandom(MIB), "b": os.urandom(MIB)}, mode="w:gz" if "gzip" in damage else "w")
    middle = len(whole) // 2
    garbled = whole[:middle] + bytes(64) + whole[middle + 64 :]
    broken = {"text": b"no archive", "garbled gzip": garbled}.get(damage, whole[:middle])

    with pytest.raises(ArchiveUnusable, match="not a whole"):
        await _do(target, shelf, **_upload(theirs / "in", file_id=shelf.put(broken), unpack=True))

    assert list(theirs.iterdir()) == []


async def test_the_first_refusal_ends_an_unpacking(target, shelf, theirs):
    (theirs / "many/7").mkdir(parents=True)
    (theirs / "many/7/file").touch()
    packed = _tar({f"many/{number}": b"x" for number in range(100)})

    with pytest.raises(Exception, match="many/7") as refused:
        await _do(target, shelf, **_upload(theirs, file_id=shelf.put(packed), unpack=True))

    assert refused.value.code == "is_a_directory"
    assert parts(theirs) == []


async def test_a_file_and_a_directory_are_fetched_and_kept(target, shelf, theirs):
    (theirs / "logs").mkdir()
    (theirs / "logs/app log").write_bytes(b"line\n")
    (theirs / "logs/link").symlink_to("/etc/passwd")

    one = await _do(target, shelf, direction="download", path=str(theirs / "logs/app log"))
    tree = await _do(target, shelf, direction="download", path=f"{theirs}/logs/", recursive=True)

    assert shelf.kept[one.file_ids[0]] == ("app log", b"line\n")
    assert (one.files, one.bytes_total, one.outcomes[0].state) == (1, 5, "fetched")
    assert (tree.files, tree.bytes_total, tree.left_out) == (1, 5, 1)
    name, content = shelf.kept[tree.file_ids[0]]
    assert name == "logs.tar"
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["logs/app log"]


async def test_a_download_that_fails_leaves_nothing_here(target, shelf, theirs):
    with pytest.raises(PathMissing):
        await _do(target, shelf, direction="download", path=str(theirs / "nothing"))

    assert (list(shelf.folder.iterdir()), shelf.kept) == ([], {})


async def test_a_cancelled_transfer_ends_soon_and_leaves_nothing(target, shelf, theirs):
    cancelled = asyncio.Event()
    file_id = shelf.put(os.urandom(60 * MIB))

    with pytest.raises(TransferCancelled):
        await _do(
            target,
            shelf,
            cancelled=cancelled,
            progress=lambda _: cancelled.set(),
            **_upload(theirs / "file", file_id=file_id),
        )

    assert list(theirs.iterdir()) == []


async def test_a_transfer_that_takes_too_long_is_stopped(target, shelf, theirs):
    wanted = _upload(theirs / "file", file_id=shelf.put(os.urandom(60 * MIB)), timeout=0.3)

    with pytest.raises(TransferTimedOut, match=r"0\.3 seconds") as late:
        await _do(target, shelf, **wanted)

    assert late.value.kind == "timed_out"
    assert list(theirs.iterdir()) == []


async def test_a_target_that_stops_answering_is_left_within_six_seconds(shelf, theirs):
    cancelled = asyncio.Event()
    stalled: list[int] = []
    async with running_sshd(built_in=True) as [target], Cable(target) as cable:

        def stall(_count: int) -> None:
            if not stalled:
                cable.held = True
                asyncio.get_running_loop().call_later(0.5, cancelled.set)
            stalled.append(_count)

        started = time.monotonic()
        with pytest.raises(TransferCancelled):
            await _do(
                cable.target,
                shelf,
                cancelled=cancelled,
                progress=stall,
                **_upload(theirs / "file", file_id=shelf.put(os.urandom(30 * MIB))),
            )

    assert stalled
    assert time.monotonic() - started < 7
    assert not (theirs / "file").exists()


async def test_another_attempt_goes_on_where_a_lost_connection_ended_the_first(target, shelf, theirs):
    content = os.urandom(8 * MIB)
    wanted = _upload(theirs / "file", file_id=shelf.put(content))
    async with Cable(target) as cable:
        cable.left = 5 * MIB
        with pytest.raises(TransferInterrupted):
            await _do(cable.target, shelf, **wanted)
        cable.left = None
        done = await _do(cable.target, shelf, **wanted)

    assert done.outcomes[0].resumed_at > 2 * MIB
    assert done.bytes_sent < 6 * MIB
    assert (theirs / "file").read_bytes() == content


WHOLE = _upload("/x", content="x")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"destination": ""}, "empty"),
        ({"destination": "a\0b"}, "NUL"),
        ({"destination": "x" * 5000}, "longer than"),
        ({"destination": None}, "destination"),
        ({"content": None}, "either"),
        ({"file_id": str(new_id())}, "either"),
        ({"content": "x" * (256 * 1024 + 1)}, "256 KiB"),
        ({"unpack": True}, "unpack"),
        ({"path": "/x"}, "no path"),
        ({"mode": "rwx"}, "pattern"),
        ({"mode": "888"}, "pattern"),
        ({"owner": "root; id"}, "pattern"),
        ({"owner": "-R"}, "pattern"),
        ({"timeout": 0}, "greater than 0"),
        ({"direction": "download"}, "no content"),
        ({"surplus": 1}, "not permitted"),
    ],
)
def test_parameters_that_make_no_sense_are_refused_with_a_reason(change, says):
    assert FileTransferParameters.model_validate(WHOLE)  # the positive control

    with pytest.raises(ValidationError, match=says):
        FileTransferParameters.model_validate(WHOLE | change)


def test_a_download_needs_a_path_and_nothing_of_an_upload():
    assert FileTransferParameters.model_validate({"direction": "download", "path": "~/x"}).timeout == 300

    for bad in ({}, {"path": "/x", "mode": "0644"}, {"path": "/x", "size_limit": 0}):
        with pytest.raises(ValidationError):
            FileTransferParameters.model_validate({"direction": "download", **bad})
