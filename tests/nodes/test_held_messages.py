"""Messages that wait for an execution or for targets, while Node-RED is killed, deployed to, or started anew."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from tests.box.conftest import Running, a_folder, a_plan, running
from tests.bridge.conftest import INSTANCE_TOKEN, Door, open_door
from tests.support.core import Core, running_core, set_up, start_worker
from tests.support.hooks import protect
from tests.support.registered import Registered, add_target, command_on, register
from tests.support.servers import free_port
from tests.support.sshd import running_sshd
from tests.workflows.conftest import a_person

from opsconductor.stack import nodered as nodered_service
from opsconductor.stack.folders import DataDir
from opsconductor.stack.ports import LOOPBACK

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

TAB = "held"
KINDS = ["execution", "targets"]
MARK = """
const { targets, folder } = env.get('FACTS')
const run = msg._opsc.run
const { kind, execution } = msg.payload
Object.assign(msg, { targets: [targets[kind]], executionId: execution, payload: { run }, back: [targets.execution] })
msg.command = `echo ${run} >> ${folder}/${kind}`
return msg
"""
ON = "msg.targets = msg.back\nreturn msg"
WAIT = {
    **{"version": 1, "amount": "1", "unit": "seconds", "until": "payload", "untilType": "msg"},
    **{"execution": "executionId", "executionType": "msg", "timeout": "120"},
}
RUN = {
    **{"version": 2, "kind": "command", "command": "command", "commandType": "msg", "arguments": "[]"},
    **{"argumentsType": "json", "parameters": [], "timeout": 60, "retryCount": 0, "maxInFlight": 5},
    **{"outputFormat": "summary", "outputsInMessage": "never", "continueOnFailure": False},
}
FUNCTION = {"outputs": 1, "timeout": 0, "noerr": 0, "initialize": "", "finalize": "", "libs": []}


@dataclass
class Installation:
    """Node-RED, bridge and core over one database, which can be stopped and started again. The worker is elsewhere."""

    database_url: str
    redis_url: str
    home: Path
    data: DataDir
    parts: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    core: Core = field(init=False)
    door: Door = field(init=False)
    red: Running = field(init=False)

    async def start(self, prepare: Callable[[Core], Awaitable[None]]) -> Self:
        core = running_core(self.database_url, self.redis_url, self.home, OPSCONDUCTOR_WORKFLOW_RATE="100000")
        self.core = await self.parts.enter_async_context(core)
        await prepare(self.core)
        level = nodered_service.plan(self.data).box.level
        how = replace(a_plan(self.data, level), functions=True)
        self.door = await self.parts.enter_async_context(open_door(self.core, how.bridge_socket))
        self.red = await self.parts.enter_async_context(running(self.data, how, self.door.url))
        return self

    async def stop(self) -> None:
        await self.parts.aclose()

    async def start_again(self) -> None:
        async def sign_in(core: Core) -> None:
            core.admin = await core.sign_in("admin")

        await self.stop()
        await self.start(sign_in)

    async def put(self, flows: list[dict[str, Any]]) -> None:
        """Deploy as a designer in the editor does."""
        ticket = (await a_person(self.core, "designer", f"d-{os.urandom(3).hex()}")).ticket
        headers = {"x-opsc-session": ticket, "Node-RED-API-Version": "v2"}
        async with self.red.client() as client:
            answer = await client.post("/nodered/flows", json={"flows": flows}, headers=headers)
        assert answer.status_code == 200, answer.text

    async def begin(self, kind: str, execution: str) -> str:
        """Send a message that has to wait; return its run once it is held."""
        async with self.red.client() as client:
            answer = await client.post("/hooks/held", json={"kind": kind, "execution": execution})
        assert answer.status_code == 202, answer.text
        await until(lambda: self.is_held(kind))
        return str(answer.json()["run"])

    async def is_held(self, kind: str) -> bool:
        client = await self.door.client(INSTANCE_TOKEN)
        answer = await client.get("/api/nodered/waits", params={"node_id": f"wait-{kind}"})
        return bool(answer.json()["waits"])


@dataclass
class Scene:
    """An installation with a flow that waits, and what it waits for."""

    there: Installation
    fleet: Registered
    flows: list[dict[str, Any]]
    folder: Path
    behind: int
    """The port of a target that answers, behind one that does not yet."""
    in_front: int


def flow(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a tab in which a message waits, and then a command notes the id of its run."""

    def node(id: str, type: str, *wires: list[str], **more: Any) -> dict[str, Any]:
        place = {"z": TAB, "x": 1, "y": 1, "name": id}
        return {"id": id, "type": type, "wires": list(wires), **place, **more}

    rules = [{"t": "cont", "v": f"/{kind}", "vt": "str"} for kind in KINDS]
    env = [{"name": "FACTS", "value": httpx.Response(200, json=facts).text, "type": "json"}]
    return [
        {"id": TAB, "type": "tab", "label": "Held", "env": env},
        node("in", "http in", ["mark"], url="/held", method="post"),
        node("mark", "function", ["answer", "which"], func=MARK, **FUNCTION),
        node("answer", "http response", statusCode="202"),
        node(
            "which",
            "switch",
            *([f"wait-{kind}"] for kind in KINDS),
            property="command",
            propertyType="msg",
            rules=rules,
            checkall="true",
            repair=False,
            outputs=len(KINDS),
        ),
        *(node(f"wait-{kind}", "opsconductor-wait-for", ["on"], [], kind=kind, **WAIT) for kind in KINDS),
        node("on", "function", ["note"], func=ON, **FUNCTION),
        node("note", "opsconductor-command-executor", [], [], **RUN),
    ]


@pytest.fixture(scope="module")
async def scene(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    home, folder = tmp_path_factory.mktemp("core"), tmp_path_factory.mktemp("noted")
    there = Installation(database_url, redis_url, home, a_folder(tmp_path_factory.mktemp("red") / "data"))
    async with running_sshd(1) as servers, contextlib.AsyncExitStack() as ends:
        ends.push_async_callback(there.stop)
        await there.start(set_up)
        worker = start_worker(there.core, home)
        ends.callback(worker.kill)
        worker.wait_until_ready()
        fleet = await register(there.core, servers)
        in_front = free_port()
        credential = fleet.targets[0]["credential_id"]
        gone = await add_target(there.core, "not-yet", in_front, credential)
        targets = dict(zip(KINDS, (fleet.targets[0], gone), strict=True))
        facts = {
            "folder": str(folder),
            "targets": {k: {"id": t["id"], "name": t["name"]} for k, t in targets.items()},
        }
        flows = flow(facts)
        await there.put(flows)
        await protect(there.core.admin, "POST", "/held", "open")
        yield Scene(there, fleet, flows, folder, servers[0].endpoint.port, in_front)


async def kill(scene: Scene) -> None:
    os.kill(scene.there.red.pid, signal.SIGKILL)


async def deploy(scene: Scene) -> None:
    await scene.there.put(scene.flows)


async def restart(scene: Scene) -> None:
    await scene.there.start_again()


@pytest.mark.parametrize("interrupt", [kill, deploy, restart], ids=["kill -9", "deploy", "restart"])
async def test_messages_that_wait_go_on_exactly_once_in_their_runs(
    scene: Scene, interrupt: Callable[[Scene], Awaitable[None]]
) -> None:
    there, ended = scene.there, scene.folder / "ended"
    ended.unlink(missing_ok=True)
    for kind in KINDS:
        (scene.folder / kind).unlink(missing_ok=True)
    until_told = command_on(scene.fleet.ids, f"until [ -e {ended} ]; do sleep 0.1; done", timeout=120)
    started = await there.core.admin.post("/executions", json=until_told)
    assert started.status_code == 202, started.text
    runs = {kind: await there.begin(kind, started.json()["id"]) for kind in KINDS}

    await interrupt(scene)
    await asyncio.sleep(1)
    assert [kind for kind in KINDS if (scene.folder / kind).exists()] == []
    ended.touch()
    async with forwarding(scene.in_front, scene.behind):
        for kind in KINDS:
            await until(lambda kind=kind: has_noted(scene, kind))
    for run in runs.values():
        await until(lambda run=run: completed(scene, run))
    await asyncio.sleep(1)

    assert {kind: (scene.folder / kind).read_text().split() for kind in KINDS} == {
        kind: [run] for kind, run in runs.items()
    }
    assert not [kind for kind in KINDS if await there.is_held(kind)]


async def has_noted(scene: Scene, kind: str) -> bool:
    return (scene.folder / kind).exists()


async def completed(scene: Scene, run: str) -> bool:
    answer = await scene.there.core.admin.get(f"/workflow-executions/{run}")
    return answer.status_code == 200 and answer.json()["status"] == "completed"


async def until(wanted: Callable[[], Awaitable[bool]], seconds: float = 40) -> None:
    """Return once something is so."""
    async with asyncio.timeout(seconds):
        while not await wanted():
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def forwarding(port: int, to: int) -> AsyncIterator[None]:
    """Let a port lead to another one: the target is back."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(LOOPBACK, to)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(forward, LOOPBACK, port)
    try:
        yield
    finally:
        server.close()
