"""What the tables of flows and runs hold themselves to: rows D1, D2, D3 and D10 of the corrections."""

import hashlib
import uuid
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.support.core import Core, Process
from tests.support.registered import register
from tests.support.sshd import running_sshd
from tests.workflows.conftest import Nodered, Person, a_node, a_person, a_tab

TIMES = {"started_at": "2026-03-01T10:00:00Z", "finished_at": "2026-03-01T10:00:01Z"}
VERSION = """
    insert into nodered_flow_versions (id, flow_id, version, flow_name, flow_data, sha256, username)
    select gen_random_uuid(), flow_id, version, flow_name, flow_data, sha256, username from nodered_flow_versions
    where flow_id = :flow
"""


async def _asked(core: Core, statement: str, **values: Any) -> list[Any]:
    async with core.app.state.units.sessions() as session:
        found = await session.execute(text(statement), values)
        rows = list(found) if found.returns_rows else []
        await session.commit()
        return rows


async def test_d1_a_flow_has_many_versions_and_each_number_once(
    core: Core, nodered: Nodered, dora: Person
) -> None:
    """D1: `flow_id` UNIQUE with one version ever -> versions in a table of their own, UNIQUE (flow, version)."""
    for payload in ("one", "two"):
        await nodered.deploy(a_tab("d1", a_node("d1-n", payload=payload)), dora)
    kept = "select version, sha256, username from nodered_flow_versions where flow_id = 'd1' order by version"
    first, second = await _asked(core, kept)

    assert (first.version, second.version, second.username) == (1, 2, "dora")
    assert first.sha256 != second.sha256
    with pytest.raises(IntegrityError, match="uq_nodered_flow_versions_flow_id_version"):
        await _asked(core, VERSION, flow="d1")


async def test_d2_a_run_is_one_row_and_its_steps_are_rows_of_their_own(core: Core, nodered: Nodered) -> None:
    """D2: run and node step mixed -> run = `workflow_executions`, steps with node, execution, status and times."""
    run = await _reported(nodered)
    runs = await _asked(core, "select 1 from workflow_executions where id = :id", id=run)
    steps = await _asked(
        core, "select * from workflow_execution_steps where run_id = :id order by node_id", id=run
    )

    assert len(runs) == 1
    assert [(step.node_id, step.status) for step in steps] == [("n1", "completed"), ("n2", "completed")]
    assert all(step.started_at and step.finished_at for step in steps)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("workflow_executions", "status"),
        ("workflow_execution_steps", "status"),
        ("executions", "status"),
        ("execution_results", "status"),
    ],
)
async def test_d3_a_status_is_one_of_the_known_words(core: Core, table: str, column: str) -> None:
    """D3: free-text statuses -> CHECKs."""
    checks = """
        select pg_get_constraintdef(oid) as rule from pg_constraint
        where conrelid = cast(:table as regclass) and contype = 'c' and conname = :name
    """
    [found] = await _asked(core, checks, table=table, name=f"ck_{table}_{column}")

    assert "'running'" in found.rule


async def test_d3_a_free_word_is_refused(core: Core, nodered: Nodered) -> None:
    run = await _reported(nodered)
    with pytest.raises(IntegrityError, match="ck_workflow_executions_status"):
        await _asked(core, "update workflow_executions set status = 'almost' where id = :id", id=run)


async def test_d3_versions_and_runs_survive_who_they_are_of(core: Core, nodered: Nodered) -> None:
    """D3: no ON DELETE rules -> runs and versions survive deleted users."""
    leaver = await a_person(core, "designer", "leaver")
    await nodered.deploy(a_tab("left", a_node("left-n")), leaver)
    run = await _reported(nodered, flow_id="left")
    await _asked(core, "delete from users where id = :id", id=leaver.id)
    [version] = await _asked(
        core, "select user_id, username from nodered_flow_versions where flow_id = 'left'"
    )

    assert (version.user_id, version.username) == (None, "leaver")
    assert (await core.admin.get(f"/workflow-executions/{run}")).json()["run_as"] == "leaver"


async def test_d10_a_result_says_where_its_output_is_how_long_and_whether_it_is_whole(
    core: Core, worker: Process
) -> None:
    """D10: "file-based results" without columns -> paths, sizes, hashes, and what was left out."""
    async with running_sshd(1) as servers:
        fleet = await register(core, servers)
        execution = await fleet.run("seq 20000")
    stored = "select * from execution_results where execution_id = :id"
    [row] = await _asked(core, stored, id=execution["id"])
    file = core.settings.storage_dir / row.output_path
    whole = "".join(f"{number}\n" for number in range(1, 20001)).encode()

    assert file.read_bytes() == whole
    assert (row.output_bytes, row.output_kept) == (len(whole), len(whole))
    assert row.output_sha256 == hashlib.sha256(whole).digest()
    assert whole.startswith(row.output_head)


async def _reported(nodered: Nodered, **more: Any) -> str:
    """Report a run of two steps; return its id."""
    step = {"node_type": "function", "flow_id": "any", "status": "completed", "messages": 1, **TIMES}
    run = {
        **{"run_id": str(uuid.uuid4()), "flow_id": "any", "node_id": "in", "node_type": "inject"},
        **{
            "cause": "inject",
            "status": "completed",
            "steps": [{"node_id": id, **step} for id in ("n1", "n2")],
        },
        **TIMES,
        **more,
    }
    answer = await nodered.client.put("/internal/runs", json={"runs": [run], "alive": []})
    assert answer.status_code == 200, answer.text
    return str(run["run_id"])
