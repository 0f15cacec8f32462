"""Attempts to wipe the flows: the store fails in every call and way, and at a restart. What is stored survives."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.box.conftest import Running, a_folder, a_plan, running
from tests.bridge.conftest import INSTANCE_TOKEN, Door, open_door
from tests.support.core import Core, serving
from tests.support.stock_nodered import NODERED

from opsconductor.stack.box import Level
from opsconductor.stack.folders import DataDir

pytestmark = pytest.mark.timeout(180)

STORAGE = "/api/nodered/storage"
METHODS = {
    **dict.fromkeys(("getFlows", "getCredentials", "getSettings", "getSessions"), ("GET", "/snapshot")),
    **dict.fromkeys(("saveFlows", "saveCredentials"), ("PUT", "/flows")),
    "saveSettings": ("PUT", "/documents/settings"),
    "saveSessions": ("PUT", "/documents/sessions"),
    "getLibraryEntry": ("GET", "/library/flows"),
    "saveLibraryEntry": ("PUT", "/library/flows"),
}
"""The call that is behind each method of Node-RED's storage: some things are only kept together."""
CALLS = list(dict.fromkeys(METHODS.values()))
WAYS = ["refuses", "is silent", "sends rubbish", "sends nothing", "does it and hangs up"]
BASE = [
    {"id": "t", "type": "tab", "label": "Precious"},
    *({"id": f"n{number}", "type": "inject", "z": "t", "x": 1, "y": 1, "wires": [[]]} for number in range(9)),
]


@dataclass
class Faulty:
    """A way to the bridge that fails where it is told to; all else goes through."""

    bridge: str
    url: str = ""
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    hit: set[tuple[tuple[str, str], str]] = field(default_factory=set)
    """Which calls failed, and in which way."""

    async def pass_on(self, request: Request) -> Response:
        """Answer one request."""
        call = (request.method, request.url.path.removeprefix(STORAGE))
        way = "refuses" if call[1].endswith("/events") else self.faults.get(call)
        if way:
            self.hit.add((call, way))
        match way:
            case "refuses":
                return Response(status_code=503)
            case "sends rubbish":
                return Response("<html>", media_type="text/html")
            case "sends nothing":
                return Response("{}", media_type="application/json")
            case "is silent":
                await asyncio.sleep(12)  # longer than Node-RED waits
        answer = await self._forward(request)
        if way:  # done, and nobody hears of it
            raise ConnectionAbortedError
        return answer

    async def _forward(self, request: Request) -> Response:
        kept = ("authorization", "content-type", "accept", "x-opsconductor-flow")
        headers = {name: value for name, value in request.headers.items() if name in kept}
        async with httpx.AsyncClient(base_url=self.bridge, timeout=20) as client:
            answer = await client.request(
                request.method,
                request.url.path,
                params=request.query_params,
                content=await request.body(),
                headers=headers,
            )
        kind = answer.headers.get("content-type")
        return Response(answer.content, answer.status_code, media_type=kind)


@dataclass
class Ground:
    """A Node-RED whose way to the store can fail, and the store itself."""

    door: Door
    way: Faulty
    data: DataDir

    async def stored(self) -> list[dict[str, Any]]:
        """Return what is stored, past all faults."""
        client = await self.door.client(INSTANCE_TOKEN)
        flows: list[dict[str, Any]] = (await client.get(f"{STORAGE}/snapshot")).json()["flows"]
        return flows

    async def person(self) -> str:
        """Return the ticket of a designer in the editor."""
        return await self.door.ticket_of(await self.door.browser("designer"))

    @contextlib.asynccontextmanager
    async def node_red(self) -> AsyncIterator[Running]:
        """Run Node-RED."""
        async with running(self.data, a_plan(self.data, Level.OFF), self.way.url) as red:
            yield red


@pytest.fixture
async def ground(core: Core, tmp_path: Path) -> AsyncIterator[Ground]:
    async with open_door(core) as door:
        way = Faulty(door.url)
        methods = ["GET", "PUT", "POST", "DELETE"]
        app = Starlette(routes=[Route("/{path:path}", way.pass_on, methods=methods)])
        async with serving(app) as way.url:  # type: ignore[arg-type]
            yield Ground(door, way, a_folder(tmp_path / "data"))


async def deploy(red: Running, ticket: str, flows: list[dict[str, Any]]) -> int:
    """Deploy as the editor does, from what it was shown; return the status."""
    async with red.client() as client:
        client.headers.update({"x-opsc-session": ticket, "node-red-api-version": "v2"})
        shown = (await client.get("/nodered/flows")).json()
        assert len(shown.get("flows") or []) in (0, *range(10, 50)), shown
        answer = await client.post("/nodered/flows", json={"flows": flows, "rev": shown.get("rev")})
    return answer.status_code


def with_one_more(flows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [*flows, {"id": name, "type": "debug", "z": "t", "x": 1, "y": 1, "wires": []}]


@pytest.mark.timeout(360)  # thirty times
async def test_a_store_that_fails_in_any_call_and_way_while_somebody_deploys_loses_nothing(
    ground: Ground,
) -> None:
    ticket = await ground.person()
    async with ground.node_red() as red:
        assert await deploy(red, ticket, BASE) == 200
        for number, (call, way) in enumerate((call, way) for call in CALLS for way in WAYS):
            before = await ground.stored()
            ground.way.faults = {call: way}
            wanted = with_one_more(before, f"more-{number}")
            await asyncio.gather(_everything_else(red, ticket, number), _try_to_deploy(red, ticket, wanted))
            after = await ground.stored()

            assert after in (before, wanted), (call, way)
            ground.way.faults = {}
            if after == before and number % 7 == 0:  # and it heals
                await _until_deployed(red, ticket, wanted)
    assert {(call, way) for call in CALLS for way in WAYS} <= ground.way.hit


async def _try_to_deploy(red: Running, ticket: str, flows: list[dict[str, Any]]) -> None:
    with contextlib.suppress(httpx.TimeoutException):
        for _ in range(3):  # 409: Node-RED was just reading all again
            if await deploy(red, ticket, flows) != 409:
                return


async def _everything_else(red: Running, ticket: str, number: int) -> None:
    """Have Node-RED call its storage for all else than a deploy: read all again, save settings, sessions, library."""
    ways: list[tuple[str, str, Any]] = [
        ("POST", "flows", {"flows": []}),  # a reload: what is sent counts for nothing
        ("POST", "settings/user", {"editor": {"view": {"view-grid-size": number}}}),
        ("POST", "auth/revoke", {"token": "of nobody"}),
        ("GET", "library/local/flows/", None),
        ("POST", "library/local/flows/mine", []),
    ]
    async with red.client() as client:
        client.headers.update({"x-opsc-session": ticket, "node-red-api-version": "v2"})
        client.headers["node-red-deployment-type"] = "reload"
        for method, path, body in ways:
            with contextlib.suppress(httpx.TimeoutException):
                await client.request(method, f"/nodered/{path}", json=body, timeout=2)


def test_each_method_of_the_storage_is_failed() -> None:
    storage = (NODERED / "runtime" / "storage.js").read_text()
    module = storage.partition("get module () {")[2].partition("\n  }\n")[0]
    assert set(re.findall(r"^ {6}(\w+): ", module, re.MULTILINE)) == {"init", *METHODS}


async def _until_deployed(red: Running, ticket: str, wanted: list[dict[str, Any]]) -> None:
    for _ in range(50):
        if await deploy(red, ticket, wanted) == 200:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("it does not heal")


@pytest.mark.parametrize("way", [way for way in WAYS if way != "is silent"])
async def test_a_restart_while_the_store_fails_starts_the_flows_and_loses_nothing(
    ground: Ground, way: str
) -> None:
    ticket = await ground.person()
    async with ground.node_red() as red:
        await _until_deployed(red, ticket, BASE)
    before = await ground.stored()
    ground.way.faults = {
        ("GET", "/snapshot"): way,
        ("PUT", "/flows"): way,
        ("PUT", "/documents/settings"): way,
    }

    async with ground.node_red() as red:
        async with red.client() as client:
            health = (await client.get("/nodered/health")).json()
        wanted = with_one_more(before, "during")
        status = await deploy(red, ticket, wanted)
        during = await ground.stored()
        ground.way.faults = {}
        await _until_deployed(red, ticket, with_one_more(before, "after"))

    assert health["flows"] == "started"
    assert status >= 400
    assert during == (wanted if way == "does it and hangs up" else before)
    assert await ground.stored() == with_one_more(before, "after")


async def test_an_editor_that_is_opened_while_the_store_is_away_can_not_deploy_its_emptiness(
    ground: Ground,
) -> None:
    ticket = await ground.person()
    async with ground.node_red() as red:
        await _until_deployed(red, ticket, BASE)
    (ground.data.root / "nodered" / "last-good.json").unlink()  # not even a copy
    ground.way.faults = {("GET", "/snapshot"): "refuses"}
    plan = a_plan(ground.data, Level.OFF)

    starting = asyncio.create_task(_run_until(ground, plan, opened := asyncio.Event()))
    async with Running(ground.data, plan, None).client() as client:  # type: ignore[arg-type]
        client.headers.update({"x-opsc-session": ticket, "node-red-api-version": "v2"})
        shown = await _first_answer(client)
        posted = await client.post("/nodered/flows", json={"flows": [], "rev": None})
        ground.way.faults = {}
        await asyncio.wait_for(opened.wait(), 30)
        flows = (await client.get("/nodered/flows")).json()["flows"]
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)

    assert (shown, posted.status_code) == (503, 503)
    assert len(flows) == len(BASE)
    assert len(await ground.stored()) == len(BASE)


async def _run_until(ground: Ground, plan: Any, opened: asyncio.Event) -> None:
    async with running(ground.data, plan, ground.way.url):
        opened.set()
        await asyncio.sleep(3600)


async def _first_answer(client: httpx.AsyncClient) -> int:
    for _ in range(100):
        with contextlib.suppress(httpx.TransportError):
            return (await client.get("/nodered/flows")).status_code
        await asyncio.sleep(0.1)
    raise AssertionError("it does not answer at all")
