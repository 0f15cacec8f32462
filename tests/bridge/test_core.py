"""What the bridge says to the core, and believes of it: with a stand-in for the core that notes everything."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI, Request, Response
from tests.bridge.conftest import Door, command_on, open_door
from tests.support.core import Core, serving

TARGETS = "/api/workflow/targets"
SOME_ID = "00000000-0000-4000-8000-000000000000"
STATE = f"/api/workflow/state/{SOME_ID}"


USER = f'{{"id": "{SOME_ID}", "username": "u", "role": "operator"}}'


@dataclass
class StandIn:
    """Answers everything alike."""

    answer: Response = field(default_factory=lambda: Response("{}", media_type="application/json"))
    asked: list[Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long it takes for an answer, by method."""
    under_way: list[str] = field(default_factory=list)
    together: list[list[str]] = field(default_factory=list)
    """What was under way whenever something came, by method, the newest last."""

    async def reply(self, request: Request) -> Response:
        self.asked.append(request)
        self.under_way.append(request.method)
        self.together.append(list(self.under_way))
        await asyncio.sleep(self.seconds.get(request.method, 0))
        self.under_way.remove(request.method)
        self.bodies.append(await request.body())
        return self.answer


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    found = StandIn()
    app = FastAPI()
    app.add_api_route("/{path:path}", found.reply, methods=["GET", "POST", "PUT"], response_model=None)
    async with serving(app) as url:
        found.url = url
        yield found


@pytest.fixture
async def before(core: Core, stand_in: StandIn) -> AsyncIterator[Door]:
    """A bridge before the stand-in."""
    async with open_door(core, OPSCONDUCTOR_BACKEND_URL=stand_in.url) as door:
        yield door


async def test_the_core_sees_who_asks_and_for_what(before: Door, stand_in: StandIn) -> None:
    sent = {
        "X-OpsConductor-Flow": "f1",
        "Idempotency-Key": "12345678",
        "X-Request-ID": "request-1",
        "X-Forwarded-For": "192.0.2.9",
        "Cookie": "opsc_session=stolen",
        "X-Opsc-Session": "made-up",
    }
    client = await before.client("the-token", **sent)
    await client.post("/api/workflow/execute", json=command_on([SOME_ID]))

    [asked] = stand_in.asked
    seen = {name: asked.headers.get(name.lower()) for name in sent}
    assert asked.headers["authorization"] == "Bearer the-token"
    assert seen == sent | {"Cookie": None, "X-Opsc-Session": None}


async def test_a_cookie_that_somebody_sets_on_the_way_reaches_nobody_else(
    before: Door, stand_in: StandIn
) -> None:
    stand_in.answer.set_cookie("sticky", "1")
    answers = [await (await before.client(token)).get(STATE) for token in ("one", "two")]

    assert [request.headers.get("cookie") for request in stand_in.asked] == [None, None]
    assert all("set-cookie" not in answer.headers for answer in answers)


async def test_something_else_in_place_of_the_core_is_not_believed(before: Door, stand_in: StandIn) -> None:
    stand_in.answer = Response("<html>Bad Gateway</html>", 502, media_type="text/html")
    answer = await (await before.client("a-token")).get(TARGETS)

    assert (answer.status_code, answer.json()["code"]) == (503, "core_unavailable")
    assert "html" not in answer.text


async def test_when_to_come_back_is_passed_on(before: Door, stand_in: StandIn) -> None:
    refusal = b'{"detail":"Wait.","code":"too_many_sign_ins","request_id":"x"}'
    stand_in.answer = Response(refusal, 429, {"Retry-After": "17"}, "application/json")
    wanted = {"username": "a", "password": "b"}
    answer = await (await before.client()).post("/api/workflow/auth", json=wanted)

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_sign_ins")
    assert (answer.json()["detail"], answer.headers["retry-after"]) == ("Wait.", "17")


async def test_a_password_reaches_the_core_as_it_was_typed(before: Door, stand_in: StandIn) -> None:
    wanted = {"username": "ä", "password": "pass wörd"}
    await (await before.client()).post("/api/workflow/auth", json=wanted)

    assert [json.loads(body) for body in stand_in.bodies] == [wanted]


async def test_runs_that_start_wait_in_line_and_who_asks_for_an_end_passes_it(
    core: Core, stand_in: StandIn
) -> None:
    stand_in.seconds = {"POST": 0.3}
    more = {"OPSCONDUCTOR_BACKEND_URL": stand_in.url, "OPSCONDUCTOR_WORKFLOW_STARTS": 2}
    async with open_door(core, **more) as door:
        client = await door.client("a-token")
        wanted = command_on([SOME_ID])
        starts = [asyncio.create_task(client.post("/api/workflow/execute", json=wanted)) for _ in range(6)]
        await asyncio.sleep(0.1)
        since = time.monotonic()
        read = await client.get(f"/api/workflow/state/{SOME_ID}")
        seconds = time.monotonic() - since
        waiting = sum(not start.done() for start in starts)
        answers = await asyncio.gather(*starts)

    assert read.status_code == 200
    assert waiting >= 2
    assert seconds < 0.6
    assert max(methods.count("POST") for methods in stand_in.together) == 2
    assert {answer.status_code for answer in answers} == {200}


async def test_a_flow_s_token_does_not_wait_for_what_others_begin(core: Core, stand_in: StandIn) -> None:
    stand_in.seconds = {"POST": 0.2}
    stand_in.answer = Response('{"token": "t", "expires_at": "2030-01-01T00:00:00Z", "user": ' + USER + "}")
    async with open_door(core, OPSCONDUCTOR_BACKEND_URL=stand_in.url) as door:
        client = await door.client("a-token")
        wanted = command_on([SOME_ID])
        starts = [asyncio.create_task(client.post("/api/workflow/execute", json=wanted)) for _ in range(5)]
        while not stand_in.asked:
            await asyncio.sleep(0.001)
        given = await client.post("/api/workflow/auth", json={"flow_id": "f1"})
        waiting = sum(not start.done() for start in starts)
        await asyncio.gather(*starts)

    assert given.status_code == 200
    assert waiting >= 3


async def test_what_begins_lets_who_reads_a_result_go_first(core: Core, stand_in: StandIn) -> None:
    stand_in.seconds = {"GET": 0.1}
    async with open_door(core, OPSCONDUCTOR_BACKEND_URL=stand_in.url) as door:
        client = await door.client("a-token")
        read = asyncio.create_task(client.get(f"/api/workflow/results/{SOME_ID}"))
        while not stand_in.asked:
            await asyncio.sleep(0.001)
        began = await client.post("/api/workflow/execute", json=command_on([SOME_ID]))
        answers = [await read, began]

    assert {answer.status_code for answer in answers} == {200}
    assert stand_in.together == [["GET"], ["POST"]]
