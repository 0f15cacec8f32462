"""Too many requests, and what happens when a part of the system is away."""

import re
import time
from pathlib import Path

import httpx
from tests.bridge.conftest import INSTANCE_TOKEN, a_run, command_on, deploy, figure, open_door
from tests.support.core import Core, running_core
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


async def test_every_answer_says_what_is_left_of_each_limit(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=2) as door:
        client = await door.client(await door.token_of("viewer"))
        before = await figure(
            door, "opsconductor_rate_limited_requests_total", service="bridge", kind="token"
        )
        answers = [await client.get(TARGETS, params={"os_type": "beos"}) for _ in range(3)]
        after = await figure(door, "opsconductor_rate_limited_requests_total", service="bridge", kind="token")

    assert [answer.status_code for answer in answers] == [422, 422, 429]
    policies = {answer.headers["ratelimit-policy"] for answer in answers}
    assert policies == {'"token";q=2;w=60, "user";q=24000;w=60'}
    left = [re.findall(r'"token";r=(\d+);t=(\d+)', answer.headers["ratelimit"]) for answer in answers]
    assert [int(found[0][0]) for found in left] == [1, 0, 0]
    assert 29 <= int(left[0][0][1]) <= 30
    assert "of one token" in answers[-1].json()["detail"]
    assert after - before == 1


async def test_all_runs_of_a_flow_count_together_and_those_of_others_do_not(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_FLOW_RATE=4) as door:
        await deploy(door, "busy", "calm")
        runs = [await a_run(door, "busy", f"run-{number}") for number in range(2)]
        answers = [await runs[number % 2].get(TARGETS) for number in range(5)]
        calm = await (await a_run(door, "calm")).get(TARGETS)

    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert "of one flow" in answers[-1].json()["detail"]
    assert calm.status_code == 200


async def test_the_token_that_runs_of_a_flow_share_counts_as_the_flow_not_as_one_token(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=2) as door:
        await deploy(door, "many")
        answers = await _answers(await a_run(door, "many"), 5)

    assert answers == [200] * 5


async def test_all_tokens_of_a_user_count_together(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_USER_RATE=3) as door:
        name = await door.user("viewer")
        person = await core.sign_in(name)
        wanted = {"name": "script", "scopes": ["targets.read"]}
        tokens = [(await person.post("/workflow-tokens", json=wanted)).json()["token"] for _ in range(2)]
        clients = [await door.client(token) for token in tokens]
        first = [await _answers(client, 1) for client in clients]  # so that the bridge knows whose they are
        answers = [(await clients[number % 2].get(TARGETS)).status_code for number in range(4)]

    assert first == [[200], [200]]
    assert answers == [200, 200, 200, 429]


async def test_nobody_can_use_up_the_limit_of_a_flow_by_naming_it(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_FLOW_RATE=2) as door:
        await deploy(door, "named")
        other = await door.client(await door.token_of("viewer"), **{"X-OpsConductor-Flow": "named"})
        stranger = await door.client("made-up", **{"X-OpsConductor-Flow": "named"})
        answers = await _answers(other, 3), await _answers(stranger, 3)
        run = await a_run(door, "named")

        assert answers == ([200] * 3, [401] * 3)
        assert await _answers(run, 2) == [200] * 2


async def test_nodered_itself_is_not_held_up_where_one_token_would_be(core: Core) -> None:
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=2) as door:
        nodered = await door.client(INSTANCE_TOKEN)
        asked = [await nodered.get("/api/nodered/waits", params={"node_id": "n"}) for _ in range(5)]

    assert [answer.status_code for answer in asked] == [200] * 5


async def test_past_the_bridge_a_workflow_token_is_counted_by_the_core(core: Core, tmp_path: Path) -> None:
    env = core.environment
    limits = {"OPSCONDUCTOR_WORKFLOW_RATE": "3"}
    async with running_core(env["DATABASE_URL"], env["REDIS_URL"], tmp_path, **limits) as behind_nginx:
        person = await core.user("viewer")
        wanted = {"name": "script", "scopes": ["targets.read"]}
        token = (await person.post("/workflow-tokens", json=wanted)).json()["token"]
        async with httpx.AsyncClient(base_url=behind_nginx.url) as client:
            client.headers["Authorization"] = f"Bearer {token}"
            paths = [TARGETS, "/api/v3/targets", TARGETS, TARGETS]
            answers = [await client.get(path) for path in paths]
        signed_in = [await person.get("/targets") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["code"] == "too_many_requests"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert answers[0].headers["ratelimit"].startswith('"token";r=2;')
    assert all(answer.status_code == 200 for answer in signed_in)


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
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_FLOW_RATE=2) as door:
        nodered = await door.client(INSTANCE_TOKEN)
        asked = [{"flow_id": "eager", "run_id": "r"}] * 3 + [{"flow_id": "patient", "run_id": "r"}]
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
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert all("does not answer" in answer.json()["detail"] for answer in answers)
    assert (health.status_code, health.json()["status"], health.json()["core"]) == (200, "degraded", "away")
