"""The whole embedded stack under the command line, as people run it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from tests.support.whole_stack import WholeStack

from opsconductor.stack import leftovers
from opsconductor.stack.folders import DataDir, project
from opsconductor.stack.running import status

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(project() / "src"), **more}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "opsconductor.apps.cli", *words]


def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        command(*words), env=environment(**more), capture_output=True, text=True, timeout=170, check=False
    )


def until(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def answers(stack: WholeStack) -> bool:
    try:
        return httpx.get(f"{stack.url}/api/v3/setup", timeout=2).is_success
    except httpx.TransportError:
        return False


def in_folder(folder: Path) -> list[psutil.Process]:
    """Return the processes whose command line names this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in " ".join(process.cmdline()) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("service", ["core", "postgres", "valkey", "nginx", "bridge", "nodered"])
def test_a_killed_service_is_back_soon(whole_stack, service):
    before = whole_stack.status["services"][service]["pid"]
    os.kill(before, signal.SIGKILL)
    until(lambda: whole_stack.status["services"][service]["pid"] not in (before, None))
    until(lambda: whole_stack.status["ready"] and answers(whole_stack))


def test_status_tells_programs_that_all_is_well(whole_stack):
    done = run("status", "--json", "--data-dir", str(whole_stack.data.root))
    assert done.returncode == 0, done.stdout
    assert '"ready": true' in done.stdout


def test_status_and_metrics_tell_the_level_of_the_box_that_node_red_really_is_in(whole_stack):
    about, nodered = whole_stack.status["box"], whole_stack.status["services"]["nodered"]
    said = " ".join(run("status", "--data-dir", str(whole_stack.data.root), COLUMNS="300").stdout.split())
    core = whole_stack.status["ports"]["core"]
    metrics = httpx.get(f"http://127.0.0.1:{core}/metrics").text
    boxed = "bwrap" in Path(f"/proc/{nodered['pid']}/cmdline").read_text()

    assert f"box around Node-RED: {about['level']} (" in said
    assert ("Function nodes are off" in said) == (not about["functions"])
    assert f'opsconductor_nodered_box{{level="{about["level"]}"}} 1.0' in metrics
    assert metrics.count("opsconductor_nodered_box{") == 1
    assert boxed == (about["level"] in ("full", "network"))


def test_a_second_start_in_the_same_folder_changes_nothing(whole_stack):
    before = whole_stack.status["pid"]
    done = run("up", "-d", "--data-dir", str(whole_stack.data.root))
    assert (done.returncode, whole_stack.status["pid"]) == (0, before)
    assert "already running" in done.stderr


def test_no_service_sees_a_secret_in_its_arguments_or_environment(whole_stack):
    secrets = [
        (whole_stack.data.secrets / name).read_text().strip()
        for name in ("secret_key", "postgres_password", "postgres_services_password", "valkey_password")
    ]
    told = {}
    for name, standing in whole_stack.status["services"].items():
        if standing["pid"]:
            home = Path(f"/proc/{standing['pid']}")
            told[name] = (home / "environ").read_text() + (home / "cmdline").read_text()
    assert "OPSCONDUCTOR_NODERED_DIR" in told["nodered"]  # we do look at the right thing
    assert not [name for name, text in told.items() if any(secret in text for secret in secrets)]


def test_node_red_is_not_reachable_without_a_session_even_past_the_door(whole_stack):
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(whole_stack.data.run / "nodered.sock"))) as past:
        assert past.get("http://nodered/nodered/health").json()["status"] == "ok"
        assert past.get("http://nodered/nodered/flows").status_code == 401


def test_a_restart_of_one_service_leaves_the_others_alone(whole_stack):
    before = whole_stack.status["services"]
    assert run("restart", "beat", "--data-dir", str(whole_stack.data.root)).returncode == 0
    until(lambda: whole_stack.status["ready"])
    after = whole_stack.status["services"]
    changed = [name for name in after if after[name]["pid"] != before[name]["pid"]]
    assert changed == ["beat"]


def test_an_unknown_service_is_a_sentence(whole_stack):
    done = run("restart", "baet", "--data-dir", str(whole_stack.data.root))
    assert done.returncode == 1
    assert "There is no service baet" in done.stderr


def test_doctor_finds_nothing_wrong(whole_stack):
    done = run("doctor", "--data-dir", str(whole_stack.data.root))
    assert done.returncode == 0, done.stdout


def test_services_can_only_add_to_the_audit_log_and_it_is_verified(whole_stack):
    looked_at = json.loads(run("doctor", "--json", "--data-dir", str(whole_stack.data.root)).stdout)
    verified = run("audit", "verify", "--json", "--data-dir", str(whole_stack.data.root))
    assert [finding["level"] for finding in looked_at if finding["what"] == "Audit log"] == ["ok"]
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["entries"] > 0


def test_an_installation_from_before_gets_the_role_at_its_next_start(whole_stack):
    data = whole_stack.data
    before = json.loads(run("audit", "verify", "--json", "--data-dir", str(data.root)).stdout)["entries"]
    with psycopg.connect((data.secrets / "opsconductor_migration_database_url").read_text()) as owner:
        owner.execute("drop owned by opsconductor_services")
        owner.execute("drop role opsconductor_services")
    (data.secrets / "postgres_services_password").unlink()
    assert run("down", "--data-dir", str(data.root)).returncode == 0
    assert run("up", "-d", "--data-dir", str(data.root)).returncode == 0
    after = json.loads(run("audit", "verify", "--json", "--data-dir", str(data.root)).stdout)
    assert after["intact"]
    assert after["entries"] >= before > 0


def test_logs_show_what_a_service_said(whole_stack):
    done = run("logs", "core", "--data-dir", str(whole_stack.data.root))
    assert '"event": "request"' in done.stdout


def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_works(whole_stack):
    pids = [standing["pid"] for standing in whole_stack.status["services"].values() if standing["pid"]]
    os.kill(whole_stack.status["pid"], signal.SIGKILL)
    until(lambda: not any(leftovers.is_running(pid) for pid in pids))
    done = run("up", "-d", "--data-dir", str(whole_stack.data.root))
    assert done.returncode == 0, done.stderr
    assert answers(whole_stack)


def test_the_demo_runs_once_beside_a_running_stack(whole_stack):
    done = run("demo", "--once")
    assert done.returncode == 0, done.stderr
    assert "everything is stopped again" in done.stderr
    assert done.stdout.count("completed") == 5
    assert whole_stack.status["ready"]


@contextmanager
def in_the_foreground(folder: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("up", "--data-dir", str(folder)),
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def until_it_says(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(said)


def test_ctrl_c_in_the_foreground_stops_everything(tmp_path):
    with in_the_foreground(tmp_path / "data") as process:
        until_it_says(process, "Ctrl-C stops everything")
        assert in_folder(tmp_path)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not in_folder(tmp_path)


def test_ctrl_c_during_the_start_stops_everything_too(tmp_path):
    with in_the_foreground(tmp_path / "data") as process:
        until_it_says(process, "postgres")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not in_folder(tmp_path)


def test_with_servers_of_its_own_it_starts_none(tmp_path, database_url, redis_url):
    with in_the_foreground(tmp_path / "data", DATABASE_URL=database_url, REDIS_URL=redis_url) as process:
        until_it_says(process, "Ctrl-C stops everything")
        found = status(DataDir(tmp_path / "data"))
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert found is not None
    assert found["ready"]
    assert not {"postgres", "valkey"} & set(found["services"])


def test_a_database_that_is_not_there_is_a_sentence(tmp_path):
    with in_the_foreground(
        tmp_path / "data", DATABASE_URL="postgresql://nobody:x@127.0.0.1:1/none"
    ) as process:
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "migrations does not start" in said
