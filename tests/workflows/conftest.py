"""Node-RED's side of the storage, and people who deploy."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.support.core import Core

from opsconductor.auth.service import open_session_for
from opsconductor.auth.tokens import ACCESS_LIFE
from opsconductor.kit.clock import now
from opsconductor.kit.keys import derive

Node = dict[str, Any]
KNOWN = ["inject", "debug", "opsconductor-command", "opsconductor-config", "http in", "link in", "link out"]


@dataclass
class Person:
    """A user with a ticket for the editor."""

    id: str
    username: str
    ticket: str
    api: httpx.AsyncClient


@dataclass
class Nodered:
    """Node-RED as the core knows it: by its instance token."""

    core: Core
    client: httpx.AsyncClient

    async def put_flows(
        self, flows: list[Node], person: Person, base_rev: int | None = None
    ) -> httpx.Response:
        """Deploy; on the newest deploy where no other is named."""
        rev = (await self.snapshot())["rev"] if base_rev is None else base_rev
        body = {
            **{"flows": flows, "credentials": {"$": "sealed"}, "ticket": person.ticket},
            **{"base_rev": rev, "known_types": KNOWN},
        }
        headers = {"Content-Type": "application/json"}
        return await self.client.put("/internal/storage/flows", content=json.dumps(body), headers=headers)

    async def deploy(self, flows: list[Node], person: Person) -> int:
        answer = await self.put_flows(flows, person)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["rev"])

    async def snapshot(self) -> dict[str, Any]:
        return dict((await self.client.get("/internal/storage/snapshot")).json())

    async def run_token(self, flow_id: str) -> httpx.Response:
        body = {"flow_id": flow_id, "run_id": "run-1"}
        return await self.client.post("/api/workflow/auth", json=body)

    async def running(self, flow_id: str, executing: str | None = None) -> httpx.AsyncClient:
        """Return a client as a run of a flow has it, in the same tab or in another one."""
        answer = await self.run_token(flow_id)
        assert answer.status_code == 200, answer.text
        client = await self.core.client(answer.json()["token"])
        client.base_url = httpx.URL(f"{self.core.url}/api/workflow")
        client.headers["X-OpsConductor-Flow"] = executing or flow_id
        return client

    async def owners(self) -> dict[str, str | None]:
        """Return whom each deployed flow runs as."""
        page = (await self.core.admin.get("/workflows", params={"limit": 200})).json()
        return {item["flow_id"]: item["run_as"] and item["run_as"]["username"] for item in page["items"]}


@pytest.fixture(scope="module")
async def nodered(core: Core) -> AsyncIterator[Nodered]:
    token = derive(core.settings.secret_key.get_secret_value(), "nodered-instance").hex()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=core.url, headers=headers, timeout=20) as client:
        yield Nodered(core, client)


async def a_person(core: Core, role: str, username: str) -> Person:
    """Add somebody who is signed in, and sits in the editor."""
    user_id = (await core.admin.post("/users", json={"username": username, "role": role})).json()["id"]
    async with core.app.state.units.begin() as uow:
        _, opened = await open_session_for(uow, UUID(user_id), hours=1)
    sign, ends = core.app.state.guard.signer.sign, now() + ACCESS_LIFE
    ticket = sign("editor", user_id, ends, sid=str(opened.id))
    api = await core.client(sign("access", user_id, ends, sid=str(opened.id)))
    return Person(user_id, username, ticket, api)


@pytest.fixture(scope="module")
async def dora(core: Core) -> Person:
    """A designer."""
    return await a_person(core, "designer", "dora")


@pytest.fixture(scope="module")
async def ada(core: Core) -> Person:
    """An administrator."""
    return await a_person(core, "administrator", "ada")


def a_tab(id: str, *nodes: Node, **more: Any) -> list[Node]:
    """Return a tab with nodes inside it."""
    return [{"id": id, "type": "tab", "label": f"Flow {id}", **more}, *({**node, "z": id} for node in nodes)]


def a_node(id: str, **more: Any) -> Node:
    return {"id": id, "type": "inject", "x": 10, "y": 10, "wires": [], **more}
