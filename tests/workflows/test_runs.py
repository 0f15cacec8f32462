"""Runs of flows: what Node-RED reports, what people see of it, and cancelling."""

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import add_target, command_on
from tests.workflows.conftest import Nodered, Person, a_node, a_tab

from opsconductor.runs import service
from opsconductor.runs.service import LOST, SILENCE

BEGAN = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat()


def a_step(node: str = "n1", **more: Any) -> dict[str, Any]:
    began = {"status": "completed", "messages": 1, "started_at": at(0), "finished_at": at(1)}
    return {"node_id": node, "node_type": "function", "flow_id": "patching", **began, **more}


def a_run(**more: Any) -> dict[str, Any]:
    started = {"run_id": str(uuid.uuid4()), "flow_id": "patching", "node_id": "in", "node_type": "inject"}
    return {
        **started,
        "cause": "inject",
        "started_by": "olaf",
        "status": "running",
        "started_at": at(0),
        **more,
    }


class Reporter:
    """Node-RED, as far as it tells of runs."""

    def __init__(self, nodered: Nodered) -> None:
        self._client = nodered.client

    async def __call__(self, *runs: dict[str, Any], alive: tuple[str, ...] = ()) -> list[str]:
        """Report, and return which runs are to end."""
        answer = await self._client.put("/internal/runs", json={"runs": runs, "alive": alive})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["cancel"])


@pytest.fixture(scope="module")
async def report(nodered: Nodered, dora: Person) -> Reporter:
    await nodered.deploy(a_tab("patching", a_node("in"), label="Patching"), dora)
    return Reporter(nodered)


async def seen(core: Core, run: dict[str, Any]) -> dict[str, Any]:
    answer = await core.admin.get(f"/workflow-executions/{run['run_id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def change(core: Core, statement: str, **values: Any) -> None:
    async with core.app.state.units.sessions() as session:
        await session.execute(text(statement), values)
        await session.commit()


async def test_a_run_has_the_name_the_version_and_the_owner_of_its_flow(core: Core, report: Reporter) -> None:
    run = a_run(cause="http", cause_detail="POST /hooks/patch", started_by=None)
    await report(run)

    shown = await seen(core, run)
    assert (shown["workflow_name"], shown["workflow_version"], shown["run_as"]) == ("Patching", 1, "dora")
    assert (shown["cause"], shown["cause_detail"]) == ("http", "POST /hooks/patch")
    assert (shown["status"], shown["completed_at"], shown["duration_ms"]) == ("running", None, None)


async def test_a_run_of_a_tab_that_is_gone_is_kept_by_its_id(core: Core, report: Reporter) -> None:
    run = a_run(flow_id="removed")
    await report(run)

    shown = await seen(core, run)
    assert (shown["workflow_name"], shown["workflow_version"], shown["run_as"]) == ("removed", None, None)


async def test_reporting_the_same_again_changes_nothing(core: Core, report: Reporter) -> None:
    run = a_run(status="completed", finished_at=at(2), steps=[a_step(), a_step("n2", started_at=at(1))])
    await report(run)
    once = await seen(core, run)
    await report(run, run)

    assert await seen(core, run) == once
    assert [(step["node_id"], step["messages"]) for step in once["steps"]] == [("n1", 1), ("n2", 1)]
    assert (once["duration_ms"], once["steps"][0]["duration_ms"]) == (2000, 1000)


async def test_a_run_grows_with_its_reports_and_can_go_on_after_its_end(core: Core, report: Reporter) -> None:
    run = a_run()
    await report(run | {"status": "completed", "finished_at": at(1), "steps": [a_step()]})
    await report(run | {"steps": [a_step(status="running", messages=2, finished_at=None), a_step("n2")]})

    shown = await seen(core, run)
    assert (shown["status"], shown["completed_at"]) == ("running", None)
    assert [(s["node_id"], s["messages"], s["status"]) for s in shown["steps"]] == [
        ("n1", 2, "running"),
        ("n2", 1, "completed"),
    ]


async def test_steps_that_a_restarted_count_has_forgotten_are_not_taken_back(
    core: Core, report: Reporter
) -> None:
    run = a_run()
    await report(run | {"steps": [a_step(messages=5, errors=1, error_message="no")]})
    await report(run | {"steps": [a_step(messages=1)]})

    step = (await seen(core, run))["steps"][0]
    assert (step["messages"], step["errors"], step["error_message"]) == (5, 1, "no")


async def test_a_silent_run_is_lost_and_comes_back_when_it_is_named_again(
    core: Core, report: Reporter
) -> None:
    run, other = a_run(), a_run()
    await report(run, other)
    past = "update workflow_executions set seen_at = now() - make_interval(secs => :s) where id = :id"
    await change(core, past, s=SILENCE.total_seconds() + 1, id=run["run_id"])
    async with core.app.state.units.begin() as uow:
        lost = await service.lose_silent(uow)

    assert [str(id) for id in lost] == [run["run_id"]]
    shown = await seen(core, run)
    assert (shown["status"], shown["error_message"]) == ("lost", LOST)
    assert (await seen(core, other))["status"] == "running"

    await report(alive=(run["run_id"],))
    shown = await seen(core, run)
    assert (shown["status"], shown["completed_at"], shown["error_message"]) == ("running", None, None)


async def test_cancelling_a_run_cancels_its_executions_and_tells_nodered(
    core: Core, nodered: Nodered, report: Reporter
) -> None:
    target = await add_target(core, "cancelled-with-its-run", 9, None)
    run = a_run()
    await report(run)
    flow = await nodered.running("patching")
    wanted = command_on([target["id"]], "sleep 60") | {
        "workflow_context": {"node_red_flow_id": "patching", "run_id": run["run_id"]}
    }
    execution = (await flow.post("/execute", json=wanted)).json()["execution_id"]
    assert await report(alive=(run["run_id"],)) == []
    answer = await core.admin.post(f"/workflow-executions/{run['run_id']}/cancel")

    assert (answer.status_code, answer.json()["cancelled_by"]) == (202, "admin")
    ended = (await core.admin.get(f"/executions/{execution}")).json()
    assert ended["status"] == "cancelled"
    assert await report(alive=(run["run_id"],)) == [run["run_id"]]
    assert await report(run | {"status": "cancelled", "finished_at": at(3)}) == []
    again = await core.admin.post(f"/workflow-executions/{run['run_id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "run_ended")


async def test_a_run_leads_to_its_executions(core: Core, nodered: Nodered, report: Reporter) -> None:
    target = await add_target(core, "linked-to-its-run", 9, None)
    run = a_run()
    flow = await nodered.running("patching")
    place = {"workflow_context": {"node_red_flow_id": "patching", "run_id": run["run_id"]}}
    ids = {
        (await flow.post("/execute", json=command_on([target["id"]], "true") | place)).json()["execution_id"]
        for _ in range(2)
    }
    await report(run)

    assert (await seen(core, run))["execution_count"] == 2
    page = (await core.admin.get("/executions", params={"run_id": run["run_id"]})).json()
    assert {item["id"] for item in page["items"]} == ids


async def test_d2_a_step_names_the_executions_that_its_node_has_started(
    core: Core, nodered: Nodered, report: Reporter
) -> None:
    target = await add_target(core, "named-by-its-step", 9, None)
    run = a_run(steps=[a_step(), a_step("n2")])
    flow = await nodered.running("patching")
    place = {"node_red_flow_id": "patching", "run_id": run["run_id"], "node_id": "n2"}
    wanted = command_on([target["id"]], "true") | {"workflow_context": place}
    ids = [(await flow.post("/execute", json=wanted)).json()["execution_id"] for _ in range(2)]
    await report(run)

    steps = (await seen(core, run))["steps"]
    assert {step["node_id"]: step["execution_ids"] for step in steps} == {"n1": [], "n2": ids}


async def test_runs_are_listed_newest_first_and_filtered(core: Core, report: Reporter) -> None:
    flow = f"listed-{uuid.uuid4().hex}"
    runs = [
        a_run(
            flow_id=flow,
            started_at=at(number),
            finished_at=at(number),
            status=status,
            started_by=f"by-{status}",
        )
        for number, status in enumerate(("completed", "failed", "completed"))
    ]
    await report(*runs)

    async def listed(**params: str) -> list[str]:
        page = (await core.admin.get("/workflow-executions", params={"flow_id": flow, **params})).json()
        assert page["total"] == len(page["items"])
        return [item["id"] for item in page["items"]]

    ids = [run["run_id"] for run in runs]
    assert await listed() == ids[::-1]
    assert await listed(status="failed") == [ids[1]]
    assert await listed(q="by-fail") == [ids[1]]
    assert await listed(since=at(1)) == [ids[2], ids[1]]
    assert await listed(until=at(1)) == [ids[0]]


async def test_pages_of_runs_follow_each_other(core: Core, report: Reporter) -> None:
    mine = [a_run(flow_id="paged", status="completed", started_at=at(n // 2)) for n in range(5)]
    await report(*mine)
    query = {"flow_id": "paged", "limit": 2}
    paged, cursor = [], None
    while len(paged) < len(mine):
        answer = await core.admin.get(
            "/workflow-executions", params=query | ({"cursor": cursor} if cursor else {})
        )
        assert answer.status_code == 200, answer.text
        paged += [run["started_at"] for run in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    noise = base64.urlsafe_b64encode(b'["yesterday","01a20c06-c4c1-742b-b37f-ba80e5e35788"]').decode()
    refused = await core.admin.get("/workflow-executions", params={"cursor": noise})

    assert (paged, cursor) == (sorted(paged, reverse=True), None)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_cursor")


async def test_old_runs_are_forgotten_and_those_that_go_on_are_not(core: Core, report: Reporter) -> None:
    long_ago = (datetime.now(UTC) - timedelta(days=31)).isoformat()
    old = a_run(started_at=long_ago, status="completed", finished_at=long_ago, steps=[a_step()])
    running = a_run(started_at=long_ago)
    await report(old, running)
    async with core.app.state.units.begin() as uow:
        assert await service.forget_old(uow, 30) >= 1

    assert (await core.admin.get(f"/workflow-executions/{old['run_id']}")).json()["code"] == "run_not_found"
    assert (await seen(core, running))["status"] == "running"


async def test_only_nodered_reports_runs(core: Core, dora: Person) -> None:
    answer = await dora.api.put(f"{core.url}/internal/runs", json={"runs": [a_run()]})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "lost"},
        {"run_id": "1"},
        {"cause": "magic"},
        {"started_at": "yesterday"},
        {"steps": [a_step()] * 201},
        {"error_message": "a\0b"},
    ],
)
async def test_a_report_that_is_not_valid_is_refused_with_the_field(
    nodered: Nodered, wrong: dict[str, Any]
) -> None:
    answer = await nodered.client.put("/internal/runs", json={"runs": [a_run() | wrong]})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("runs")
