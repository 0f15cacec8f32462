"""What somebody tries who can write a Function node: nothing works in the full box, everything without one."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.box.conftest import Running, a_folder, a_plan, deploy_attempts, running, why_not
from tests.bridge.conftest import open_door
from tests.support.core import SECRET_KEY, Core

from opsconductor.stack import nodered, offspring
from opsconductor.stack.box import Level
from opsconductor.stack.control import Control

pytestmark = pytest.mark.timeout(180)

CONNECT = """
const net = load('node:net')
return new Promise((resolve, reject) => {
  const socket = net.connect(told.address, () => { socket.end(told.say || ''); if (!told.say) resolve('connected') })
  socket.on('data', data => resolve('answered ' + data))
  socket.on('error', reject)
  socket.setTimeout(3000, () => reject(new Error('no answer')))
})"""
READ = "return load('node:fs').readFileSync(told.path, 'utf8')"


@dataclass(frozen=True)
class Attempt:
    """Something to try, and what proves that it worked."""

    code: str
    told: dict[str, Any]
    proof: str


@dataclass
class Ground:
    """Two Node-REDs with the same flow, and what is worth attacking beside each."""

    boxed: Running
    free: Running
    postgres_port: int
    valkey_port: int
    trap_port: int
    trapped: list[str]
    victim: "subprocess.Popen[bytes]"

    def attempts(self, where: Running) -> dict[str, Attempt]:
        """Return everything that is tried, as seen from one of the two."""
        root, code = where.data.root, where.how.room.code
        home = where.how.room.home
        addon = next((code / "node_modules" / "@node-rs").glob("*/*.node"))
        return {
            "start a program": Attempt("return load('node:child_process').execSync('id')", {}, "uid="),
            "read the system's passwords": Attempt(READ, {"path": _private_file()}, "root:"),
            "read the secret key": Attempt(READ, {"path": str(root / "secrets/secret_key")}, SECRET_KEY),
            "read the database's files": Attempt(READ, {"path": str(root / "postgres/PG_VERSION")}, "18"),
            "read another process's environment": Attempt(
                READ, {"path": f"/proc/{self.victim.pid}/environ"}, "A_SECRET=of-another"
            ),
            "write beside the code that runs next time": Attempt(
                "load('node:fs').writeFileSync(told.path, 'x'); return 'written'",
                {"path": str(where.how.room.palette / "evil.js")},
                "written",
            ),
            "connect to PostgreSQL": Attempt(CONNECT, self._port(self.postgres_port), "connected"),
            "connect to Valkey": Attempt(CONNECT, self._port(self.valkey_port), "connected"),
            "connect to anything else": Attempt(CONNECT, self._port(self.trap_port), "connected"),
            "signal another process": Attempt(
                "return process.kill(told.pid, 'SIGCONT')", {"pid": self.victim.pid}, "true"
            ),
            "load a native addon": Attempt(
                "const m = { exports: {} }; process.dlopen(m, told.path); return Object.keys(m.exports)",
                {"path": str(addon)},
                "hash",
            ),
            "start a worker without limits": Attempt(
                """const { Worker } = load('node:worker_threads')
                const worker = new Worker("require('worker_threads').parentPort.postMessage('at work')", { eval: true })
                return new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))""",
                {},
                "at work",
            ),
            "leave its folder by a link": Attempt(
                "load('node:fs').symlinkSync(told.path, told.link);" + READ,
                {"path": str(root / "secrets/secret_key"), "link": str(home / "a-link")},
                SECRET_KEY,
            ),
            "put another socket in the place of its own": Attempt(
                """const fs = load('node:fs'); const other = told.path + '.other'
                fs.renameSync(told.path, other); fs.renameSync(other, told.path); return 'moved'""",
                {"path": str(nodered.socket_of(where.data))},
                "moved",
            ),
            "command the supervisor": Attempt(
                CONNECT, {"address": {"path": str(where.data.socket)}, "say": '{"do": "down"}\n'}, "answered"
            ),
        }

    @staticmethod
    def _port(port: int) -> dict[str, Any]:
        return {"address": {"host": "127.0.0.1", "port": port}}


def _private_file() -> str:
    return "/etc/shadow" if os.geteuid() == 0 else "/etc/passwd"


NAMES = [
    *("start a program", "read the system's passwords", "read the secret key", "read the database's files"),
    *("read another process's environment", "write beside the code that runs next time"),
    *("connect to PostgreSQL", "connect to Valkey", "connect to anything else", "signal another process"),
    *("load a native addon", "start a worker without limits", "leave its folder by a link"),
    *("put another socket in the place of its own", "command the supervisor"),
]


@pytest.fixture(scope="module")
async def ground(
    core: Core, postgres_port: int, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ground]:
    """One Node-RED in the full box and one without any, with something worth stealing beside each."""
    if reason := why_not(tmp_path_factory.mktemp("tried") / "data", Level.FULL):
        pytest.skip(f"the full box can't be tested here: {reason}")
    boxed, free = (a_folder(tmp_path_factory.mktemp(name) / "data") for name in ("boxed", "free"))
    trapped: list[str] = []
    trap = await asyncio.start_server(lambda _, writer: _sprung(trapped, writer), "127.0.0.1", 0)
    victim = _victim()
    doors = [Control(data.socket, _obey) for data in (boxed, free)]
    try:
        for data, door in zip((boxed, free), doors, strict=True):
            (data.root / "postgres").mkdir(mode=0o700)
            (data.root / "postgres" / "PG_VERSION").write_text("18\n")
            await door.open()
        how = a_plan(boxed, Level.FULL)
        async with open_door(core, how.bridge_socket) as bridge:
            await deploy_attempts(bridge)
            async with (
                running(boxed, how, bridge.url) as one,
                running(free, a_plan(free, Level.OFF), bridge.url) as other,
            ):
                valkey_port = urlsplit(redis_url).port or 0
                trap_port = trap.sockets[0].getsockname()[1]
                yield Ground(one, other, postgres_port, valkey_port, trap_port, trapped, victim)
    finally:
        for door in doors:
            await door.close()
        trap.close()
        victim.kill()
        victim.wait()


def _victim() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env={"A_SECRET": "of-another"}
    )


def _sprung(trapped: list[str], writer: asyncio.StreamWriter) -> None:
    trapped.append("sprung")
    writer.close()


async def _obey(wanted: dict[str, Any]) -> dict[str, Any]:
    return {"obeyed": wanted["do"]}


@pytest.mark.parametrize("name", NAMES)
async def test_what_works_without_a_box_does_not_work_in_it(ground: Ground, name: str) -> None:
    control, attempt = ground.attempts(ground.free)[name], ground.attempts(ground.boxed)[name]

    without = await ground.free.attempt(control.code, **control.told)
    inside = await ground.boxed.attempt(attempt.code, **attempt.told)

    assert control.proof in without.get("got", ""), without
    assert "error" in inside, inside


def test_every_attempt_is_made(ground: Ground) -> None:
    assert sorted(NAMES) == sorted(ground.attempts(ground.boxed))
    assert len(NAMES) >= 12


async def test_nobody_outside_heard_of_the_one_in_the_box(ground: Ground) -> None:
    ground.trapped.clear()
    attempt = ground.attempts(ground.boxed)["connect to anything else"]

    await ground.boxed.attempt(attempt.code, **attempt.told)
    await asyncio.sleep(0.5)  # the trap is in our own process, which hears of a guest a little later
    assert ground.trapped == []

    await ground.free.attempt(attempt.code, **attempt.told)
    async with asyncio.timeout(10):
        while not ground.trapped:
            await asyncio.sleep(0.05)
    assert ground.trapped == ["sprung"]


async def test_there_is_no_secret_in_its_environment(ground: Ground) -> None:
    environment = (await ground.boxed.attempt("return JSON.stringify(process.env)"))["got"]

    assert "OPSCONDUCTOR_NODERED_DIR" in environment
    assert SECRET_KEY not in environment
    assert str(ground.boxed.data.secrets) not in environment


async def test_it_is_a_user_of_its_own_without_any_capability(ground: Ground) -> None:
    inner = offspring.below(ground.boxed.pid)[-1]
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{inner}/status").read_text().splitlines())

    assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    if os.geteuid() == 0:
        assert set(status["Uid"].split()) == {str(ground.boxed.how.box.user)}
        assert ground.boxed.how.box.user


async def test_it_ends_in_order_when_it_is_told_to(ground: Ground) -> None:
    log = ground.boxed.data.logs / "nodered.log"
    inner = offspring.below(ground.boxed.pid)[-1]

    await ground.boxed.supervisor.restart("nodered")

    assert '"event":"stopping"' in log.read_text()
    assert not Path(f"/proc/{inner}").exists()


async def test_it_dies_with_who_started_it(ground: Ground) -> None:
    for _ in range(200):
        if ground.boxed.supervisor.all_up:
            break
        await asyncio.sleep(0.1)
    before = ground.boxed.pid
    inner = offspring.below(before)[-1]

    os.kill(before, signal.SIGKILL)
    for _ in range(100):
        if not Path(f"/proc/{inner}").exists():
            break
        await asyncio.sleep(0.05)

    assert not Path(f"/proc/{inner}").exists()


def test_the_database_that_is_tried_is_a_real_one(ground: Ground) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=ground.postgres_port, user="opsconductor", password="wrong")
