"""Steering executions on real SSH targets: batches, limits, pauses, deadlines, previews, running again."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.support.core import BEAT, Core, Process
from tests.support.registered import Registered, action, add_target, command_on

from opsconductor.executions.service import Admission

pytestmark = pytest.mark.usefixtures("worker")


async def _start(fleet: Registered, command: str, **strategy: object) -> dict[str, Any]:
    answer = await fleet.api.post("/executions", json=command_on(fleet.ids, command) | {"strategy": strategy})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def _until(fleet: Registered, execution_id: str, true: Any) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while not true(execution := (await fleet.api.get(f"/executions/{execution_id}")).json()):
            await asyncio.sleep(0.05)
    return dict(execution)


def _spans(results: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((r["started_at"], r["finished_at"]) for r in results)


async def test_one_at_a_time_means_one_at_a_time(fleet: Registered) -> None:
    execution = await _start(fleet, "sleep 0.2", parallelism=1)
    await fleet.end_of(execution["id"])

    spans = _spans(await fleet.results(execution["id"]))
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))


async def test_a_canary_that_fails_spares_all_others(fleet: Registered) -> None:
    accepted = await _start(fleet, "exit 1", canary=1, max_failures=0)
    execution = await fleet.end_of(accepted["id"])
    results = await fleet.results(accepted["id"])

    assert (execution["status"], execution["stop_reason"]) == ("failed", "failures")
    assert execution["counts"] == {"failed": 1, "skipped": 2}
    assert {r["error_code"] for r in results if r["status"] == "skipped"} == {"stopped_by_failures"}


async def test_as_many_failures_as_allowed_do_not_stop_it(fleet: Registered) -> None:
    command = 'test "$OPSCONDUCTOR_DEMO_TARGET" != target-1'
    accepted = await _start(fleet, command, batch_size=1, max_failures=1)
    execution = await fleet.end_of(accepted["id"])

    assert execution["counts"] == {"failed": 1, "completed": 2}


async def test_a_pause_between_batches_waits_for_a_person(fleet: Registered) -> None:
    accepted = await _start(fleet, "true", batch_size=2, pause_between_batches=True)
    paused = await _until(fleet, accepted["id"], lambda e: e["paused_at"])
    await asyncio.sleep(1.5)  # longer than a worker's poll
    still = (await fleet.api.get(f"/executions/{accepted['id']}")).json()
    answer = await fleet.api.post(f"/executions/{accepted['id']}/resume")
    execution = await fleet.end_of(accepted["id"])

    assert paused["counts"] == still["counts"] == {"completed": 2, "scheduled": 1}
    assert (answer.status_code, answer.json()["paused_at"]) == (200, None)
    assert execution["counts"] == {"completed": 3}


async def test_what_runs_goes_on_while_the_rest_is_paused(fleet: Registered) -> None:
    accepted = await _start(fleet, "sleep 1", parallelism=1)
    await _until(fleet, accepted["id"], lambda e: e["counts"].get("running") == 1)
    answer = await fleet.api.post(f"/executions/{accepted['id']}/pause")
    paused = await _until(fleet, accepted["id"], lambda e: "running" not in e["counts"])
    again = await fleet.api.post(f"/executions/{accepted['id']}/pause")
    await fleet.api.post(f"/executions/{accepted['id']}/resume")
    execution = await fleet.end_of(accepted["id"])

    assert answer.status_code == 200
    assert paused["counts"] == {"completed": 1, "scheduled": 2}
    assert (again.status_code, again.json()["code"]) == (409, "execution_paused")
    assert execution["counts"] == {"completed": 3}


async def test_a_paused_execution_can_be_cancelled(fleet: Registered) -> None:
    accepted = await _start(fleet, "true", batch_size=1, pause_between_batches=True)
    await _until(fleet, accepted["id"], lambda e: e["paused_at"])
    await fleet.api.post(f"/executions/{accepted['id']}/cancel")
    execution = await fleet.end_of(accepted["id"])

    assert (execution["status"], execution["counts"]) == ("cancelled", {"completed": 1, "cancelled": 2})


@pytest.mark.parametrize("deed", ["pause", "resume", "cancel"])
async def test_an_ended_execution_is_not_steered(fleet: Registered, deed: str) -> None:
    execution = await fleet.run("true")
    answer = await fleet.api.post(f"/executions/{execution['id']}/{deed}")

    assert (answer.status_code, answer.json()["code"]) == (409, "execution_ended")


async def test_one_target_can_be_cancelled_alone(fleet: Registered) -> None:
    accepted = await _start(fleet, 'test "$OPSCONDUCTOR_DEMO_TARGET" != target-2 || sleep 30')
    await _until(fleet, accepted["id"], lambda e: e["counts"] == {"completed": 2, "running": 1})
    [running] = [r for r in await fleet.results(accepted["id"]) if r["status"] == "running"]
    url = f"/executions/{accepted['id']}/results/{running['id']}/cancel"
    answer = await fleet.api.post(url)
    execution = await fleet.end_of(accepted["id"])
    late = await fleet.api.post(url)

    assert answer.status_code == 202
    assert (execution["status"], execution["counts"]) == ("failed", {"completed": 2, "cancelled": 1})
    assert (late.status_code, late.json()["code"]) == (409, "execution_ended")


async def test_the_deadline_of_the_whole_ends_what_runs_and_what_waits(
    core: Core, fleet: Registered, tmp_path: Path
) -> None:
    beat = Process(BEAT, core.environment, tmp_path)
    try:
        accepted = await _start(fleet, "sleep 30", parallelism=1, deadline_seconds=1.5)
        execution = await fleet.end_of(accepted["id"])
    finally:
        beat.stop()

    assert (execution["status"], execution["stop_reason"]) == ("failed", "deadline")
    assert execution["counts"] == {"cancelled": 1, "skipped": 2}


async def test_what_failed_is_run_again_and_the_new_one_names_the_old(
    fleet: Registered, tmp_path: Path
) -> None:
    command = f'test "$OPSCONDUCTOR_DEMO_TARGET" != target-3 || test -e {tmp_path}/mended'
    old = await fleet.run(command)
    (tmp_path / "mended").touch()
    answer = await fleet.api.post(f"/executions/{old['id']}/rerun", json={"statuses": ["failed"]})
    new = await fleet.end_of(answer.json()["id"])

    assert old["counts"] == {"completed": 2, "failed": 1}
    assert (new["rerun_of"], new["counts"]) == (old["id"], {"completed": 1})


async def test_running_again_can_begin_at_the_action_that_failed(fleet: Registered, tmp_path: Path) -> None:
    old = await fleet.start_actions(
        action("command", command=f"echo first >> {tmp_path}/$OPSCONDUCTOR_DEMO_TARGET"),
        action("command", command=f"test -e {tmp_path}/mended"),
    )
    await fleet.end_of(old["id"])
    (tmp_path / "mended").touch()
    answer = await fleet.api.post(f"/executions/{old['id']}/rerun", json={"from_failed_action": True})
    new = await fleet.end_of(answer.json()["id"])
    results = await fleet.results(new["id"])

    assert new["status"] == "completed"
    assert (tmp_path / "target-1").read_text() == "first\n"
    assert [step["action"] for step in results[0]["steps"]] == [1]


async def test_what_does_not_fit_is_not_run_again(fleet: Registered) -> None:
    done = await fleet.run("true")
    nothing = await fleet.api.post(f"/executions/{done['id']}/rerun", json={"statuses": ["lost"]})
    running = await _start(fleet, "sleep 30")
    early = await fleet.api.post(f"/executions/{running['id']}/rerun", json={})
    await fleet.api.post(f"/executions/{running['id']}/cancel")
    await fleet.end_of(running["id"])

    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_to_repeat")
    assert (early.status_code, early.json()["code"]) == (409, "execution_not_ended")


async def test_what_was_lost_is_only_run_again_when_somebody_says_so(core: Core, fleet: Registered) -> None:
    old = await fleet.run("true")
    async with core.app.state.units.sessions() as session:
        lose = "update execution_results set status = 'lost' where execution_id = :id"
        await session.execute(text(lose), {"id": old["id"]})
        await session.commit()
    careless = await fleet.api.post(f"/executions/{old['id']}/rerun", json={})
    careful = await fleet.api.post(f"/executions/{old['id']}/rerun", json={"confirm_lost": True})
    await fleet.end_of(careful.json()["id"])

    assert (careless.status_code, careless.json()["code"]) == (409, "lost_needs_confirmation")
    assert careful.status_code == 202


async def test_a_preview_tells_what_would_run_where_and_runs_nothing(
    core: Core, fleet: Registered, tmp_path: Path
) -> None:
    resting = await add_target(core, "resting", 22, fleet.targets[0]["credential_id"], status="maintenance")
    wanted = command_on([*fleet.ids, resting["id"]], f"touch {tmp_path}/ran")
    wanted["strategy"] = {"batch_size": 2, "max_failures": "50%", "parallelism": 1}
    shown = (await fleet.api.post("/executions/preview", json=wanted)).json()

    assert [t["batch"] for t in shown["targets"]] == [0, 0, 1, 1]
    assert (shown["target_count"], shown["will_run"], shown["max_failures"]) == (4, 3, 2)
    assert shown["targets"][3]["problem"] == "The target's status is maintenance: nothing is run on it."
    assert shown["targets"][0]["credential_name"]
    assert shown["actions"][0]["command"] == f"touch {tmp_path}/ran"
    assert list(tmp_path.iterdir()) == []


async def test_a_preview_tells_the_limits_of_targets_and_credentials(fleet: Registered) -> None:
    paths = {f"/targets/{fleet.ids[0]}": 2, f"/credentials/{fleet.targets[0]['credential_id']}": 5}
    for path, limit in paths.items():
        await fleet.api.patch(path, json={"max_parallel": limit})
    shown = (await fleet.api.post("/executions/preview", json=command_on(fleet.ids, "true"))).json()
    for path in paths:
        await fleet.api.patch(path, json={"max_parallel": None})

    limits = [(target["max_parallel"], target["credential_max_parallel"]) for target in shown["targets"]]
    assert limits == [(2, 5), (None, 5), (None, 5)]


async def test_a_limit_of_a_target_holds_between_executions_that_run(fleet: Registered) -> None:
    path = f"/targets/{fleet.ids[0]}"
    await fleet.api.patch(path, json={"max_parallel": 1})
    started = [await fleet.start("sleep 0.3", ids=fleet.ids[:1]) for _ in range(3)]
    for accepted in started:
        await fleet.end_of(accepted["id"])
    await fleet.api.patch(path, json={"max_parallel": None})

    spans = _spans([r for accepted in started for r in await fleet.results(accepted["id"])])
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))


async def test_a_run_must_be_what_the_preview_showed(core: Core, fleet: Registered) -> None:
    await fleet.run("true")  # pins the keys
    wanted = command_on(fleet.ids, "true")
    sha256 = (await fleet.api.post("/executions/preview", json=wanted)).json()["sha256"]
    same = await fleet.api.post("/executions", json=wanted | {"preview_sha256": sha256})
    other = await fleet.api.post(
        "/executions", json=command_on(fleet.ids, "false") | {"preview_sha256": sha256}
    )
    await core.admin.patch(f"/targets/{fleet.ids[0]}", json={"status": "maintenance"})
    moved = await fleet.api.post("/executions", json=wanted | {"preview_sha256": sha256})
    await core.admin.patch(f"/targets/{fleet.ids[0]}", json={"status": "active"})
    await fleet.end_of(same.json()["id"])

    assert same.status_code == 202
    for refused in (other, moved):
        assert (refused.status_code, refused.json()["code"]) == (409, "preview_outdated")


async def test_too_many_open_executions_of_one_user_are_refused_for_a_while(
    core: Core, fleet: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.app.state, "admission", Admission(executions_per_user=1, operations=3))
    first = await _start(fleet, "sleep 30")
    mine = await fleet.api.post("/executions", json=command_on(fleet.ids, "true"))
    other = await (await core.user("operator")).post("/executions", json=command_on(fleet.ids, "true"))
    await fleet.api.post(f"/executions/{first['id']}/cancel")
    await fleet.end_of(first["id"])

    assert (mine.status_code, mine.json()["code"]) == (429, "too_many_executions")
    assert (other.status_code, other.json()["code"]) == (429, "too_many_operations")
    assert mine.headers["Retry-After"] == "5"
