"""What is accepted, what is refused, and that nothing is left behind by a refusal. No worker runs here."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import Registered, command_on


async def _rows(core: Core, table: str) -> int:
    async with core.app.state.units.sessions() as session:
        return int((await session.execute(text(f"select count(*) from {table}"))).scalar_one())  # noqa: S608


async def test_an_accepted_execution_has_a_scheduled_result_for_every_target(fleet: Registered) -> None:
    accepted = await fleet.start("true")

    results = await fleet.results(accepted["id"])
    assert [r["target_id"] for r in results] == fleet.ids
    assert {r["status"] for r in results} == {"scheduled"}
    assert accepted["counts"] == {"scheduled": 3}


async def test_a_target_named_twice_is_run_on_once(fleet: Registered) -> None:
    accepted = await fleet.start("true", ids=[fleet.ids[0], fleet.ids[0]])

    assert accepted["target_count"] == 1
    assert len(await fleet.results(accepted["id"])) == 1


async def test_an_execution_without_a_name_is_named_after_its_command(fleet: Registered) -> None:
    accepted = await fleet.start("\n  uptime -p\ndf -h")

    assert accepted["name"] == "uptime -p"


REFUSED = {
    "an empty command": {"command": ""},
    "a command of blanks": {"command": " \n "},
    "a command with NUL": {"command": "echo \0"},
    "a command of 65 KiB": {"command": "x" * 65 * 1024},
    "no time at all": {"command": "true", "timeout": 0},
    "an endless time": {"command": "true", "timeout": 10**9},
    "not a number as time": {"command": "true", "timeout": "soon"},
    "an unknown parameter": {"command": "true", "comand": "false"},
    "too many retries": {"command": "true", "retry_count": 11},
}


@pytest.mark.parametrize("parameters", REFUSED.values(), ids=REFUSED.keys())
async def test_a_bad_command_is_refused_and_nothing_is_stored(
    core: Core, fleet: Registered, parameters: dict[str, object]
) -> None:
    before = await _rows(core, "executions"), await _rows(core, "execution_results")
    action = {"action_type": "command", "action_parameters": parameters}
    answer = await fleet.api.post("/executions", json={"actions": [action], "target_ids": fleet.ids})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"].startswith("actions")
    assert (await _rows(core, "executions"), await _rows(core, "execution_results")) == before


async def test_a_command_of_1_mb_is_refused_before_it_is_read(fleet: Registered) -> None:
    answer = await fleet.api.post("/executions", json=command_on(fleet.ids, "x" * 1_000_000))

    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


async def test_a_long_body_of_undeclared_length_is_refused_too(fleet: Registered) -> None:
    async def endless() -> object:
        for _ in range(20):
            yield b"x" * 65536

    headers = {"Content-Type": "application/json"}
    answer = await fleet.api.post("/executions", content=endless(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


async def test_targets_that_do_not_exist_are_named_and_nothing_is_run(core: Core, fleet: Registered) -> None:
    before = await _rows(core, "executions")
    nobody = str(uuid4())
    answer = await fleet.api.post("/executions", json=command_on([fleet.ids[0], nobody], "true"))

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_targets")
    assert nobody in answer.json()["detail"]
    assert await _rows(core, "executions") == before


@pytest.mark.parametrize("ids", [[], ["not-an-id"], "all", None])
async def test_target_ids_must_be_a_list_of_ids(fleet: Registered, ids: object) -> None:
    body = command_on([], "true") | {"target_ids": ids}
    answer = await fleet.api.post("/executions", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_the_same_key_gives_the_same_execution(fleet: Registered) -> None:
    headers = {"Idempotency-Key": "deploy-42"}
    body = command_on(fleet.ids, "true")
    first = await fleet.api.post("/executions", json=body, headers=headers)
    second = await fleet.api.post("/executions", json=body, headers=headers)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]


async def test_the_same_key_at_the_same_time_is_accepted_once(core: Core, fleet: Registered) -> None:
    before = await _rows(core, "executions")
    post = [
        fleet.api.post(
            "/executions", json=command_on(fleet.ids, "true"), headers={"Idempotency-Key": "all-at-once"}
        )
        for _ in range(8)
    ]
    answers = await asyncio.gather(*post)

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await _rows(core, "executions") == before + 1


async def test_the_same_key_with_another_command_is_refused(fleet: Registered) -> None:
    headers = {"Idempotency-Key": "deploy-43"}
    await fleet.api.post("/executions", json=command_on(fleet.ids, "true"), headers=headers)
    answer = await fleet.api.post("/executions", json=command_on(fleet.ids, "false"), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_keys_of_different_users_do_not_meet(core: Core, fleet: Registered) -> None:
    other = await core.user("operator")
    headers = {"Idempotency-Key": "one-key-two-users"}
    body = command_on(fleet.ids, "true")
    first = await fleet.api.post("/executions", json=body, headers=headers)
    second = await other.post("/executions", json=body, headers=headers)

    assert first.json()["id"] != second.json()["id"]


async def test_a_viewer_may_look_but_not_run(core: Core, fleet: Registered) -> None:
    viewer = await core.user("viewer")
    refused = await viewer.post("/executions", json=command_on(fleet.ids, "true"))

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    assert (await viewer.get("/executions")).status_code == 200


async def test_an_unknown_filter_key_is_refused_not_ignored(fleet: Registered) -> None:
    answer = await fleet.api.get("/executions", params={"statsu": "failed"})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")
    assert "status" in answer.json()["detail"]


async def test_executions_are_found_by_status_and_text_newest_first(fleet: Registered) -> None:
    first = await fleet.start("echo needle-1")
    second = await fleet.start("echo needle-2")
    page = await fleet.api.get("/executions", params={"q": "needle", "status": "scheduled"})

    assert [item["id"] for item in page.json()["items"]] == [second["id"], first["id"]]
    assert page.json()["total"] == 2


async def test_accepting_is_audited_with_who_what_and_on_what(core: Core, fleet: Registered) -> None:
    accepted = await fleet.start("echo audited")
    page = await core.admin.get("/audit", params={"object_id": accepted["id"]})

    [entry] = page.json()["items"]
    assert (entry["action"], entry["actor"]["name"]) == ("execution.started", "admin")
    assert entry["after"]["target_ids"] == fleet.ids
    assert entry["request_id"]
