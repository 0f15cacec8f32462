"""Stored scripts and parameters in executions: checked when accepted, given as data, secret ones never shown."""

import asyncio
import hashlib
from pathlib import Path
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


CONTENT = b"listen 8443\n\xff\x00 not text\n"
ASKS_FOR_A_FILE = [{"name": "CONFIG", "type": "file", "required": True}]


@pytest.fixture(scope="module")
async def config(core: Core) -> str:
    answer = await core.admin.post("/files", params={"name": "it's a $HOME.conf"}, content=CONTENT)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _with_file(fleet: Registered, file_id: str, *actions: dict[str, Any], **more: object) -> str:
    given = {"parameters": ASKS_FOR_A_FILE, "values": {"CONFIG": file_id}}
    accepted = await fleet.start_actions(*actions, ids=fleet.ids[:1], **given, **more)
    return str(accepted["id"])


def _left() -> set[str]:
    return {path.name for path in Path("/tmp").glob("opsconductor-*-*-7*-*")}  # noqa: S108  # where nothing may stay


@pytest.mark.parametrize("mode", ["attached", "detached"])
async def test_a_file_is_on_the_target_for_the_script_alone_and_gone_afterwards(
    fleet: Registered, config: str, mode: str
) -> None:
    before = _left()
    look = 'basename "$CONFIG"; stat -c %a "$CONFIG" "${CONFIG%/*/*}"; sha256sum <"$CONFIG"'
    actions = action("script", content=look), action("command", command='wc -c <"$CONFIG"')
    id = await _with_file(fleet, config, *actions, mode=mode)
    await fleet.end_of(id)
    [result] = await fleet.results(id)

    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert result["output_text"] == f"it's a $HOME.conf\n600\n700\n{sha256}  -\n{len(CONTENT)}\n"
    assert await _gone(before)


async def _gone(before: set[str]) -> bool:
    """Tell whether nothing more is there than before; what is detached goes just after the result is stored."""
    async with asyncio.timeout(5):
        while _left() - before:
            await asyncio.sleep(0.05)
    return True


async def test_a_file_goes_when_the_script_fails_and_when_it_is_cancelled(
    fleet: Registered, config: str
) -> None:
    before = _left()
    fails = await _with_file(fleet, config, action("command", command='test -r "$CONFIG"; exit 9'))
    await fleet.end_of(fails)
    hangs = await _with_file(fleet, config, action("command", command="sleep 30"))
    async with asyncio.timeout(10):
        while not (there := _left() - before):
            await asyncio.sleep(0.02)
    await fleet.api.post(f"/executions/{hangs}/cancel")
    cancelled = await fleet.end_of(hangs)

    assert there, "the file was never there"
    assert [r["exit_code"] for r in await fleet.results(fails)] == [9]
    assert cancelled["status"] == "cancelled"
    assert await _gone(before)


async def test_a_file_is_given_again_when_it_is_run_again(fleet: Registered, config: str) -> None:
    first = await _with_file(fleet, config, action("command", command='head -c 6 "$CONFIG"'))
    await fleet.end_of(first)
    again = (await fleet.api.post(f"/executions/{first}/rerun", json={})).json()
    await fleet.end_of(again["id"])

    assert [r["output_text"] for r in await fleet.results(again["id"])] == ["listen"]


async def test_a_file_that_is_not_there_is_refused_at_its_field(fleet: Registered) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    wanted = {"actions": [action("command", command="true")], "target_ids": fleet.ids[:1]}
    given = {"parameters": ASKS_FOR_A_FILE, "values": {"CONFIG": nobody}}
    answer = await fleet.api.post("/executions", json=wanted | given)

    assert answer.status_code == 422
    errors = [{"field": "values.CONFIG", "message": "there is no file with this id"}]
    assert (answer.json()["code"], answer.json()["errors"]) == ("parameters_invalid", errors)


async def test_a_file_that_was_deleted_meanwhile_fails_before_anything_runs(
    core: Core, fleet: Registered
) -> None:
    file_id = (await core.admin.post("/files", params={"name": "short.txt"}, content=b"x")).json()["id"]
    id = await _with_file(fleet, file_id, action("wait", seconds=1), action("command", command="echo ran"))
    assert (await core.admin.delete(f"/files/{file_id}")).status_code == 204
    await fleet.end_of(id)
    [result] = await fleet.results(id)

    assert (result["status"], result["error_code"], result["output_text"]) == (
        "failed",
        "source_unreadable",
        "",
    )
