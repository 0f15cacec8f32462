"""Files on their way from a real sshd, from the product's own server, and from targets that mean no good."""

import asyncio
import hashlib
import os
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest
from tests.support.sshd import Target, running_sshd
from tests.transports.filework import files_of, random, serving

from opsconductor.transports import (
    FileChanged,
    IsDirectory,
    NotFile,
    PathMissing,
    StorageFull,
    TransferLimit,
    TransportError,
    UnsafeAnswer,
)

MIB = 1024 * 1024
LIMIT = 64 * MIB


@pytest.fixture(scope="module", params=["sshd", "built-in"])
async def either(request, target) -> AsyncIterator[Target]:
    if request.param == "sshd":
        yield target
        return
    async with running_sshd(built_in=True) as [one]:
        yield one


@pytest.fixture
def folder(either, tmp_path) -> Path:
    (tmp_path / "theirs").mkdir()
    return tmp_path / "theirs"


@pytest.fixture
def into(tmp_path) -> Path:
    (tmp_path / "ours").mkdir()
    return tmp_path / "ours" / "fetched"


async def _download(transport, target, path, into, *, limit=LIMIT, **more):
    async with files_of(transport, target) as files:
        return await files.download(str(path), into, limit=limit, **more)


@pytest.mark.parametrize("size", [0, 1, 10 * MIB + 7])
async def test_a_file_arrives_whole(transport, either, folder, into, size):
    content = random(size)
    (folder / "file").write_bytes(content)
    told: list[int] = []

    got = await _download(transport, either, folder / "file", into, progress=told.append)

    assert into.read_bytes() == content
    assert got.sha256 == hashlib.sha256(content).hexdigest()
    assert (got.size, got.content, got.files, sum(told)) == (size, size, 1, size)
    assert got.verified_by == ("sha256sum" if size > MIB else "length")


async def test_a_link_that_was_asked_for_is_followed(transport, either, folder, into):
    (folder / "file").write_bytes(b"content")
    (folder / "link").symlink_to("file")

    await _download(transport, either, folder / "link", into)

    assert into.read_bytes() == b"content"


async def test_a_file_without_a_length_is_read_to_its_end(transport, either, into):
    got = await _download(transport, either, "/proc/self/status", into)

    assert b"Name:" in into.read_bytes()
    assert got.size > 100


async def test_a_directory_arrives_as_one_archive(transport, either, folder, into):
    (folder / "a/b/ünï").mkdir(parents=True)
    (folder / "a/empty").mkdir()
    big = random(3 * MIB + 1)
    (folder / "a/b/ünï/big").write_bytes(big)
    (folder / "a/b/文件 1").write_bytes(b"text")
    (folder / "a/zero").touch()
    (folder / "a/run").write_bytes(b"#!/bin/sh\n")
    (folder / "a/run").chmod(0o4755)

    got = await _download(transport, either, folder / "a", into, recursive=True)

    with tarfile.open(into) as archive:
        held = {member.name: member for member in archive}
        content = {name: archive.extractfile(m).read() for name, m in held.items() if m.isreg()}
    assert sorted(held) == ["a/b", "a/b/ünï", "a/b/ünï/big", "a/b/文件 1", "a/empty", "a/run", "a/zero"]
    assert content["a/b/ünï/big"] == big
    assert content["a/b/文件 1"] == b"text"
    assert held["a/run"].mode == 0o755  # no rights of others travel along
    assert (got.files, got.content, got.is_archive, got.size) == (
        4,
        len(big) + 14,
        True,
        into.stat().st_size,
    )
    assert got.sha256 == hashlib.sha256(into.read_bytes()).hexdigest()


async def test_names_that_are_no_text_arrive_as_they_are(transport, target, tmp_path, into):
    (tmp_path / "theirs").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "theirs") + b"/\xff\xfe")).write_bytes(b"x")

    await _download(transport, target, tmp_path / "theirs", into, recursive=True)

    with tarfile.open(into, errors="surrogateescape") as archive:
        assert [os.fsencode(member.name) for member in archive] == [b"theirs/\xff\xfe"]


async def test_links_in_a_directory_are_left_out_and_named(transport, either, folder, into, tmp_path):
    (tmp_path / "secret").write_bytes(b"outside")
    (folder / "to-file").symlink_to(tmp_path / "secret")
    (folder / "to-folder").symlink_to(tmp_path)
    (folder / "to-itself").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    (folder / "file").write_bytes(b"inside")

    got = await _download(transport, either, folder, into, recursive=True)

    with tarfile.open(into) as archive:
        assert archive.getnames() == ["theirs/file"]
    assert {(one.path, one.reason) for one in got.omitted} == {
        ("theirs/to-file", "link"),
        ("theirs/to-folder", "link"),
        ("theirs/to-itself", "link"),
        ("theirs/pipe", "special"),
    }
    assert b"outside" not in into.read_bytes()


async def test_refusals_say_what_is_wrong_and_leave_nothing(transport, either, folder, into):
    (folder / "file").write_bytes(random(1000))

    for path, more, error in (
        (folder / "nothing", {}, PathMissing),
        (folder, {}, IsDirectory),
        ("/dev/zero", {}, NotFile),
        (folder / "file", {"limit": 999}, TransferLimit),
        (folder, {"limit": 999, "recursive": True}, TransferLimit),
    ):
        with pytest.raises(error) as refused:
            await _download(transport, either, path, into, **more)
        assert str(path) in refused.value.detail
        assert list(into.parent.iterdir()) == []


async def test_a_local_file_that_is_there_is_not_touched(transport, target, into):
    into.write_bytes(b"ours")

    with pytest.raises(StorageFull):
        await _download(transport, target, "/etc/hostname", into)

    assert into.read_bytes() == b"ours"


async def test_a_cancelled_download_leaves_nothing(transport, either, folder, into):
    (folder / "file").write_bytes(random(20 * MIB))
    started = asyncio.Event()
    work = asyncio.create_task(
        _download(transport, either, folder / "file", into, progress=lambda _: started.set())
    )
    await started.wait()
    assert into.exists()  # the positive control

    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert list(into.parent.iterdir()) == []


class Hostile(asyncssh.SFTPServer):
    """A target whose one directory, /evil, has what the class says."""

    names: tuple[bytes, ...] = ()
    kind = asyncssh.FILEXFER_TYPE_REGULAR
    size = 4

    def _attributes(self, kind: int, size: int) -> asyncssh.SFTPAttrs:
        bits = 0o040755 if kind == asyncssh.FILEXFER_TYPE_DIRECTORY else 0o100644
        return asyncssh.SFTPAttrs(permissions=bits, size=size, type=kind)

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        folder = path == b"/evil" or self.kind == asyncssh.FILEXFER_TYPE_DIRECTORY
        kind = asyncssh.FILEXFER_TYPE_DIRECTORY if folder else asyncssh.FILEXFER_TYPE_REGULAR
        return self._attributes(kind, self.size)

    lstat = stat

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return self._attributes(asyncssh.FILEXFER_TYPE_REGULAR, self.size)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for name in self.names:
            yield asyncssh.SFTPName(name, b"", self._attributes(self.kind, self.size))

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return object()

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        return b"evil"[offset : offset + size]

    def close(self, file_obj: object) -> None:
        pass


async def _from(transport, kind: type[Hostile], into: Path, **more):
    async with serving(kind) as behaving:
        return await _download(transport, behaving, "/evil", into, recursive=True, **more)


async def test_a_harmless_name_of_the_hostile_target_arrives(transport, into):
    """The positive control of the tests below: the target works."""

    class Harmless(Hostile):
        names = (b".", b"..", b"file", b"...", b"a\\b")

    await _from(transport, Harmless, into)

    with tarfile.open(into) as archive:
        assert archive.getnames() == ["evil/...", "evil/a\\b", "evil/file"]


@pytest.mark.parametrize(
    "name", [b"../escaped", b"/etc/cron.d/evil", b"a/../../b", b"a/b", b"", b"nul\0nul", b"x" * 2000]
)
async def test_a_name_that_is_more_than_a_name_ends_the_download(transport, into, name):
    class Escaping(Hostile):
        names = (b"file", name)

    with pytest.raises(UnsafeAnswer):
        await _from(transport, Escaping, into)

    assert list(into.parent.iterdir()) == []
    assert list(into.parent.parent.iterdir()) == [into.parent]


async def test_a_directory_without_end_is_given_up(transport, into):
    class Endless(Hostile):
        async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
            number = 0
            while True:
                number += 1
                yield asyncssh.SFTPName(b"%d" % number, b"", self._attributes(self.kind, 0))

    with pytest.raises(TransferLimit, match="files"):
        await _from(transport, Endless, into)

    assert list(into.parent.iterdir()) == []


async def test_directories_below_each_other_without_end_are_given_up(transport, into):
    class Deep(Hostile):
        names = (b"deeper",)
        kind = asyncssh.FILEXFER_TYPE_DIRECTORY

    with pytest.raises(TransferLimit, match="below each other"):
        await _from(transport, Deep, into)

    assert list(into.parent.iterdir()) == []


async def test_a_file_that_grows_without_end_is_given_up(transport, into):
    class Growing(Hostile):
        size = 0
        names = (b"file",)

        def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
            return self._attributes(asyncssh.FILEXFER_TYPE_REGULAR, 0)

        def read(self, file_obj: object, offset: int, size: int) -> bytes:
            return b"x" * size

    with pytest.raises(TransferLimit, match="bytes"):
        await _from(transport, Growing, into, limit=MIB)

    assert list(into.parent.iterdir()) == []


async def test_files_that_say_they_are_longer_than_they_are_or_endless_are_given_up(transport, into):
    class Shrinking(Hostile):
        names = (b"file",)
        size = 100

    class Huge(Hostile):
        names = (b"file",)
        size = 2**63

    for kind, error in ((Shrinking, FileChanged), (Huge, TransferLimit)):
        with pytest.raises(error):
            await _from(transport, kind, into)
        assert list(into.parent.iterdir()) == []


async def test_more_bytes_than_were_asked_for_are_not_taken(transport, into):
    class Gushing(Hostile):
        names = (b"file",)

        def read(self, file_obj: object, offset: int, size: int) -> bytes:
            return b"x" * (size + 1)

    with pytest.raises(TransportError):
        await _from(transport, Gushing, into)

    assert list(into.parent.iterdir()) == []
