"""The bucket goes away, the worker is killed, retention deletes meanwhile: nothing is lost, and nothing comes back."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.storage.conftest import until
from tests.support.core import Core, Process, running_core, start_worker
from tests.support.registered import Registered
from tests.support.s3 import TestBucket, private_folder

from opsconductor.executions.retention import Retention
from opsconductor.storage.marks import Marks

WRITTEN = "".join(f"{number}\n" for number in range(1, 20_001)).encode()
"""What `seq 20000` writes."""


async def _run(fleet: Registered) -> tuple[str, dict[str, Any]]:
    """Run it on one target; return the beginning of the addresses of its output, and its execution."""
    execution = await fleet.run("seq 20000", ids=fleet.ids[:1])
    [result] = await fleet.results(execution["id"])
    return f"/executions/{execution['id']}/results/{result['id']}", execution


def _place(bucket: TestBucket, address: str) -> str | None:
    id = address.rpartition("/")[2]
    return next((place for place in bucket.places() if id in place), None)


async def _health(core: Core) -> Any:
    return (await core.admin.get(f"{core.url}/health")).json()["storage"]


async def test_a_run_completes_while_the_bucket_is_away_and_its_output_is_sent_once_it_is_back(
    core: Core, fleet: Registered, bucket: TestBucket, worker: Process, far_folder: Path
) -> None:
    await bucket.gate.shut()
    try:
        address, execution = await _run(fleet)
        refused = await core.admin.get(f"{address}/lines")
        health = await _health(core)
        packed = await core.admin.get(f"{address.partition('/results')[0]}/download")
        listed = await core.admin.get(f"{address.partition('/results')[0]}/results")
        async with running_core(
            core.environment["DATABASE_URL"],
            core.environment["REDIS_URL"],
            far_folder.parent,
            **bucket.environment,
        ) as beside:  # on the worker's own machine
            token = core.admin.headers["Authorization"].removeprefix("Bearer ")
            here = await (await beside.client(token)).get(f"{address}/output")
        unsent = Marks(far_folder / "unsent").all()
    finally:
        bucket.gate.open()

    assert execution["status"] == "completed"
    assert here.content == WRITTEN
    assert health == "away"
    assert [place for place in unsent if address.rpartition("/")[2] in place]
    for answer in (refused, packed):
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unreachable")
        assert "it is not lost" in answer.json()["detail"]
    assert (listed.status_code, listed.json()["items"][0]["output_truncated"]) == (200, True)
    await until(lambda: _place(bucket, address) is not None)
    assert bucket.objects()[str(_place(bucket, address))] == WRITTEN
    await asyncio.sleep(3)  # in which nobody asked a bucket again that had not answered
    assert (await core.admin.get(f"{address}/output")).content == WRITTEN
    assert await _health(core) == "ok"
    assert [line["reason"] for line in worker.lines if line["event"] == "storage.away"]
    assert [line for line in worker.lines if line["event"] == "storage.back"]


async def test_health_and_metrics_say_that_content_waits(core: Core, bucket: TestBucket) -> None:
    assert await _health(core) == "ok"
    await bucket.gate.shut()
    try:
        await core.admin.post("/files", params={"name": "waits"}, content=b"waits")
        async with asyncio.timeout(15):
            while await _health(core) != "away":
                await asyncio.sleep(0.1)
        metrics = (await core.admin.get(f"{core.url}/metrics")).text
        while "opsconductor_storage_unsent_bytes 5.0" not in metrics:
            await asyncio.sleep(0.1)
            metrics = (await core.admin.get(f"{core.url}/metrics")).text
    finally:
        bucket.gate.open()

    assert "opsconductor_storage_unsent_objects 1.0" in metrics
    assert 'opsconductor_storage_requests_total{kind="send",outcome="failed"}' in metrics
    async with asyncio.timeout(30):
        while await _health(core) != "ok":
            await asyncio.sleep(0.1)


@pytest.mark.crash
async def test_what_a_killed_worker_had_not_sent_is_sent_by_the_next(
    core: Core, fleet: Registered, bucket: TestBucket, worker: Process, tmp_path: Path
) -> None:
    worker.process.send_signal(19)  # only the one that will be killed may claim this
    machine = private_folder(tmp_path / "storage")
    doomed = start_worker(core, tmp_path, **machine)
    try:
        doomed.wait_until_ready()
        await bucket.gate.shut()
        address, _ = await _run(fleet)
        doomed.kill()
        bucket.gate.open()
        left = Marks(tmp_path / "storage" / "unsent").all()
        await asyncio.sleep(1)
        before = _place(bucket, address)

        heir = start_worker(core, tmp_path, **machine)
        try:
            await until(lambda: Marks(tmp_path / "storage" / "unsent").all() == [])
        finally:
            heir.stop()
    finally:
        bucket.gate.open()
        doomed.kill()
        worker.process.send_signal(18)

    assert (len(left), before) == (1, None)
    assert bucket.objects()[str(_place(bucket, address))] == WRITTEN


async def _aged(core: Core, execution_id: str) -> None:
    async with core.app.state.units.sessions() as session:
        statement = text("update executions set finished_at = now() - :age where id = :id")
        await session.execute(statement, {"age": timedelta(days=100), "id": execution_id})
        await session.commit()


def _retention(core: Core) -> Retention:
    limits = {"output_days": 90, "output_bytes": 0, "executions_kept": 0}
    settings = core.settings.model_copy(update=limits)
    return Retention(core.app.state.units, settings, core.app.state.folder)


@pytest.mark.parametrize("away", [False, True], ids=["the bucket is there", "the bucket is away"])
async def test_what_retention_deletes_is_deleted_in_the_bucket_as_soon_as_it_is_there(
    core: Core, fleet: Registered, bucket: TestBucket, worker: Process, away: bool
) -> None:
    old, execution = await _run(fleet)
    young, _ = await _run(fleet)
    await _aged(core, execution["id"])
    assert _place(bucket, old)

    if away:
        await bucket.gate.shut()
    await _retention(core).enforce()
    if away:
        await asyncio.sleep(1)
        assert _place(bucket, old)  # by the other door
        bucket.gate.open()

    await until(lambda: _place(bucket, old) is None, 30)
    page = (await core.admin.get(f"{old}/lines")).json()
    assert page["note"].startswith("Deleted by retention on")
    assert _place(bucket, young)


async def test_objects_that_no_result_refers_to_are_deleted_a_day_after_they_came(
    core: Core, fleet: Registered, bucket: TestBucket, worker: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, _ = await _run(fleet)
    orphan = "outputs/2026/01/01/01a2149f-4481-7964-a434-efaf8b9e0749.1.out"
    foreign = "outputs/2026/01/01/README"
    bucket.write(orphan, b"x")
    bucket.write(foreign, b"x")

    await _retention(core).clear_orphaned_objects()
    await asyncio.sleep(1)
    early = bucket.places()
    monkeypatch.setattr("opsconductor.executions.retention.DAY", -60)
    await _retention(core).clear_orphaned_objects()

    assert orphan in early
    await until(lambda: orphan not in bucket.places())
    assert foreign in bucket.places()
    assert _place(bucket, kept)


async def test_what_another_installation_has_there_is_left_alone(
    core: Core, bucket: TestBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = "outputs/2026/01/01/01a2149f-4481-7964-a434-efaf8b9e0750.1.out"
    await _retention(core).clear_orphaned_objects()  # which makes it ours
    ours = bucket.read(f"{bucket.prefix}/owner")
    bucket.write(theirs, b"x")
    bucket.write("owner", b"somebody else")
    monkeypatch.setattr("opsconductor.executions.retention.DAY", -60)

    await _retention(core).clear_orphaned_objects()
    await asyncio.sleep(1)
    before = bucket.places()
    bucket.write("owner", ours)
    await _retention(core).clear_orphaned_objects()

    assert theirs in before
    await until(lambda: theirs not in bucket.places())


async def test_a_worker_starts_with_wrong_credentials_and_says_in_its_log_what_is_wrong(
    core: Core, fleet: Registered, bucket: TestBucket, worker: Process, tmp_path: Path
) -> None:
    worker.process.send_signal(19)
    wrong = {"OPSCONDUCTOR_STORAGE_SECRET_KEY": "wrong-secret-of-the-bucket"}
    second = start_worker(core, tmp_path, **private_folder(tmp_path / "storage"), **wrong)
    try:
        second.wait_until_ready()
        _, execution = await _run(fleet)
        await until(lambda: any(line["event"] == "storage.away" for line in second.lines))
    finally:
        worker.process.send_signal(18)
        second.stop()

    assert execution["status"] == "completed"
    said = next(line["reason"] for line in second.lines if line["event"] == "storage.away")
    assert "refuses these credentials" in said
    assert "wrong-secret" not in second.log.read_text()
    shutil.rmtree(tmp_path / "storage")
