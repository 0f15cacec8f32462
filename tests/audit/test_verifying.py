"""The chain as people see it: over HTTP, on the command line, in the log of beat and in the metrics."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.audit.entries import change_log
from tests.support.core import BEAT, Core, Process
from tests.support.registered import add_target

from opsconductor.audit import following
from opsconductor.audit.exporting import verify_file


@pytest.fixture(scope="module")
async def target(core: Core) -> str:
    """A target that was changed several times."""
    id = str((await add_target(core, "often changed", 22, None))["id"])
    for port in range(2201, 2206):
        await core.admin.patch(f"/targets/{id}", json={"port": port})
    return id


@asynccontextmanager
async def _forged(core: Core, position: int) -> AsyncIterator[None]:
    """Have an entry name somebody else for a while."""
    found = core.app.state.units.sessions
    of = "where id = (select entry_id from audit_chain where position = :position)"
    change = f"update audit_entries set actor_name = :name || actor_name {of}"  # noqa: S608  # ours
    undo = f"update audit_entries set actor_name = substr(actor_name, 2) {of}"  # noqa: S608  # ours
    await change_log(found, change, position=position, name="x")
    try:
        yield
    finally:
        await change_log(found, undo, position=position)


async def _get(core: Core, path: str, **params: Any) -> dict[str, Any]:
    answer = await core.admin.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_an_untouched_log_is_verified_up_to_its_head(core: Core, target: str) -> None:
    chain, verdict = await _get(core, "/audit/chain"), await _get(core, "/audit/verify")

    assert (verdict["intact"], verdict["findings"]) == (True, [])
    assert verdict["entries"] == verdict["position"] == chain["position"]
    assert verdict["hash"] == chain["hash"]
    assert verdict["first_at"] < verdict["last_at"]


async def test_a_changed_entry_is_named(core: Core, target: str) -> None:
    async with _forged(core, 4):
        verdict = await _get(core, "/audit/verify")

    [finding] = verdict["findings"]
    assert (verdict["intact"], finding["kind"], finding["position"]) == (False, "changed", 4)
    assert "position 4" in finding["detail"]


async def test_a_head_that_was_noted_is_compared(core: Core, target: str) -> None:
    chain = await _get(core, "/audit/chain")
    same = await _get(core, "/audit/verify", position=chain["position"], hash=chain["hash"])
    other = await _get(core, "/audit/verify", position=chain["position"], hash="0" * 64)

    assert same["intact"]
    assert [finding["kind"] for finding in other["findings"]] == ["head"]


WRONG = {
    "position": {"position": "0", "hash": "0" * 64},
    "hash": {"position": "3", "hash": "xyz"},
}


@pytest.mark.parametrize(("field", "params"), WRONG.items(), ids=WRONG.keys())
async def test_what_can_not_be_a_head_is_refused_by_its_name(
    core: Core, field: str, params: dict[str, str]
) -> None:
    answer = await core.admin.get("/audit/verify", params=params)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("missing", "params"), [("hash", {"position": "3"}), ("position", {"hash": "0" * 64})]
)
async def test_half_of_a_head_is_refused_by_the_other_half(
    core: Core, missing: str, params: dict[str, str]
) -> None:
    answer = await core.admin.get("/audit/verify", params=params)

    assert (answer.status_code, answer.json()["code"]) == (422, "noted_by_halves")
    assert answer.json()["errors"] == [{"field": missing, "message": "is missing"}]


async def test_the_log_is_downloaded_as_lines_that_can_be_verified(core: Core, target: str) -> None:
    answer = await core.admin.get("/audit/export")
    entries = [json.loads(line) for line in answer.text.splitlines()]
    since = await core.admin.get("/audit/export", params={"since": entries[-2]["created_at"]})

    assert answer.headers["content-disposition"] == 'attachment; filename="audit.jsonl"'
    assert verify_file(answer.content.splitlines()).intact
    assert [entry["position"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [json.loads(line) for line in since.text.splitlines()] == entries[-2:]


@pytest.mark.parametrize("role", ["viewer", "operator", "designer"])
@pytest.mark.parametrize("path", ["/audit/chain", "/audit/verify", "/audit/export"])
async def test_who_may_not_read_the_log_may_not_have_it_in_another_way(
    core: Core, role: str, path: str
) -> None:
    assert (await (await core.user(role)).get(path)).status_code == 403


async def test_a_database_that_is_away_is_a_503(core: Core, outage: None) -> None:
    answers = [await core.admin.get(path) for path in ("/audit/chain", "/audit/verify", "/audit/export")]

    assert {answer.status_code for answer in answers} == {503}


async def test_the_metrics_have_the_position_of_the_head(
    core: Core, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "EVERY", 0.05)
    async with following.at_work(core.app.state.units.sessions):
        await asyncio.sleep(0.5)
    text = (await core.admin.get(f"{core.url}/metrics")).text
    position = (await _get(core, "/audit/chain"))["position"]

    assert f"opsconductor_audit_head_position {position}.0" in text


def _audit(
    core: Core, *words: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    known |= environment or {"DATABASE_URL": core.environment["DATABASE_URL"]}
    command = [sys.executable, "-m", "opsconductor.apps.cli", "audit", *words]
    return subprocess.run(command, capture_output=True, text=True, env=known, check=False, timeout=60)


async def test_the_command_line_says_that_the_log_is_unbroken_and_what_to_note(
    core: Core, target: str
) -> None:
    chain = await _get(core, "/audit/chain")
    done = await asyncio.to_thread(_audit, core, "verify")

    assert done.returncode == 0, done.stderr
    assert f"{chain['position']} entries, from " in done.stdout
    assert f"{chain['position']}:{chain['hash']}" in done.stdout


async def test_the_command_line_says_where_the_log_is_broken_and_fails(core: Core, target: str) -> None:
    async with _forged(core, 5):
        done = await asyncio.to_thread(_audit, core, "verify")
        as_json = await asyncio.to_thread(_audit, core, "verify", "--json")

    assert (done.returncode, as_json.returncode) == (1, 1)
    assert "changed   The entry at position 5 is not what was written" in done.stdout
    assert [finding["position"] for finding in json.loads(as_json.stdout)["findings"]] == [5]


async def test_the_command_line_compares_a_head_that_was_noted(core: Core, target: str) -> None:
    chain = await _get(core, "/audit/chain")
    heads = (f"{chain['position']}:{chain['hash']}", f"2:{chain['hash']}", "yesterday")
    good, bad, senseless = [
        await asyncio.to_thread(_audit, core, "verify", "--noted", head) for head in heads
    ]

    assert (good.returncode, bad.returncode, senseless.returncode) == (0, 1, 2)
    assert "does not have the hash that was noted elsewhere" in bad.stdout


async def test_an_exported_file_is_verified_by_the_command_line(
    core: Core, target: str, tmp_path: Path
) -> None:
    file = tmp_path / "audit.jsonl"
    exported = await asyncio.to_thread(_audit, core, "export", "--output", str(file))
    good = await asyncio.to_thread(_audit, core, "verify", "--file", str(file))
    file.write_text(file.read_text().replace("often changed", "never changed", 1))
    bad = await asyncio.to_thread(_audit, core, "verify", "--file", str(file), "--json")

    assert (exported.returncode, good.returncode, bad.returncode) == (0, 0, 1)
    assert "each fits its hash" in good.stdout
    assert len(json.loads(bad.stdout)["findings"]) == 1


async def test_the_command_line_says_that_there_is_no_database(core: Core) -> None:
    away = {"DATABASE_URL": "postgresql://nobody:s3cret@127.0.0.1:1/none"}
    done = await asyncio.to_thread(_audit, core, "verify", environment=away)

    assert done.returncode == 1
    assert "The database did not answer" in done.stderr
    assert "s3cret" not in done.stderr


async def test_beat_says_how_the_log_stands(core: Core, target: str, tmp_path: Path) -> None:
    beat = Process(BEAT, core.environment, tmp_path)
    beat.wait_until_said("audit.verified")
    beat.stop()
    async with _forged(core, 3):
        again = Process(BEAT, core.environment, tmp_path)
        again.wait_until_said("audit.broken")
        again.stop()
    chain = await _get(core, "/audit/chain")

    [said] = [line for line in beat.lines if line["event"] == "audit.verified"]
    [broken] = [line for line in again.lines if line["event"] == "audit.broken"]
    assert (said["position"], said["hash"]) == (chain["position"], chain["hash"])
    assert (broken["level"], broken["findings"]) == ("error", 1)
    assert "position 3" in broken["first"][0]
