"""Jump hosts: who may be one, how long and how round a way may be, and what is shown of it."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.support.core import Core
from tests.support.registered import add_target

NOBODY = "01a20c06-c4c1-742b-b37f-ba80e5e35788"


@pytest.fixture(scope="module")
async def credential(core: Core) -> str:
    wanted = {"name": "of jump hosts", "kind": "password", "username": "root", "password": "s3cret"}
    return str((await core.admin.post("/credentials", json=wanted)).json()["id"])


async def _chain(core: Core, name: str, length: int, credential: str) -> list[dict[str, Any]]:
    """Register targets, each reached through the one before."""
    chain: list[dict[str, Any]] = []
    for number in range(length):
        through = chain[-1]["id"] if chain else None
        chain.append(await add_target(core, f"{name} {number}", 22, credential, jump_target_id=through))
    return chain


async def _through(core: Core, target: dict[str, Any], jump_host: str | None) -> httpx.Response:
    return await core.admin.patch(f"/targets/{target['id']}", json={"jump_target_id": jump_host})


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_target_is_reached_directly_and_in_modern_ways_unless_told_otherwise(core: Core) -> None:
    target = await add_target(core, "plain", 22, None)

    assert (target["jump_target_id"], target["route"], target["legacy_algorithms"]) == (None, [], False)


async def test_the_route_is_shown_from_here_to_there(core: Core, credential: str) -> None:
    *hops, last = await _chain(core, "shown", 4, credential)

    assert [hop["name"] for hop in last["route"]] == ["shown 0", "shown 1", "shown 2"]
    assert last["route"][0] == {"id": hops[0]["id"], "name": "shown 0", "host": "127.0.0.1", "port": 22}
    assert last["jump_target_id"] == hops[2]["id"]


async def test_the_list_shows_routes_too(core: Core, credential: str) -> None:
    await _chain(core, "listed", 3, credential)
    page = (await core.admin.get("/targets", params={"q": "listed"})).json()

    assert [len(item["route"]) for item in page["items"]] == [0, 1, 2]


async def test_outdated_algorithms_are_allowed_and_forbidden_again(core: Core) -> None:
    target = await add_target(core, "old", 22, None, legacy_algorithms=True)
    changed = await core.admin.patch(f"/targets/{target['id']}", json={"legacy_algorithms": False})

    assert (target["legacy_algorithms"], changed.json()["legacy_algorithms"]) == (True, False)


async def test_a_limit_of_operations_is_set_and_taken_away(core: Core) -> None:
    target = await add_target(core, "small", 22, None, max_parallel=2)
    path = f"/targets/{target['id']}"
    kept = await core.admin.patch(path, json={"description": "one core"})
    freed = await core.admin.patch(path, json={"max_parallel": None})
    refused = await core.admin.patch(path, json={"max_parallel": 0})

    assert [a["max_parallel"] for a in (target, kept.json(), freed.json())] == [2, 2, None]
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "max_parallel"


async def test_an_unknown_jump_host_is_refused_when_registering_and_when_changing(core: Core) -> None:
    target = await add_target(core, "to nowhere", 22, None)
    wanted = {"name": "from nowhere", "host": "web-1", "jump_target_id": NOBODY}
    answers = await core.admin.post("/targets", json=wanted), await _through(core, target, NOBODY)

    for answer in answers:
        assert _refusal(answer) == (422, "unknown_jump_host")
        assert answer.json()["errors"][0]["field"] == "jump_target_id"


async def test_a_jump_host_needs_a_credential(core: Core) -> None:
    bare = await add_target(core, "bare one", 22, None)
    target = await add_target(core, "behind a bare one", 22, None)
    answer = await _through(core, target, bare["id"])

    assert _refusal(answer) == (422, "jump_host_unusable")
    assert "bare one" in answer.json()["detail"]


async def test_a_jump_host_keeps_its_credential(core: Core, credential: str) -> None:
    host, target = await _chain(core, "kept", 2, credential)
    taken = await core.admin.patch(f"/targets/{host['id']}", json={"credential_id": None})
    await _through(core, target, None)
    after = await core.admin.patch(f"/targets/{host['id']}", json={"credential_id": None})

    assert (_refusal(taken), after.status_code) == ((409, "jump_host_in_use"), 200)


async def test_nobody_is_the_own_jump_host(core: Core, credential: str) -> None:
    [target] = await _chain(core, "own", 1, credential)

    assert _refusal(await _through(core, target, target["id"])) == (422, "jump_host_loop")


async def test_a_way_does_not_lead_in_a_circle(core: Core, credential: str) -> None:
    first, _, third = await _chain(core, "round", 3, credential)

    assert _refusal(await _through(core, first, third["id"])) == (422, "jump_host_loop")


async def test_two_who_want_each_other_at_the_same_time_do_not_both_get_it(
    core: Core, credential: str
) -> None:
    one, other = [(await _chain(core, name, 1, credential))[0] for name in ("one of two", "two of two")]
    for _ in range(5):
        answers = await asyncio.gather(_through(core, one, other["id"]), _through(core, other, one["id"]))
        assert sorted(answer.status_code for answer in answers) == [200, 422]
        await asyncio.gather(_through(core, one, None), _through(core, other, None))


async def test_a_fourth_jump_host_is_one_too_many(core: Core, credential: str) -> None:
    *_, fourth = await _chain(core, "long", 4, credential)
    wanted = {"name": "too far", "host": "web-1", "jump_target_id": fourth["id"]}
    answer = await core.admin.post("/targets", json=wanted)

    assert _refusal(answer) == (422, "route_too_long")
    assert "4 jump hosts" in answer.json()["detail"]


async def test_who_is_behind_counts_too(core: Core, credential: str) -> None:
    front = await _chain(core, "front", 2, credential)
    back = await _chain(core, "back", 3, credential)  # with both in front: four hops to the last
    refused = await _through(core, back[0], front[1]["id"])
    allowed = await _through(core, back[0], front[0]["id"])

    assert (_refusal(refused), allowed.status_code) == ((422, "route_too_long"), 200)


async def test_a_jump_host_in_use_is_not_deleted_and_the_sentence_says_how_many(
    core: Core, credential: str
) -> None:
    host, target = await _chain(core, "needed", 2, credential)
    refused = await core.admin.delete(f"/targets/{host['id']}")
    await _through(core, target, None)
    deleted = await core.admin.delete(f"/targets/{host['id']}")

    assert (_refusal(refused), deleted.status_code) == ((409, "jump_host_in_use"), 204)
    assert refused.json()["detail"].startswith("1 targets")


async def test_a_jump_host_deleted_while_a_target_takes_it_is_never_an_accident(
    core: Core, credential: str
) -> None:
    target = await add_target(core, "takes one", 22, None)
    for number in range(5):
        [host] = await _chain(core, f"contended {number}", 1, credential)
        taken, deleted = await asyncio.gather(
            _through(core, target, host["id"]), core.admin.delete(f"/targets/{host['id']}")
        )

        assert (taken.status_code, deleted.status_code) in {(200, 409), (422, 204)}


async def test_another_way_is_audited_and_keeps_the_key(core: Core, credential: str) -> None:
    host, target = await _chain(core, "audited", 2, credential)
    await _through(core, target, None)
    params = {"object_id": target["id"], "action": "target.changed"}
    [entry] = (await core.admin.get("/audit", params=params)).json()["items"]

    assert (entry["before"], entry["after"]) == ({"jump_target_id": host["id"]}, {"jump_target_id": None})


async def test_a_page_of_targets_takes_one_statement_more_for_all_their_routes(
    core: Core, credential: str, statements: list[str]
) -> None:
    await _chain(core, "counted", 4, credential)
    statements.clear()
    await core.admin.get("/targets", params={"q": "counted"})

    assert len([text for text in statements if "FROM targets" in text]) == 2  # rows, jump hosts
