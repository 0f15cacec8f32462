"""Hosts that do not answer, among others: whoever waits for them holds up nobody."""

from pathlib import Path

from bench.dead import dead_ports
from tests.support.core import Core, start_worker
from tests.support.registered import Registered, add_target


async def test_more_dead_hosts_than_places_hold_up_no_living_one(
    core: Core, fleet: Registered, tmp_path: Path
) -> None:
    credential = fleet.targets[0]["credential_id"]
    worker = start_worker(core, tmp_path, OPSCONDUCTOR_MAX_PARALLEL="2")
    try:
        worker.wait_until_ready()
        with dead_ports(3) as ports:
            dead = [
                (await add_target(core, f"dead {number}", port, credential))["id"]
                for number, port in enumerate(ports)
            ]
            execution = await fleet.run("true", ids=[*dead, *fleet.ids])
    finally:
        worker.stop()
    results = await fleet.results(execution["id"])
    died = [r["finished_at"] for r in results if r["status"] == "unreachable"]
    lived = [r["finished_at"] for r in results if r["status"] == "completed"]

    assert (len(died), len(lived)) == (3, 3)
    assert max(lived) < min(died)


async def test_hosts_that_answer_share_the_places_there_are(
    core: Core, fleet: Registered, tmp_path: Path
) -> None:
    worker = start_worker(core, tmp_path, OPSCONDUCTOR_MAX_PARALLEL="2")
    try:
        worker.wait_until_ready()
        execution = await fleet.run("sleep 1")
    finally:
        worker.stop()
    first, second, third = sorted(
        (r["started_at"], r["finished_at"]) for r in await fleet.results(execution["id"])
    )

    assert third[0] >= min(first[1], second[1])
