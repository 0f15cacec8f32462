"""A real bridge over a real core, with two targets, and a flow that a designer deployed."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.core import PASSWORD, SECRET_KEY, Core, serving
from tests.support.registered import Registered, add_target, register
from tests.support.sshd import running_sshd

from opsconductor.apps.bridge import create_app
from opsconductor.kit.keys import derive
from opsconductor.kit.settings import Settings

INSTANCE_TOKEN = derive(SECRET_KEY, "nodered-instance").hex()
KNOWN_TYPES = ["inject", "debug", "function"]


@dataclass
class Door:
    """A bridge that answers, and who may come through it."""

    url: str
    core: Core
    clients: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client with this token; without one it is nobody's."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=40)
        return await self.clients.enter_async_context(client)

    async def token_of(self, role: str) -> str:
        """Return a workflow token of a new user with this role."""
        name = await self.user(role)
        wanted = {"username": name, "password": PASSWORD}
        answer = await (await self.client()).post("/api/workflow/auth", json=wanted)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def user(self, role: str) -> str:
        """Add a user with this role; return the name."""
        client = await self.core.user(role)
        return str((await client.get("/auth/me")).json()["user"]["username"])

    async def browser(self, role: str) -> httpx.AsyncClient:
        """Return a client of the core with the session cookie of a new user, as a browser has it."""
        client = await self.core.client()
        wanted = {"username": await self.user(role), "password": PASSWORD}
        assert (await client.post("/auth/login", json=wanted)).status_code == 200
        return client

    async def ticket_of(self, browser: httpx.AsyncClient) -> str:
        """Return the ticket with which a browser gets into the editor."""
        answer = await self.editor_auth(browser)
        assert answer.status_code == 204, answer.text
        return answer.headers["x-opsc-session"]

    async def editor_auth(self, browser: httpx.AsyncClient | None, **headers: str) -> httpx.Response:
        """Ask as nginx does before it lets a request through to the editor."""
        if browser is not None:
            headers["Cookie"] = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
        asked = {"X-Original-Method": "GET", **{n.replace("_", "-"): v for n, v in headers.items()}}
        return await (await self.client()).get("/internal/editor-auth", headers=asked)


@contextlib.asynccontextmanager
async def open_door(core: Core, also_at: Path | None = None, **more: Any) -> AsyncIterator[Door]:
    """Run a bridge before this core, with the environment that a bridge gets; also at a Unix socket."""
    environment = {"REDIS_URL": core.environment["REDIS_URL"], "OPSCONDUCTOR_BACKEND_URL": core.url}
    async with serving(create_app(Settings.model_validate(environment | more)), also_at) as url:
        door = Door(url, core)
        async with door.clients:
            yield door


@pytest.fixture(scope="module")
async def door(core: Core) -> AsyncIterator[Door]:
    async with open_door(core) as opened:
        yield opened


@pytest.fixture(scope="module")
async def nodered(door: Door) -> httpx.AsyncClient:
    """Node-RED itself, with its own token."""
    return await door.client(INSTANCE_TOKEN)


@pytest.fixture(scope="module")
async def operator(door: Door) -> httpx.AsyncClient:
    """A script with an operator's workflow token."""
    return await door.client(await door.token_of("operator"))


@pytest.fixture(scope="module")
async def targets(core: Core) -> list[dict[str, Any]]:
    """Two targets that nobody connects to."""
    wanted = [("idle-1", {"os_type": "linux"}), ("idle-2", {"os_type": "windows"})]
    return [await add_target(core, name, 9, None, environment="idle", **more) for name, more in wanted]


@pytest.fixture(scope="module")
async def fleet(core: Core) -> AsyncIterator[Registered]:
    """Two targets that answer."""
    async with running_sshd(2) as servers:
        yield await register(core, servers)


def command_on(ids: list[str], command: str = "true", **more: Any) -> dict[str, Any]:
    """Return the body of `execute`."""
    action = {"action_type": "command", "action_parameters": {"command": command}}
    return {"actions": [action], "target_ids": ids, **more}


async def deploy(door: Door, *flow_ids: str) -> None:
    """Deploy tabs, as a new designer."""
    nodered = await door.client(INSTANCE_TOKEN)
    ticket = await door.ticket_of(await door.browser("designer"))
    wanted = a_deploy(ticket, await newest_rev(nodered), flow_ids[0])
    for flow_id in flow_ids[1:]:
        wanted["flows"] += a_deploy(ticket, 0, flow_id)["flows"]
    answer = await nodered.put("/api/nodered/storage/flows", json=wanted)
    assert answer.status_code == 200, answer.text


async def a_run(door: Door, flow_id: str, run_id: str = "r") -> httpx.AsyncClient:
    """Return a client with the token of a run of this flow."""
    nodered = await door.client(INSTANCE_TOKEN)
    wanted = {"flow_id": flow_id, "run_id": run_id}
    answer = await nodered.post("/api/workflow/auth", json=wanted)
    assert answer.status_code == 200, answer.text
    return await door.client(answer.json()["token"], **{"X-OpsConductor-Flow": flow_id})


async def figure(door: Door, name: str, **labels: str) -> float:
    """Return what the bridge's metrics say of something, 0 where they do not."""
    shown = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    wanted = f"{name}{{{shown}}} " if shown else f"{name} "
    lines = (await (await door.client()).get("/metrics")).text.splitlines()
    return next((float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted)), 0.0)


async def newest_rev(nodered: httpx.AsyncClient) -> int:
    """Return the number of the newest deploy."""
    return int((await nodered.get("/api/nodered/storage/snapshot")).json()["rev"])


def a_deploy(ticket: str, base_rev: int, flow_id: str = "f1", **more: Any) -> dict[str, Any]:
    """Return the body of a deploy of one tab with one node."""
    tab = {"id": flow_id, "type": "tab", "label": "A flow"}
    node = {"id": f"{flow_id}-n", "type": "inject", "z": flow_id, "x": 1, "y": 1, "wires": [[]]}
    wanted = {"flows": [tab, node], "credentials": {}, "ticket": ticket, "base_rev": base_rev}
    return {**wanted, "known_types": KNOWN_TYPES, **more}
