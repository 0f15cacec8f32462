"""Too many requests, and what happens when a part of the system is away."""

import time

import httpx
from tests.bridge.conftest import INSTANCE_TOKEN, command_on, open_door
from tests.support.core import Core
from tests.support.servers import free_port

TARGETS = "/api/workflow/targets"
SOME_ID = "00000000-0000-4000-8000-000000000000"


async def _answers(client: httpx.AsyncClient, count: int) -> list[int]:
    return [(await client.get(TARGETS)).status_code for _ in range(count)]


async def test_one_token_may_send_so_many_requests_a_minute(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=5) as door:
        busy = await door.client(await door.token_of("viewer"))
        other = await door.client(await door.token_of("viewer"))
        assert await _answers(busy, 5) == [200] * 5
        refused = await busy.get(TARGETS)

        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert await _answers(other, 1) == [200]


async def test_all_bridges_count_together(core: Core) -> None:
    async with (
        open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=4) as one,
        open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=4) as two,
    ):
        token = await one.token_of("viewer")
        clients = [await one.client(token), await two.client(token)]
        answers = [(await clients[n % 2].get(TARGETS)).status_code for n in range(6)]

    assert answers == [200] * 4 + [429] * 2


async def test_a_flow_that_starts_all_the_time_does_not_stop_the_others(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=2) as door:
        nodered = await door.client(INSTANCE_TOKEN)
        asked = [{"flow_id": "busy", "run_id": "r"}] * 3 + [{"flow_id": "calm", "run_id": "r"}]
        answers = [(await nodered.post("/api/workflow/auth", json=one)).status_code for one in asked]

    assert answers == [404, 404, 429, 404]


async def test_guessing_passwords_is_counted_by_address(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=2) as door:
        answers = []
        for number in range(3):
            client = await door.client(f"another-{number}", **{"X-Forwarded-For": "192.0.2.7"})
            wanted = {"username": f"nobody-{number}", "password": "wrong"}
            answers.append((await client.post("/api/workflow/auth", json=wanted)).status_code)

    assert answers == [401, 401, 429]


async def test_without_redis_requests_are_still_answered_and_counted(core: Core) -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    async with open_door(core, REDIS_URL=away, OPSCONDUCTOR_WORKFLOW_RATE=5) as door:
        client = await door.client(await door.token_of("viewer"))
        since = time.monotonic()
        answers = await _answers(client, 7)
        seconds = time.monotonic() - since
        health = await client.get("/health")

    assert answers == [200] * 5 + [429] * 2
    assert seconds < 2
    assert (health.status_code, health.json()["status"], health.json()["redis"]) == (200, "degraded", "away")


async def test_when_the_core_is_away_the_bridge_says_so(core: Core) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    async with open_door(core, OPSCONDUCTOR_BACKEND_URL=away) as door:
        client = await door.client("any-token")
        answers = [
            await client.get(TARGETS),
            await client.post("/api/workflow/execute", json=command_on([SOME_ID])),
            await client.get("/api/nodered/storage/snapshot"),
            await client.get("/api/nodered/whoami"),
            await client.get("/api/workflow/events"),
            await client.get("/api/workflow/health"),
            await door.editor_auth(None, Cookie="opsc_session=x"),
        ]
        health = await client.get("/health")

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "core_unavailable")}
    assert all("does not answer" in answer.json()["detail"] for answer in answers)
    assert (health.status_code, health.json()["status"], health.json()["core"]) == (200, "degraded", "away")
