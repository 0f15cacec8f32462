"""Files on their way to a real sshd, and to the product's own server."""

import asyncio
import contextlib
import os
import random as dice
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest
from tests.support.sshd import Target, running_sshd
from tests.transports import hostile
from tests.transports.filework import OPERATION, Cable, files_of, parts, place, random, serving, source
from tests.transports.sinks import Kept

from opsconductor.transports import (
    ChecksumMismatch,
    Command,
    FilesUnavailable,
    FolderMissing,
    IsDirectory,
    NotDirectory,
    NotFile,
    OwnerRefused,
    PathMissing,
    PermissionRefused,
    SourceUnreadable,
    TargetFull,
    TransferInterrupted,
    TransportError,
)

MIB = 1024 * 1024


@pytest.fixture(scope="module", params=["sshd", "built-in"])
async def either(request, target) -> AsyncIterator[Target]:
    if request.param == "sshd":
        yield target
        return
    async with running_sshd(built_in=True) as [one]:
        yield one


@pytest.fixture
def folder(either, tmp_path) -> Path:
    return tmp_path


async def _upload(transport, target, content, path, **more):
    async with files_of(transport, target) as files:
        return await files.upload(source(content), place(path, **more), operation_id=OPERATION)


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 256 * 1024 + 1, 10 * MIB + 7])
async def test_a_file_arrives_whole_and_verified(transport, either, folder, size):
    content = random(size)

    end = await _upload(transport, either, content, folder / "file")

    assert (folder / "file").read_bytes() == content
    assert (end.state, end.bytes_sent, end.atomic) == ("sent", size, True)
    assert end.verified_by == ("sha256sum" if size > 256 * 1024 else "read back")
    assert parts(folder) == []


async def test_progress_is_told_in_bytes(transport, either, folder):
    told: list[int] = []
    async with files_of(transport, either) as files:
        await files.upload(
            source(random(MIB)), place(folder / "file"), operation_id=OPERATION, progress=told.append
        )

    assert sum(told) == MIB
    assert len(told) > 4


async def test_an_unchanged_file_is_not_sent_again(transport, either, folder):
    for size in (10, MIB):
        content = random(size)
        (folder / "file").write_bytes(content)
        before = (folder / "file").stat().st_ino

        end = await _upload(transport, either, content, folder / "file", mode=0o600)

        assert (end.state, end.bytes_sent) == ("unchanged", 0)
        assert (folder / "file").stat().st_ino == before
        assert (folder / "file").stat().st_mode & 0o7777 == 0o600


async def test_a_file_of_the_same_length_with_other_content_is_sent(transport, either, folder):
    (folder / "file").write_bytes(b"old content")

    end = await _upload(transport, either, b"new content", folder / "file")

    assert end.state == "sent"
    assert (folder / "file").read_bytes() == b"new content"


async def test_what_may_not_be_replaced_is_kept(transport, either, folder):
    (folder / "file").write_bytes(b"old")

    kept = await _upload(transport, either, b"new", folder / "file", overwrite="never")
    new = await _upload(transport, either, b"new", folder / "other", overwrite="never")

    assert (kept.state, new.state) == ("kept", "sent")
    assert (folder / "file").read_bytes() == b"old"
    assert (folder / "other").read_bytes() == b"new"


async def test_always_sends_what_is_there_already(transport, either, folder):
    (folder / "file").write_bytes(b"same")

    assert (await _upload(transport, either, b"same", folder / "file", overwrite="always")).state == "sent"


async def test_a_replaced_file_keeps_its_mode_and_a_new_one_gets_what_is_asked(transport, either, folder):
    (folder / "script").write_bytes(b"old")
    (folder / "script").chmod(0o751)

    await _upload(transport, either, b"new", folder / "script")
    await _upload(transport, either, b"new", folder / "plain")
    await _upload(transport, either, b"new", folder / "secret", mode=0o600)

    modes = [(folder / name).stat().st_mode & 0o7777 for name in ("script", "plain", "secret")]
    assert modes == [0o751, 0o644, 0o600]


async def test_a_backup_keeps_the_old_content(transport, either, folder):
    (folder / "file").write_bytes(b"old")

    end = await _upload(transport, either, b"new", folder / "file", backup=True)

    assert end.backup
    assert Path(end.backup).read_bytes() == b"old"
    assert (folder / "file").read_bytes() == b"new"
    assert len(list(folder.iterdir())) == 2


async def test_a_directory_gets_the_file_under_its_own_name(transport, either, folder):
    (folder / "there").mkdir()

    end = await _upload(transport, either, b"x", folder / "there")
    with_slash = await _upload(transport, either, b"x", f"{folder}/new/", create_directories=True)

    assert end.path == str(folder / "there" / "sent.bin")
    assert with_slash.path == str(folder / "new" / "sent.bin")


async def test_folders_are_made_only_where_that_is_asked(transport, either, folder):
    with pytest.raises(FolderMissing):
        await _upload(transport, either, b"x", folder / "a/b/file")
    await _upload(transport, either, b"x", folder / "a/b/file", create_directories=True)

    assert (folder / "a/b/file").read_bytes() == b"x"


@pytest.mark.parametrize(
    "name", ["a b", "naïve ünïcödé 文件 🚚", 'it\'s "quoted"', "-rf", "new\nline", "$(id)"]
)
async def test_unusual_names_are_names(transport, either, folder, name):
    content = random(300 * 1024)

    end = await _upload(transport, either, content, folder / name)
    again = await _upload(transport, either, content, folder / name)

    assert (end.verified_by, again.state) == ("sha256sum", "unchanged")
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_bytes() == content


async def test_a_name_as_long_as_names_may_be_has_room_for_the_unfinished_file(transport, either, folder):
    name = "ü" * 127

    await _upload(transport, either, b"x", folder / name)

    assert [path.name for path in folder.iterdir()] == [name]


async def test_paths_may_begin_at_home(transport, target):
    home = Path.home()
    marks = [f".opsconductor-test-{os.getpid()}-{n}" for n in range(2)]
    try:
        for given in (marks[0], f"~/{marks[1]}"):
            await _upload(transport, target, b"x", given)
        assert [(home / mark).read_bytes() for mark in marks] == [b"x", b"x"]
    finally:
        for mark in marks:
            (home / mark).unlink(missing_ok=True)


async def test_a_link_is_replaced_not_followed(transport, either, folder):
    (folder / "elsewhere").write_bytes(b"must stay")
    (folder / "link").symlink_to(folder / "elsewhere")

    await _upload(transport, either, b"new", folder / "link")

    assert (folder / "elsewhere").read_bytes() == b"must stay"
    assert (folder / "link").read_bytes() == b"new"
    assert not (folder / "link").is_symlink()


async def test_a_link_in_the_place_of_the_unfinished_file_is_not_written_through(transport, either, folder):
    (folder / "victim").write_bytes(b"must stay")
    for size in (10, MIB):
        (folder / f".file.opsc-{OPERATION}.part").symlink_to(folder / "victim")

        await _upload(transport, either, random(size), folder / "file")

        assert (folder / "victim").read_bytes() == b"must stay"
        assert parts(folder) == []


async def test_refusals_say_what_is_wrong_and_leave_nothing(transport, either, folder):
    (folder / "file").write_bytes(b"x")
    (folder / "folder/sent.bin").mkdir(parents=True)
    os.mkfifo(folder / "pipe")

    for path, error in (
        (folder / "folder", IsDirectory),
        (folder / "pipe", NotFile),
        (folder / "file/below", (PathMissing, NotDirectory, FolderMissing)),
    ):
        with pytest.raises(error) as refused:
            await _upload(transport, either, b"x", path)
        assert refused.value.kind == "failed"
        assert str(path) in refused.value.detail
    assert parts(folder) == []


async def test_a_source_that_is_gone_or_shorter_than_it_was_leaves_nothing(transport, either, folder):
    gone = replace(source(b"x" * MIB), open=(folder / "nothing").open)
    shorter = replace(source(random(2 * MIB)), size=3 * MIB)
    async with files_of(transport, either) as files:
        for bad in (gone, shorter):
            with pytest.raises(SourceUnreadable):
                await files.upload(bad, place(folder / "file"), operation_id=OPERATION)

    assert list(folder.iterdir()) == []


async def test_content_that_is_not_what_was_promised_never_gets_the_name(transport, either, folder):
    (folder / "file").write_bytes(b"old")
    for size in (10, MIB):
        lying = replace(source(random(size)), sha256="0" * 64)
        async with files_of(transport, either) as files:
            with pytest.raises(ChecksumMismatch):
                await files.upload(lying, place(folder / "file"), operation_id=OPERATION)

    assert (folder / "file").read_bytes() == b"old"
    assert parts(folder) == []


async def test_a_cancelled_upload_leaves_nothing(transport, either, folder):
    started = asyncio.Event()
    async with files_of(transport, either) as files:
        work = asyncio.create_task(
            files.upload(
                source(random(20 * MIB)),
                place(folder / "file"),
                operation_id=OPERATION,
                progress=lambda _: started.set(),
            )
        )
        await started.wait()
        assert parts(folder)  # the positive control: there was something to remove
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

        assert list(folder.iterdir()) == []


async def test_commands_run_beside_a_transfer(transport, either, folder):
    kept = Kept()
    async with await transport.connect(either.endpoint, either.login, either.pinned) as connection:
        async with connection.files() as files:
            upload = asyncio.create_task(
                files.upload(source(random(5 * MIB)), place(folder / "file"), operation_id=OPERATION)
            )
            running = await connection.start(Command("echo here", 10), kept)
            end = await running.wait()
            assert (await upload).state == "sent"

    assert (end.exit_code, kept.out) == (0, b"here\n")


async def test_an_upload_goes_on_where_a_lost_connection_ended_it(transport, either, folder):
    content = random(10 * MIB)
    async with Cable(either) as cable:
        cable.left = 6 * MIB
        with pytest.raises(TransferInterrupted) as lost:
            await _upload(transport, cable.target, content, folder / "file")
        assert not (folder / "file").exists()
        assert lost.value.retry

        cable.left = None
        end = await _upload(transport, cable.target, content, folder / "file")

    assert 3 * MIB < end.resumed_at < 7 * MIB
    assert end.bytes_sent == len(content) - end.resumed_at
    assert (folder / "file").read_bytes() == content
    assert parts(folder) == []


async def test_what_is_left_of_other_content_is_not_used(transport, either, folder):
    (folder / f".file.opsc-{OPERATION}.part").write_bytes(random(MIB))
    content = random(2 * MIB)

    end = await _upload(transport, either, content, folder / "file")

    assert (end.resumed_at, end.bytes_sent) == (0, len(content))
    assert (folder / "file").read_bytes() == content


async def test_thirty_lost_connections_never_leave_half_a_file(transport, target, tmp_path):
    rolls = dice.Random(4)
    half, resumed, lost = 0, 0, 0
    for number in range(30):
        path = tmp_path / f"{number}"
        old, new = random(1000), random(2 * MIB)
        path.write_bytes(old)
        async with Cable(target) as cable:
            cable.left = rolls.randrange(4_000, 2 * MIB + 40_000)
            with contextlib.suppress(TransportError):
                await _upload(transport, cable.target, new, path)
                continue
            lost += 1
            half += path.read_bytes() not in (old, new)
            cable.left = None
            end = await _upload(transport, cable.target, new, path)
        resumed += end.resumed_at > 0
        assert path.read_bytes() == new

    assert lost >= 25  # the positive control: connections were cut
    assert half == 0
    assert resumed >= lost // 2
    assert parts(tmp_path) == []


@contextlib.contextmanager
def _mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory, where the machine lets us."""
    folder.mkdir(mode=0o555)
    mounting = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount, and not everywhere")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    with _mounted(tmp_path / "disk", "size=2m"):
        yield tmp_path / "disk"


@pytest.fixture
def closed(tmp_path) -> Iterator[Path]:
    """A folder that may not be written; no mode keeps root out."""
    if os.getuid() == 0:
        with _mounted(tmp_path / "closed", "ro"):
            yield tmp_path / "closed"
    else:
        (tmp_path / "closed").mkdir(mode=0o555)
        yield tmp_path / "closed"


async def test_a_full_disk_is_named_and_left_as_it_was(transport, target, small_disk):
    (small_disk / "file").write_bytes(b"old")

    with pytest.raises(TargetFull):
        await _upload(transport, target, random(5 * MIB), small_disk / "file")

    assert [path.read_bytes() for path in small_disk.iterdir()] == [b"old"]


async def test_a_folder_that_may_not_be_written_is_named(transport, target, closed):
    with pytest.raises(TransportError) as refused:
        await _upload(transport, target, b"x", closed / "file")

    assert refused.value.code in ("permission_denied", "transfer_refused")  # a disk may not be, or a folder
    assert str(closed) in refused.value.detail


async def test_permission_denied_names_who_may_not(transport):
    class Closed(asyncssh.SFTPServer):
        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            raise asyncssh.SFTPPermissionDenied("no")

    async with serving(Closed) as behaving:
        with pytest.raises(PermissionRefused, match="does not allow somebody to write /root/file"):
            await _upload(transport, behaving, b"x", "/root/file")


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
async def test_root_gives_files_away_by_name_and_by_number(transport, target, tmp_path):
    await _upload(transport, target, b"x", tmp_path / "name", owner="nobody", group="daemon", mode=0o4755)
    await _upload(transport, target, b"x", tmp_path / "number", owner="65534")
    os.chown(tmp_path / "number", 1, 1)
    await _upload(transport, target, b"y", tmp_path / "number")

    named, numbered = (tmp_path / "name").stat(), (tmp_path / "number").stat()
    assert (named.st_uid, named.st_gid, named.st_mode & 0o7777) == (65534, 1, 0o4755)
    assert (numbered.st_uid, numbered.st_gid) == (1, 1)


async def test_an_owner_that_is_not_there_is_refused_before_anything_has_the_name(transport, either, folder):
    with pytest.raises(OwnerRefused):
        await _upload(transport, either, b"x", folder / "file", owner="no-such-account")

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("owner", ["root; touch /tmp/pwned", "$(id)", "a b", "-R", "'"])
async def test_an_owner_is_never_part_of_a_script(transport, target, tmp_path, owner):
    with pytest.raises((ValueError, TransportError)):
        await _upload(transport, target, b"x", tmp_path / "file", owner=owner)

    assert list(tmp_path.iterdir()) == []


async def test_a_target_without_sftp_says_so(transport):
    async with hostile.scripted(hostile.never_ends) as server:
        with pytest.raises(FilesUnavailable):
            async with files_of(transport, server.target):
                pass


async def test_a_target_without_a_shell_is_verified_by_reading_back(transport, tmp_path):
    async with serving(asyncssh.SFTPServer) as behaving:
        content = random(MIB)
        end = await _upload(transport, behaving, content, tmp_path / "file")

    assert end.verified_by == "read back"
    assert (tmp_path / "file").read_bytes() == content


async def test_a_target_that_garbles_what_it_stores_is_found_out(transport, tmp_path):
    class Garbling(asyncssh.SFTPServer):
        def write(self, file_obj: object, offset: int, data: bytes) -> int:
            return super().write(file_obj, offset, data[:-1] + bytes([data[-1] ^ 1]))

    async with serving(Garbling) as behaving:
        with pytest.raises(ChecksumMismatch):
            await _upload(transport, behaving, random(MIB), tmp_path / "file")

    assert list(tmp_path.iterdir()) == []


async def test_a_target_without_atomic_replacement_is_told_apart(transport, tmp_path):
    class Old(asyncssh.SFTPServer):
        def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
            raise asyncssh.SFTPOpUnsupported("no")

        def link(self, oldpath: bytes, newpath: bytes) -> None:
            raise asyncssh.SFTPOpUnsupported("no")

        def fsync(self, file_obj: object) -> None:
            raise asyncssh.SFTPOpUnsupported("no")

    async with serving(Old) as behaving:
        fresh = await _upload(transport, behaving, b"first", tmp_path / "file")
        replaced = await _upload(transport, behaving, b"second", tmp_path / "file")
        backed = await _upload(transport, behaving, b"third", tmp_path / "file", backup=True)

    assert [end.atomic for end in (fresh, replaced, backed)] == [True, False, False]
    assert (tmp_path / "file").read_bytes() == b"third"
    assert Path(backed.backup).read_bytes() == b"second"


async def test_a_connection_that_is_closed_opens_no_files(transport, target):
    connection = await transport.connect(target.endpoint, target.login, target.pinned)
    await connection.close()

    with pytest.raises(TransportError) as refused:
        async with connection.files():
            pass
    assert refused.value.retry


async def test_a_bad_operation_id_is_a_mistake(transport, target, tmp_path):
    async with files_of(transport, target) as files:
        with pytest.raises(ValueError, match="operation id"):
            await files.upload(source(b"x"), place(tmp_path / "file"), operation_id="../../x")
