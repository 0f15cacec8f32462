"""Lists of targets that the bridge keeps: used again while nothing changes, and never after something has."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest
from tests.bridge.conftest import Door, a_run, deploy, figure, open_door
from tests.support.core import Core
from tests.support.registered import add_target
from tests.support.servers import free_port, running_valkey

from opsconductor.bridge import target_lists

TARGETS = "/api/workflow/targets"
LOOKUPS = "opsconductor_bridge_cache_lookups_total"


async def _names(client: httpx.AsyncClient, **wanted: str) -> set[str]:
    answer = await client.get(TARGETS, params=wanted)
    assert answer.status_code == 200, answer.text
    return {target["name"] for target in answer.json()["targets"]}


async def _hits(door: Door) -> float:
    return await figure(door, LOOKUPS, cache="targets", result="hit")


async def test_all_runs_of_a_flow_share_a_list_while_nothing_changes(door: Door, targets: list[dict]) -> None:
    await deploy(door, "sharing")
    before = await _hits(door)
    for number in range(3):
        assert await _names(await a_run(door, "sharing", f"run-{number}"), environment="idle")

    assert await _hits(door) == before + 2


async def test_a_kept_list_is_shown_to_a_token_that_the_core_vouches_for(
    door: Door, targets: list[dict]
) -> None:
    person = await door.core.sign_in(await door.user("viewer"))
    wanted = {"name": "script", "scopes": ["targets.read"]}
    tokens = [(await person.post("/workflow-tokens", json=wanted)).json()["token"] for _ in range(2)]
    one, other = [await door.client(token) for token in tokens]
    shown = await _names(one, environment="idle")
    before = await _hits(door)

    assert await _names(other, environment="idle") == shown
    assert await _hits(door) == before + 1
    stranger = await door.client("opsc_wt_made-up")
    assert (await stranger.get(TARGETS, params={"environment": "idle"})).status_code == 401


async def test_a_change_of_a_target_is_seen_by_the_next_selector_at_once(door: Door) -> None:
    admin = door.core.admin
    await deploy(door, "watching")
    wanted = {"environment": "shifting"}

    async def seen() -> set[str]:
        return await _names(await a_run(door, "watching"), **wanted)

    before = await figure(door, "opsconductor_bridge_cache_invalidations_total", cache="targets")
    assert await seen() == set()
    one = await add_target(door.core, "one", 9, None, **wanted)
    after_creation = await seen()
    await admin.patch(f"/targets/{one['id']}", json={"name": "uno", "tags": ["web"]})
    after_change = await seen()
    by_tag = await _names(await a_run(door, "watching"), tag="web", **wanted)
    await admin.patch(f"/targets/{one['id']}", json={"tags": []})
    without_tag = await _names(await a_run(door, "watching"), tag="web", **wanted)
    await admin.delete(f"/targets/{one['id']}")

    assert (after_creation, after_change, by_tag, without_tag) == ({"one"}, {"uno"}, {"uno"}, set())
    assert await seen() == set()
    assert await figure(door, "opsconductor_bridge_cache_invalidations_total", cache="targets") >= before + 4


async def test_a_list_that_was_asked_for_before_a_change_does_not_stand_for_what_is_after_it() -> None:
    kept = target_lists.Recent[int]("test", 60)
    asked, answer = 0, asyncio.get_running_loop().create_future()

    async def ask() -> int:
        nonlocal asked
        asked += 1
        return await answer if asked == 1 else 2

    early = asyncio.create_task(kept.get("key", ask))
    await asyncio.sleep(0)
    kept.forget()
    late = await kept.get("key", ask)
    answer.set_result(1)

    assert (await early, late, await kept.get("key", ask)) == (1, 2, 2)


async def test_two_people_and_two_flows_never_share_a_list(door: Door, targets: list[dict]) -> None:
    await deploy(door, "mine", "yours")
    person = await door.client(await door.token_of("viewer"))
    before = await _hits(door)
    for client in (await a_run(door, "mine"), await a_run(door, "yours"), person):
        assert await _names(client, environment="idle", os_type="linux")

    assert await _hits(door) == before


async def test_a_deactivated_owner_is_shown_no_kept_list_for_longer_than_two_seconds(door: Door) -> None:
    await deploy(door, "left-behind")
    run = await a_run(door, "left-behind")
    assert await _names(run) is not None
    flows = (await door.core.admin.get("/workflows")).json()["items"]
    owner = next(flow["run_as"]["id"] for flow in flows if flow["flow_id"] == "left-behind")
    assert (await door.core.admin.patch(f"/users/{owner}", json={"is_active": False})).is_success
    since = time.monotonic()
    while (await run.get(TARGETS)).status_code == 200 and time.monotonic() < since + 10:
        await asyncio.sleep(0.05)

    assert time.monotonic() - since < target_lists.LET_THROUGH + 0.5


@pytest.mark.parametrize("how", ["away", "deaf"])
async def test_where_hints_are_lost_a_list_is_old_for_a_short_while_only(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Away: no Valkey at all. Deaf: one that answers, but which nobody tells anything."""
    monkeypatch.setattr(target_lists, "HEARING", target_lists.DEAF)
    monkeypatch.setattr(target_lists, "LET_THROUGH", 60.0)
    environment = f"lost-{how}"
    with running_valkey(tmp_path) as other:
        url = other if how == "deaf" else f"redis://127.0.0.1:{free_port()}/0"
        async with open_door(core, REDIS_URL=url) as door:
            await deploy(door, f"flow-{how}")
            run = await a_run(door, f"flow-{how}")
            assert await _names(run, environment=environment) == set()
            await add_target(core, f"late-{how}", 9, None, environment=environment)
            since = time.monotonic()
            while not await _names(run, environment=environment):
                assert time.monotonic() - since < target_lists.DEAF + 1
                await asyncio.sleep(0.05)
