"""Node-RED as the stack starts it, in a box and without one, over the same real bridge and core."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from tests.bridge.conftest import INSTANCE_TOKEN, Door, a_deploy, newest_rev
from tests.support.core import SECRET_KEY
from tests.support.hooks import protect

from opsconductor.stack import box, nodered
from opsconductor.stack.box import Level
from opsconductor.stack.folders import DataDir, write_private
from opsconductor.stack.nodered import Plan
from opsconductor.stack.problems import StackProblem
from opsconductor.stack.supervisor import Supervisor

TAB = "attempts"
RUN_IT = """
const AsyncFunction = RED.util.cloneMessage.constructor('return (async () => {}).constructor')()
const attempt = new AsyncFunction('process', 'load', 'told', msg.payload.code)
const process = RED.util.cloneMessage.constructor('return process')()
return attempt(process, name => process.getBuiltinModule(name), msg.payload.told)
  .then(got => { msg.payload = { got: String(got) }; return msg },
    error => { msg.payload = { error: String(error.code || error) }; return msg })
  .then(msg => { node.send(msg); node.done() })
"""
KNOWN = ["http in", "function", "http response", "inject", "debug"]


@dataclass
class Running:
    """A Node-RED that runs, with a flow that does what it is told."""

    data: DataDir
    how: Plan
    supervisor: Supervisor

    @property
    def pid(self) -> int:
        """The process of its service."""
        found = self.supervisor.standings["nodered"].pid
        assert found is not None
        return found

    def client(self) -> httpx.AsyncClient:
        """Return a client past the door, at its socket."""
        transport = httpx.AsyncHTTPTransport(uds=str(nodered.socket_of(self.data)))
        return httpx.AsyncClient(base_url="http://nodered", transport=transport, timeout=20)

    async def attempt(self, code: str, **told: Any) -> dict[str, str]:
        """Let a Function node break out of its sandbox and run this; return what it got, or the error."""
        async with self.client() as client:
            answer = await client.post("/hooks/attempt", json={"code": code, "told": told})
        assert answer.status_code == 200, answer.text
        found: dict[str, str] = answer.json()
        return found


def attempts_flow() -> list[dict[str, Any]]:
    """Return a flow that runs what is posted to it."""
    place = {"z": TAB, "x": 1, "y": 1}
    way_in = {"id": "in", "type": "http in", "url": "/attempt", "method": "post", "upload": False}
    code = {"id": "run", "type": "function", "func": RUN_IT, "outputs": 1, "libs": [], "noerr": 0}
    return [
        {"id": TAB, "type": "tab", "label": "Attempts"},
        {**place, **way_in, "swaggerDoc": "", "wires": [["run"]]},
        {**place, **code, "wires": [["out"]]},
        {**place, "id": "out", "type": "http response", "statusCode": "", "headers": {}, "wires": []},
    ]


async def deploy(door: Door, flows: list[dict[str, Any]], **more: Any) -> httpx.Response:
    """Deploy as a designer."""
    ticket = await door.ticket_of(await door.browser("designer"))
    client = await door.client(INSTANCE_TOKEN)
    wanted = a_deploy(ticket, await newest_rev(client), flows=flows, known_types=KNOWN, **more)
    return await client.put("/api/nodered/storage/flows", json=wanted)


async def deploy_attempts(door: Door) -> None:
    """Deploy the flow that runs what is posted to it, and let everybody post."""
    assert (await deploy(door, attempts_flow())).status_code == 200
    await protect(door.core.admin, "POST", "/attempt", "open")


def a_folder(home: Path) -> DataDir:
    """Make a data folder whose Node-RED is known to the tests' core."""
    data = DataDir(home)
    data.make()
    write_private(data.secrets / "secret_key", SECRET_KEY)
    return data


def a_plan(data: DataDir, level: Level, *, functions: bool = True) -> Plan:
    """Return how Node-RED runs at this level. Raises StackProblem where the machine does not allow it."""
    room = nodered.room_of(data)
    for folder in (room.home, room.palette, room.bridge):
        folder.mkdir(mode=0o700, exist_ok=True)
    return Plan(box.choose(level, room, box.uid_for(data.root)), room, functions)


def why_not(home: Path, level: Level) -> str:
    """Return why this machine does not allow a level; nothing where it does."""
    try:
        a_plan(a_folder(home), level)
    except StackProblem as problem:
        return str(problem)
    return ""


@contextlib.asynccontextmanager
async def running(data: DataDir, how: Plan, bridge_url: str) -> AsyncIterator[Running]:
    """Run Node-RED as the stack does."""
    port = urlsplit(bridge_url).port or 0
    service = replace(nodered.service(data, how, port, "http://127.0.0.1:8080"), after=())
    supervisor = Supervisor([service], data.logs, data.run / "processes.json")
    await supervisor.start()
    try:
        yield Running(data, how, supervisor)
    finally:
        await supervisor.stop()
