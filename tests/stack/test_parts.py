"""Locks, ports, leftovers, control socket, log files: the small parts of the stack."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys

import psutil
import pytest

from opsconductor.kit.settings import Settings
from opsconductor.stack import control, embedded, given, leftovers, lock, logfiles, ports
from opsconductor.stack.control import Control
from opsconductor.stack.folders import DataDir, require_space
from opsconductor.stack.problems import StackProblem


def test_a_second_stack_in_the_same_folder_is_refused_with_what_to_do(tmp_path):
    with lock.hold(tmp_path / "lock"), pytest.raises(StackProblem, match=f"process {os.getpid()}.*down"):
        lock.hold(tmp_path / "lock")


def test_a_lock_ends_with_its_holder(tmp_path):
    code = "import sys,pathlib; from opsconductor.stack import lock; lock.hold(pathlib.Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "lock")],
        check=True,
        env={**os.environ, "PYTHONPATH": "src"},
    )
    lock.hold(tmp_path / "lock").close()


def test_ports_stay_the_same_from_start_to_start(tmp_path):
    first = ports.choose(tmp_path / "ports.json")
    assert ports.choose(tmp_path / "ports.json") == first


def test_a_taken_port_is_passed_over(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = ports.choose(tmp_path / "ports.json", {"public": port})
    assert chosen["public"] != port


def test_no_two_parts_get_the_same_port(tmp_path):
    chosen = ports.choose(tmp_path / "ports.json", dict.fromkeys(ports.WANTED, 28080))
    assert len(set(chosen.values())) == len(chosen)


def test_an_unreadable_memory_of_ports_is_no_obstacle(tmp_path):
    (tmp_path / "ports.json").write_text("{half")
    assert set(ports.choose(tmp_path / "ports.json")) == set(ports.WANTED)


def test_what_a_killed_stack_left_running_is_ended(tmp_path):
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    leftovers.note(tmp_path / "record", [left.pid])
    assert leftovers.end(tmp_path / "record") == 1
    assert left.wait(5) < 0


def test_a_process_that_only_has_the_same_number_is_left_alone(tmp_path):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        (tmp_path / "record").write_text(f'{{"{other.pid}": "12345"}}')
        assert leftovers.end(tmp_path / "record") == 0
        assert psutil.pid_exists(other.pid)
    finally:
        other.kill()
        other.wait()


async def test_the_control_socket_is_only_for_its_owner(tmp_path):
    door = Control(tmp_path / "s", _echo)
    await door.open()
    assert (tmp_path / "s").stat().st_mode & 0o077 == 0
    await door.close()


async def test_a_control_socket_in_a_very_deep_folder_works(tmp_path):
    deep = tmp_path / ("d" * 100) / "control.sock"
    deep.parent.mkdir()
    door = Control(deep, _echo)
    await door.open()
    try:
        assert await asyncio.to_thread(control.ask, deep, "hello") == {"do": "hello"}
    finally:
        await door.close()


async def _echo(wanted):
    return wanted


def test_asking_where_nobody_answers_gives_none(tmp_path):
    assert control.ask(tmp_path / "nothing", "status") is None


def test_a_log_that_grows_too_long_begins_anew_and_keeps_the_old_one(tmp_path, monkeypatch):
    monkeypatch.setattr(logfiles, "LARGEST", 100)
    log = logfiles.LogFile(tmp_path / "core.log")
    for number in range(30):
        log.write(f"line {number:04d}\n".encode())
    log.close()
    assert (tmp_path / "core.log.1").exists()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5 * 110


def test_secrets_are_files_that_only_their_owner_can_read(tmp_path):
    data = DataDir(tmp_path / "data")
    data.make()
    first = data.secret("secret_key")
    assert data.secret("secret_key") == first
    assert (data.secrets / "secret_key").stat().st_mode & 0o077 == 0


def test_a_port_that_was_asked_for_counts_more_than_the_last_one(tmp_path):
    ports.choose(tmp_path / "ports.json", {"public": 28180})
    assert ports.choose(tmp_path / "ports.json", {"public": 28190})["public"] == 28190


def test_a_full_disk_is_told_before_anything_is_begun(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(StackProblem, match="Free some space"):
        require_space(tmp_path, free + 2**30)


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StackProblem, match="--data-dir"):
        DataDir(tmp_path / "file" / "data").make()


async def test_a_port_that_is_held_alone_is_nobody_elses():
    with ports.reserve(alone=True) as held:
        port = ports.port_of(held)
        with ports.reserve(port) as other:
            assert ports.port_of(other) != port
        with pytest.raises(OSError, match="in use"):
            await asyncio.start_server(lambda *_: None, ports.LOOPBACK, port)


async def test_two_stacks_start_one_after_the_other():
    order: list[str] = []

    async def start(name: str) -> None:
        async with lock.one_start_at_a_time():
            order.append(f"{name} begins")
            await asyncio.sleep(0.15)
            order.append(f"{name} has begun")

    await asyncio.gather(start("one"), start("two"))
    assert order == ["one begins", "one has begun", "two begins", "two has begun"]


def test_settings_of_our_environment_reach_every_python_service(tmp_path, monkeypatch):
    monkeypatch.setenv("OPSCONDUCTOR_OUTPUT_DAYS", "7")
    monkeypatch.setenv("OPSCONDUCTOR_SOMETHING_ELSE", "stays here")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@127.0.0.1:9/elsewhere")
    data = DataDir(tmp_path)
    data.make()
    layout = embedded.lay_out(data)
    told = {service.name: service.environment for service in embedded.services(layout)}

    assert told["worker"]["OPSCONDUCTOR_OUTPUT_DAYS"] == told["beat"]["OPSCONDUCTOR_OUTPUT_DAYS"] == "7"
    assert "OPSCONDUCTOR_OUTPUT_DAYS" not in told["nodered"]
    assert not [name for name, seen in told.items() if "OPSCONDUCTOR_SOMETHING_ELSE" in seen]


def test_only_migrations_are_told_how_to_be_the_owner_of_the_tables(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@127.0.0.1:9/elsewhere")
    monkeypatch.setenv("OPSCONDUCTOR_MIGRATION_DATABASE_URL", "postgresql://owner@127.0.0.1:9/elsewhere")
    data = DataDir(tmp_path)
    data.make()
    told = {
        service.name
        for service in embedded.services(embedded.lay_out(data))
        if "OPSCONDUCTOR_MIGRATION_DATABASE_URL_FILE" in service.environment
    }

    assert told == {"migrations"}
    assert (
        (data.secrets / "opsconductor_migration_database_url").read_text().startswith("postgresql://owner@")
    )


def test_a_setting_that_can_not_be_is_a_sentence_before_anything_starts(monkeypatch):
    monkeypatch.setenv("OPSCONDUCTOR_OUTPUT_DAYS", "for ever")

    with pytest.raises(StackProblem, match="OPSCONDUCTOR_OUTPUT_DAYS: Input should be a valid integer"):
        given.environment()


def test_the_settings_that_are_handed_on_exist():
    known = {field.alias for field in Settings.model_fields.values()}

    assert set(given.FREE) <= known
