"""A worker and a core that share nothing but servers and a bucket: what one writes the other reads, byte for byte."""

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.storage.conftest import until
from tests.support.core import Core, Process
from tests.support.registered import Registered, action
from tests.support.s3 import TestBucket

pytestmark = pytest.mark.usefixtures("worker")

WRITTEN = "".join(f"{number}\n" for number in range(1, 20_001)).encode()
"""What `seq 20000` writes."""


def _local(core: Core) -> list[Path]:
    return [path for path in (core.settings.storage_dir / "outputs").rglob("*") if path.is_file()]


def _forget(core: Core) -> None:
    """Make the core's machine a new one."""
    for name in ("outputs", "files"):
        shutil.rmtree(core.settings.storage_dir / name, ignore_errors=True)


async def _run(
    bucket: TestBucket, fleet: Registered, command: str = "seq 20000"
) -> tuple[str, dict[str, Any], str]:
    """Run it on one target; return the execution's id, its result, and the place of its output."""
    id = (await fleet.run(command, ids=fleet.ids[:1]))["id"]
    [result] = await fleet.results(id)
    [place] = [place for place in bucket.places() if result["id"] in place]
    return id, result, place


async def _get(core: Core, path: str, **parameters: Any) -> httpx.Response:
    answer = await core.admin.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer


async def test_an_output_is_in_the_bucket_byte_for_byte_once_its_result_is_told(
    core: Core, fleet: Registered, bucket: TestBucket, far_folder: Path
) -> None:
    _forget(core)
    _, result, place = await _run(bucket, fleet)

    assert place == f"{place.rpartition('/')[0]}/{result['id']}.1.out"
    assert bucket.objects()[place] == WRITTEN
    assert bucket.facts(place)["sha256"] == hashlib.sha256(WRITTEN).hexdigest()
    assert (far_folder / place).read_bytes() == WRITTEN
    assert result["output_text"] == WRITTEN.decode()[: 64 * 1024]  # a list has it too, from the other machine


async def test_a_machine_that_has_nothing_reads_everything(
    core: Core, fleet: Registered, bucket: TestBucket
) -> None:
    id, result, _ = await _run(bucket, fleet)
    other, _, _ = await _run(bucket, fleet, "seq 19999; echo other")
    [second] = await fleet.results(other)
    one = f"/executions/{id}/results/{result['id']}"

    def anew() -> None:
        _forget(core)
        assert _local(core) == []

    anew()
    lines = (await _get(core, f"{one}/lines", **{"from": -2})).json()
    anew()
    whole = await _get(core, f"{one}/output")
    anew()
    found = (await _get(core, f"/executions/{id}/search", q="12345")).json()
    anew()
    text = (await _get(core, f"/executions/{id}/download", format="text")).content
    anew()
    packed = (await _get(core, f"/executions/{id}/download", format="zip")).content
    anew()
    compared = (await _get(core, "/executions/compare", left=result["id"], right=second["id"])).json()
    anew()
    groups = (await _get(core, f"/executions/{id}/groups", mask="target_name")).json()

    assert [line["text"] for line in lines["lines"]] == ["19999", "20000"]
    assert (lines["total_lines"], lines["note"]) == (20_000, None)
    assert whole.content == WRITTEN
    assert (found["lines_found"], found["found"][0]["matches"][0]["number"]) == (1, 12345)
    assert WRITTEN in text
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        name = json.loads(archive.read("manifest.json"))["results"][0]["stdout"]["file"]
        assert archive.read(name) == WRITTEN
    assert (compared["difference"]["line"], compared["difference"]["right"]) == (20_000, "other")
    assert groups["groups"][0]["first_lines"] == ["1", "2", "3"]


async def test_what_was_fetched_is_read_from_the_folder_while_the_bucket_is_away(
    core: Core, fleet: Registered, bucket: TestBucket
) -> None:
    id, result, place = await _run(bucket, fleet)
    _forget(core)
    lines = f"/executions/{id}/results/{result['id']}/lines"
    await _get(core, lines)
    copy = core.settings.storage_dir / place

    await bucket.gate.shut()
    try:
        page = (await _get(core, lines)).json()
    finally:
        bucket.gate.open()

    assert page["lines"][0]["text"] == "1"
    assert copy.stat().st_mode & 0o777 == 0o400


async def test_a_file_goes_by_way_of_the_bucket_to_a_target_and_back(
    core: Core, fleet: Registered, bucket: TestBucket, tmp_path: Path
) -> None:
    content = b"\0\xff a file\n" * 100_000
    file = (await core.admin.post("/files", params={"name": "app.bin"}, content=content)).json()
    await until(lambda: any(place.endswith(file["id"]) for place in bucket.places()))
    there = str(tmp_path / "arrived.bin")

    sent = await fleet.start_actions(
        action("file_transfer", direction="upload", file_id=file["id"], destination=there),
        action("file_transfer", direction="download", path=there),
        ids=fleet.ids[:1],
    )
    ended = await fleet.end_of(sent["id"])
    _forget(core)
    fetched = (await _get(core, "/files", execution_id=sent["id"])).json()["items"]
    back = await _get(core, f"/files/{fetched[0]['id']}/content")

    assert ended["status"] == "completed", await fleet.results(sent["id"])
    assert Path(there).read_bytes() == content
    assert back.content == content
    assert (await _get(core, f"/files/{file['id']}/content")).content == content


async def test_a_deleted_file_is_deleted_in_the_bucket_too(core: Core, bucket: TestBucket) -> None:
    file = (await core.admin.post("/files", params={"name": "x"}, content=b"x")).json()
    await until(lambda: any(place.endswith(file["id"]) for place in bucket.places()))

    assert (await core.admin.delete(f"/files/{file['id']}")).status_code == 204

    await until(lambda: not any(place.endswith(file["id"]) for place in bucket.places()))


async def test_damaged_content_is_refused_and_said_to_be_damaged(
    core: Core, fleet: Registered, bucket: TestBucket
) -> None:
    id, result, place = await _run(bucket, fleet)
    _forget(core)
    good = bucket.objects()[place]
    bucket.write(place, good[:-2] + b"1\n")
    one = f"/executions/{id}/results/{result['id']}"

    answers = [
        await core.admin.get(path)
        for path in (
            f"{one}/lines",
            f"{one}/output",
            f"/executions/{id}/download",
            f"/executions/{id}/groups",
        )
    ]
    listed = await _get(core, f"/executions/{id}/results")

    assert {(a.status_code, a.json()["code"]) for a in answers} == {(503, "storage_content_damaged")}
    assert "is not what was stored" in answers[0].json()["detail"]
    assert listed.json()["items"][0]["output_truncated"]  # its head, and that there is more
    assert _local(core) == []
    bucket.write(place, good)
    assert (await _get(core, f"{one}/output")).content == WRITTEN


async def test_an_object_that_is_not_there_is_not_said_to_be_gone_for_ever(
    core: Core, fleet: Registered, bucket: TestBucket
) -> None:
    id, result, place = await _run(bucket, fleet)
    _forget(core)
    bucket.server.client().delete_object(Bucket=bucket.name, Key=f"{bucket.prefix}/{place}")

    page = (await _get(core, f"/executions/{id}/results/{result['id']}/lines")).json()
    whole = await core.admin.get(f"/executions/{id}/results/{result['id']}/output")

    assert "did not send it yet, or it is gone" in page["note"]
    assert page["lines"][0]["text"] == "1"
    assert (whole.status_code, whole.json()["code"]) == (404, "output_not_there")


async def test_without_the_bucket_a_file_can_not_be_sent_and_the_target_is_not_blamed(
    core: Core, fleet: Registered, bucket: TestBucket, far_folder: Path, tmp_path: Path
) -> None:
    file = (await core.admin.post("/files", params={"name": "x"}, content=b"x")).json()
    await until(lambda: any(place.endswith(file["id"]) for place in bucket.places()))
    upload = action(
        "file_transfer",
        direction="upload",
        file_id=file["id"],
        destination=str(tmp_path / "x"),
        retry_count=0,
    )

    await bucket.gate.shut()
    try:
        started = await fleet.start_actions(upload, ids=fleet.ids[:1])
        await fleet.end_of(started["id"])
    finally:
        bucket.gate.open()

    [result] = await fleet.results(started["id"])
    assert (result["status"], result["error_code"]) == ("failed", "source_unreachable")
    assert not (tmp_path / "x").exists()


async def test_no_secret_of_the_bucket_is_in_a_log_or_an_answer(
    core: Core, bucket: TestBucket, worker: Process
) -> None:
    health = (await core.admin.get(f"{core.url}/health")).json()
    metrics = (await core.admin.get(f"{core.url}/metrics")).text

    said = worker.log.read_text() + json.dumps(health) + metrics + repr(core.settings)
    assert bucket.server.secret_key not in said
    assert "worker.ready" in said
    assert bucket.gate.url in repr(core.settings)  # the positive control: they are the right settings
    assert "storage" in health
    assert "opsconductor_storage_unsent_objects" in metrics
    assert 'opsconductor_storage_requests_total{kind="fetch",outcome="done"}' in metrics
