"""Detached commands on targets of all kinds: other shells, missing programs, full disks, forbidden folders."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.sshd import Target, running_sshd
from tests.transports.detached_runs import (
    a_key,
    attached,
    connected,
    folder,
    later,
    processes,
    run,
    start_and_vanish,
    state,
    until,
    written,
)
from tests.transports.sinks import Kept

from opsconductor.transports import Command, Exit
from opsconductor.transports.detached import Received
from opsconductor.transports.detached_errors import DetachedUnsupported

SECRET = b"the-password-of-sudo"


@contextlib.asynccontextmanager
async def target_with(programs: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Target]:
    """Run a target on which only these programs are found."""
    monkeypatch.setenv("PATH", str(programs))
    async with running_sshd(built_in=True) as [target]:
        yield target


def linked(folder: Path, programs: dict[str, str]) -> Path:
    folder.mkdir()
    for name, program in programs.items():
        (folder / name).symlink_to(program)
    return folder


def all_programs() -> dict[str, str]:
    return {
        path.name: str(path)
        for place in ("/usr/bin", "/bin")
        for path in Path(place).glob("*")
        if os.access(path, os.X_OK)
    }


def applets(busybox: str) -> dict[str, str]:
    """Return what a system of nothing but busybox has; Debian builds it without flock."""
    names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    return {"flock": shutil.which("flock") or "", **dict.fromkeys(names, busybox)}


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
async def test_any_usual_shell_will_do(transport, shell, tmp_path, monkeypatch):
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    programs = applets(found) if shell == "busybox" else all_programs() | {"sh": found}
    async with target_with(linked(tmp_path / "bin", programs), monkeypatch) as target:
        key, gate, note = a_key(), tmp_path / "gate", tmp_path / "pid"
        text = f"cat; echo err >&2; until [ -e {gate} ]; do sleep 0.1; done; head -c 200000 /dev/zero; exit 9"
        await start_and_vanish(transport, target, Command(text, 20, b"in\0"), key)
        gate.touch()
        async with connected(transport, target) as connection:
            end, kept = await attached(connection, later(key))
            running = await connection.start_detached(
                Command(f"trap '' TERM; echo $$ > {note}; sleep 30; sleep 30", 40), Received(Kept()), a_key()
            )
            await until(lambda: written(note))
            stopped = await running.cancel(grace=0.3)
            assert await connection.release(later(key))
        await until(lambda: not list(processes(target)))

    assert end == Exit(9, None, clean=True)
    assert (kept.out, kept.err) == (b"in\0" + bytes(200_000), b"err\n")
    assert stopped.exit == Exit(None, "KILL", clean=True)


@pytest.mark.parametrize("missing", ["flock", "setsid", "mkfifo"])
async def test_a_target_without_a_needed_program_is_refused_before_anything_runs(
    transport, missing, tmp_path, monkeypatch
):
    programs, mark = all_programs(), tmp_path / "mark"
    del programs[missing]
    async with target_with(linked(tmp_path / "bin", programs), monkeypatch) as target:
        async with connected(transport, target) as connection:
            with pytest.raises(DetachedUnsupported, match=missing) as refused:
                await run(connection, f"touch {mark}")

        assert (refused.value.kind, refused.value.retry) == ("failed", False)
        assert not mark.exists()
        assert not state(target).exists()


async def test_a_target_without_sha256sum_is_checked_by_length(transport, tmp_path, monkeypatch):
    programs = all_programs()
    del programs["sha256sum"]
    async with target_with(linked(tmp_path / "bin", programs), monkeypatch) as target:
        async with connected(transport, target) as connection:
            end, kept = await run(connection, "echo out")

    assert (end, kept.out) == (Exit(0, None, clean=True), b"out\n")


async def test_a_home_that_can_not_be_written_to_is_refused_before_anything_runs(transport, tmp_path):
    mark = tmp_path / "mark"
    async with running_sshd() as [target]:
        state(target).write_text("a file where the folder should be")
        async with connected(transport, target) as connection:
            with pytest.raises(DetachedUnsupported, match="folder"):
                await run(connection, f"touch {mark}")
    assert not mark.exists()


async def test_a_home_on_a_read_only_disk_is_refused_before_anything_runs(transport, tmp_path):
    mark = tmp_path / "mark"
    async with running_sshd() as [target]:
        with small_disk(state(target), "ro"):
            async with connected(transport, target) as connection:
                with pytest.raises(DetachedUnsupported, match="folder"):
                    await run(connection, f"touch {mark}")
    assert not mark.exists()


async def test_a_full_disk_is_refused_before_anything_runs(transport, tmp_path):
    mark = tmp_path / "mark"
    async with running_sshd() as [target]:
        with small_disk(state(target), "size=64k"):
            fill(state(target))
            async with connected(transport, target) as connection:
                with pytest.raises(DetachedUnsupported, match=r"room|folder"):
                    await run(connection, f"touch {mark}")
    assert not mark.exists()


async def test_a_disk_that_fills_up_costs_output_but_not_the_exit_code(transport, tmp_path):
    after = tmp_path / "after"
    async with running_sshd() as [target]:
        with small_disk(state(target), "size=256k"):
            key = a_key()
            async with connected(transport, target) as connection:
                end, kept = await run(connection, f"head -c 1000000 /dev/zero; touch {after}; exit 7", key)
                again, _ = await attached(connection, later(key))
                assert await connection.release(later(key))
            await until(lambda: not list(processes(target)))

    assert end == again == Exit(7, None, clean=False)
    assert after.exists()
    assert kept.out == bytes(len(kept.out))
    assert 0 < len(kept.out) < 256_000


async def test_a_login_that_runs_a_command_of_its_own_is_refused(transport, tmp_path):
    log, mark = tmp_path / "log", tmp_path / "mark"
    async with running_sshd() as [target]:
        if target.kind != "openssh":
            pytest.skip("needs OpenSSH")
        authorized = target.home / "authorized_keys"
        authorized.write_text(f'command="echo noise; echo ran >> {log}" {authorized.read_text()}')
        async with connected(transport, target) as connection:
            with pytest.raises(DetachedUnsupported, match="shell"):
                await run(connection, f"touch {mark}")

    assert log.read_text() == "ran\n"
    assert not mark.exists()


async def test_input_is_in_no_file_and_no_list_of_processes(transport, tmp_path):
    async with running_sshd() as [target]:
        key, gate = a_key(), tmp_path / "gate"
        text = f"read secret; echo not-a-secret; until [ -e {gate} ]; do sleep 0.05; done"
        async with connected(transport, target) as connection:
            kept = Kept()
            command = Command(text, 20, SECRET + b"\n")
            running = await connection.start_detached(command, Received(kept), key)
            await until(lambda: kept.out)
            seen = b"".join([*_arguments(target), *_files(folder(target, key)), *_environments(target)])
            gate.touch()
            await running.wait()

    assert b"not-a-secret" in seen  # output and command lines were looked at
    assert SECRET not in seen
    assert b"dGhlLXBhc3N3b3JkLW9mLXN1ZG8" not in seen


async def test_input_waits_in_memory_however_long_it_is(transport, tmp_path):
    async with running_sshd() as [target]:
        key, gate = a_key(), tmp_path / "gate"
        sent = os.urandom(300_000)
        async with connected(transport, target) as connection:
            kept = Kept()
            command = Command(f"until [ -e {gate} ]; do sleep 0.05; done; cat", 20, sent)
            running = await connection.start_detached(command, Received(kept), key)
            sizes = [path.stat().st_size for path in folder(target, key).iterdir()]
            gate.touch()
            end = await running.wait()

    assert max(sizes) < 1_000
    assert end.clean
    assert kept.out == sent


def _arguments(target: Target) -> Iterator[bytes]:
    for process in processes(target):
        with contextlib.suppress(OSError):
            yield (process / "cmdline").read_bytes()


def _environments(target: Target) -> Iterator[bytes]:
    for process in processes(target):
        with contextlib.suppress(OSError):
            yield (process / "environ").read_bytes()


def _files(place: Path) -> Iterator[bytes]:
    for path in place.iterdir():
        if path.is_file():
            yield path.read_bytes()


@contextlib.contextmanager
def small_disk(place: Path, options: str) -> Iterator[None]:
    place.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a disk is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> None:
    with contextlib.suppress(OSError), (place / "filling").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
