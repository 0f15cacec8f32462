"""Stored scripts and parameters in executions: checked when accepted, given as data, secret ones never shown."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import Registered, action

pytestmark = pytest.mark.usefixtures("worker")
SECRET = "s3cret-of-the-parameters"
PARAMETERS = [
    {"name": "WHO", "type": "text", "required": True},
    {"name": "TIMES", "type": "number", "integer": True, "default": 2},
    {"name": "TOKEN", "type": "secret"},
]


@pytest.fixture(scope="module")
async def script(core: Core) -> dict[str, Any]:
    wanted = {
        "name": "greet",
        "interpreter": "sh",
        "content": 'i=0\nwhile [ $i -lt "$TIMES" ]; do echo "hello $WHO"; i=$((i+1)); done\necho "[$TOKEN]"\n',
        "parameters": PARAMETERS,
        "timeout": 77,
    }
    answer = await core.admin.post("/scripts", json=wanted)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    return dict(body.get("script", body))


async def _start(fleet: Registered, script: dict[str, Any], **values: object) -> Any:
    wanted = {"actions": [action("script", script_id=script["id"])], "target_ids": fleet.ids[:1]}
    return await fleet.api.post("/executions", json=wanted | {"values": values})


async def test_a_stored_script_runs_as_it_is_now_with_its_parameters_as_data(
    fleet: Registered, script: dict[str, Any]
) -> None:
    accepted = (await _start(fleet, script, WHO="$(id); it's me")).json()
    await fleet.end_of(accepted["id"])
    [result] = await fleet.results(accepted["id"])

    assert result["output_text"] == "hello $(id); it's me\n" * 2 + "[]\n"
    parameters = accepted["actions"][0]["action_parameters"]
    assert (parameters["timeout"], parameters["script_version"], accepted["name"]) == (77, 1, "greet")
    assert parameters["content"].startswith("i=0")


async def test_a_secret_value_reaches_the_script_and_nothing_else(
    core: Core, fleet: Registered, script: dict[str, Any]
) -> None:
    accepted = await _start(fleet, script, WHO="you", TOKEN=SECRET)
    await fleet.end_of(accepted.json()["id"])
    [result] = await fleet.results(accepted.json()["id"])
    shown = (await fleet.api.get(f"/executions/{accepted.json()['id']}")).text
    audited = (await core.admin.get("/audit", params={"object_id": accepted.json()["id"]})).text
    async with core.app.state.units.sessions() as session:
        query = text("select executions::text from executions where id = :id")
        stored = (await session.execute(query, {"id": accepted.json()["id"]})).scalar_one()

    assert result["output_text"] == "hello you\n" * 2 + "[•••]\n", "the script did not get the secret"
    for place in (accepted.text, shown, audited, stored):
        assert "you" in place, "this test looks in the wrong place"
        assert SECRET not in place
        assert SECRET.encode().hex() not in place


async def test_running_it_again_gives_the_same_values_secret_ones_too(
    fleet: Registered, script: dict[str, Any]
) -> None:
    first = (await _start(fleet, script, WHO="you", TOKEN=SECRET, TIMES=1)).json()
    await fleet.end_of(first["id"])
    again = (await fleet.api.post(f"/executions/{first['id']}/rerun", json={})).json()
    await fleet.end_of(again["id"])
    [result] = await fleet.results(again["id"])

    assert result["output_text"] == "hello you\n[•••]\n"
    assert again["parameters"] == first["parameters"]


async def test_commands_have_parameters_too(fleet: Registered) -> None:
    accepted = await fleet.start_actions(
        action("command", command='echo "$COLOUR"'),
        ids=fleet.ids[:1],
        parameters=[{"name": "COLOUR", "type": "choice", "choices": ["red", "green"]}],
        values={"COLOUR": "red"},
    )
    await fleet.end_of(accepted["id"])
    [result] = await fleet.results(accepted["id"])

    assert result["output_text"] == "red\n"


WRONG = {
    "a missing one": ({}, "values.WHO"),
    "an unknown one": ({"WHO": "x", "WHOM": "y"}, "values.WHOM"),
    "no number": ({"WHO": "x", "TIMES": "many"}, "values.TIMES"),
}


@pytest.mark.parametrize(("values", "field"), WRONG.values(), ids=WRONG.keys())
async def test_wrong_values_are_refused_at_their_fields(
    fleet: Registered, script: dict[str, Any], values: dict[str, object], field: str
) -> None:
    answer = await _start(fleet, script, **values)

    assert (answer.status_code, answer.json()["code"]) == (422, "parameters_invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_script_that_is_not_there_is_refused(fleet: Registered) -> None:
    answer = await _start(fleet, {"id": "01a20c06-c4c1-742b-b37f-ba80e5e35788"})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_script")
    assert answer.json()["errors"][0]["field"] == "actions.0.action_parameters.script_id"


async def test_a_script_is_given_once(fleet: Registered, script: dict[str, Any]) -> None:
    both = action("script", script_id=script["id"], content="true")
    neither = action("script")
    answers = [
        await fleet.api.post("/executions", json={"actions": [wanted], "target_ids": fleet.ids})
        for wanted in (both, neither)
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json()["code"] == "script_twice"
