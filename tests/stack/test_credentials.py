"""Credentials of nodes, through a real Node-RED: they count as a change of the flow, and only it reads them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.box.conftest import Running, a_folder, a_plan, running
from tests.bridge.conftest import INSTANCE_TOKEN, open_door
from tests.support.core import Core, every_row

from opsconductor.stack.box import Level

pytestmark = pytest.mark.timeout(120)

PLACE = {"x": 1, "y": 1, "wires": [[]]}
REQUEST = {"type": "http request", "method": "GET", "ret": "txt", "url": "", "authType": "basic", **PLACE}
FLOWS: list[dict[str, Any]] = [
    {"id": "with", "type": "tab", "label": "With a password"},
    {"id": "node", "z": "with", **REQUEST},
    {"id": "without", "type": "tab", "label": "Without"},
    {"id": "other", "z": "without", "type": "inject", **PLACE},
]


async def test_who_changes_only_a_password_answers_for_the_flow_from_then_on(
    core: Core, tmp_path: Path
) -> None:
    data = a_folder(tmp_path / "data")
    async with open_door(core) as door:
        first, second = [await door.browser("designer") for _ in range(2)]
        names = [(await one.get("/auth/me")).json()["user"]["username"] for one in (first, second)]
        tickets = [await door.ticket_of(one) for one in (first, second)]
        async with running(data, a_plan(data, Level.OFF), door.url) as red:
            await deploy(red, tickets[0], "a first secret of a node")
            assert await run_as(core) == {"with": names[0], "without": names[0]}

            await deploy(red, tickets[1], "a first secret of a node")
            assert await run_as(core) == {"with": names[0], "without": names[0]}

            await deploy(red, tickets[1], "a second secret of a node")
            assert await run_as(core) == {"with": names[1], "without": names[0]}

        client = await door.client(INSTANCE_TOKEN)
        stored = (await client.get("/api/nodered/storage/snapshot")).json()["credentials"]
        async with running(data, a_plan(data, Level.OFF), door.url) as red, red.client() as again:
            again.headers["x-opsc-session"] = tickets[0]
            shown = await once_it_is_loaded(again, "/nodered/credentials/http-request/node")

    assert shown == {"user": "somebody", "has_password": True}  # it could be opened after a restart
    assert sorted(stored) == ["$", "marks"]
    assert "secret of a node" not in json.dumps(stored)
    assert not [row for row in await every_row(core) if "secret of a node" in row]


async def deploy(red: Running, ticket: str, password: str) -> None:
    """Deploy as the editor does: credentials lie in the node only when they were typed."""
    typed = {"user": "somebody", "password": password}
    flows = [{**node, "credentials": typed} if node["id"] == "node" else node for node in FLOWS]
    async with red.client() as client:
        client.headers.update({"x-opsc-session": ticket, "node-red-api-version": "v2"})
        rev = (await client.get("/nodered/flows")).json()["rev"]
        answer = await client.post("/nodered/flows", json={"flows": flows, "rev": rev})
    assert answer.status_code == 200, answer.text


async def once_it_is_loaded(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Return what is there; Node-RED answers before its flows are loaded."""
    for _ in range(50):
        found: dict[str, Any] = (await client.get(path)).json()
        if found:
            return found
        await asyncio.sleep(0.1)
    return {}


async def run_as(core: Core) -> dict[str, str]:
    """Return whom each flow acts as."""
    answer: httpx.Response = await core.admin.get("/workflows")
    return {row["flow_id"]: row["run_as"]["username"] for row in answer.json()["items"]}
