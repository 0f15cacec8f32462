"""Retention on a real database and real files; time is moved in the data. No worker runs here."""

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.audit.entries import change_log
from tests.support.core import BEAT, Core, Process
from tests.support.registered import Registered

from opsconductor.executions.outputs import Capture
from opsconductor.executions.retention import Retention
from opsconductor.kit.clock import now
from opsconductor.kit.refusals import AuditUnavailable

LENGTH = 20_000  # bytes of an output that has a file


@dataclass
class Store:
    """Executions with files, and what retention makes of them."""

    core: Core
    fleet: Registered

    @property
    def folder(self) -> Path:
        return self.core.settings.storage_dir / "outputs"

    @property
    def files(self) -> set[str]:
        return {path.name for path in self.folder.rglob("*") if path.is_file()}

    def retention(self, **limits: int) -> Retention:
        none = {"output_days": 0, "output_bytes": 0, "executions_kept": 0}
        settings = self.core.settings.model_copy(update=none | limits)
        return Retention(self.core.app.state.units, settings, self.core.app.state.folder)

    async def execute(self, statement: str, **values: Any) -> Any:
        async with self.core.app.state.units.sessions() as session:
            done = await session.execute(text(statement), values)
            await session.commit()
            return done

    async def ended(self, *, days_ago: float = 0, status: str = "completed") -> str:
        """Return an execution on one target that wrote a long output, and ended so many days ago."""
        id = str((await self.fleet.start("true", ids=self.fleet.ids[:1]))["id"])
        result = (await self.fleet.results(id))[0]["id"]
        with Capture(self.core.app.state.folder, UUID(result), 1) as capture:
            capture.stdout(b"x" * LENGTH)
        columns = capture.columns()
        assert columns["output_path"]
        written = ", ".join(f"{name} = :{name}" for name in columns)
        await self.execute(
            f"update execution_results set status = :status, fence = 1, exit_code = 0, {written} where id = :id",  # noqa: S608
            **columns,
            id=result,
            status=status,
        )
        await self.execute(
            "update executions set status = :status, finished_at = now() - :age where id = :id",
            status=status,
            age=timedelta(days=days_ago),
            id=id,
        )
        return id

    async def there(self) -> set[str]:
        """Return the executions that have their output."""
        rows = await self.execute("select execution_id from execution_results where output_path is not null")
        return {str(row[0]) for row in rows}

    async def audited(self, action: str) -> list[dict[str, Any]]:
        page = await self.core.admin.get("/audit", params={"action": action, "limit": 50})
        return list(page.json()["items"])


@pytest.fixture
async def store(core: Core, fleet: Registered) -> Store:
    """One without anything in it."""
    found = Store(core, fleet)
    await found.execute("delete from executions")
    await change_log(
        core.app.state.units.sessions,
        "delete from audit_entries where action like 'output%' or action like 'executions.%'",
    )
    for path in sorted(found.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return found


async def test_outputs_older_than_their_days_are_deleted_and_that_is_said(store: Store) -> None:
    old, young = await store.ended(days_ago=91), await store.ended(days_ago=89)
    [result] = await store.fleet.results(old)
    lines = f"/executions/{old}/results/{result['id']}/lines"
    assert (await store.fleet.api.get(lines)).json()["lines"]  # which makes an index
    await store.retention(output_days=90).enforce()

    assert await store.there() == {young}
    assert len(store.files) == 1
    page = (await store.fleet.api.get(lines)).json()
    assert page["lines"] == []
    assert page["note"].startswith(f"Deleted by retention on {now():%Y-%m-%d}")
    assert (page["total_bytes"], page["kept_bytes"], page["truncated"]) == (LENGTH, 0, False)
    assert page["sha256"]


async def test_everything_that_reads_a_deleted_output_says_so(store: Store) -> None:
    old, young = await store.ended(days_ago=91), await store.ended()
    await store.retention(output_days=90).enforce()
    api = store.fleet.api
    groups = (await api.get(f"/executions/{old}/groups")).json()
    found = (await api.get(f"/executions/{old}/search", params={"q": "x"})).json()
    listed = (await api.get(f"/executions/{old}/download", params={"format": "text"})).text
    ids = [(await store.fleet.results(id))[0]["id"] for id in (old, young)]
    compared = (await api.get("/executions/compare", params={"left": ids[0], "right": ids[1]})).json()

    sentence = "Deleted by retention on"
    assert all(sentence in said for said in (groups["note"], found["note"], listed, compared["left"]["note"]))
    assert (groups["same"], compared["right"]["note"]) == (1, None)


async def test_what_has_not_ended_is_never_touched(store: Store) -> None:
    running = await store.ended(days_ago=1000, status="running")
    await store.retention(output_days=1, output_bytes=1, executions_kept=1).enforce()

    assert await store.there() == {running}


async def test_the_oldest_outputs_go_until_the_rest_fits(store: Store) -> None:
    ids = [await store.ended() for _ in range(4)]
    await store.retention(output_bytes=2 * LENGTH + 10).enforce()

    assert await store.there() == set(ids[2:])
    assert len(store.files) == 2


async def test_executions_beyond_their_number_are_deleted_with_their_results_and_files(store: Store) -> None:
    ids = [await store.ended() for _ in range(3)]
    await store.retention(executions_kept=2).enforce()

    assert {str(row[0]) for row in await store.execute("select id from executions")} == set(ids[1:])
    assert len(store.files) == 2
    assert (await store.fleet.api.get(f"/executions/{ids[0]}")).status_code == 404


async def test_without_limits_nothing_is_deleted(store: Store) -> None:
    id = await store.ended(days_ago=10_000)
    await store.retention().enforce()

    assert await store.there() == {id}


async def test_two_at_once_delete_no_more_than_one(store: Store) -> None:
    ids = [await store.ended() for _ in range(6)]
    both = [store.retention(output_bytes=3 * LENGTH + 10, executions_kept=5).enforce() for _ in range(2)]
    await asyncio.gather(*both)

    assert await store.there() == set(ids[3:])
    assert len(store.files) == 3


async def test_what_was_deleted_is_audited_with_counts_and_nothing_is_where_nothing_was(store: Store) -> None:
    old = [await store.ended(days_ago=91) for _ in range(2)]
    await store.retention(output_days=90).enforce()
    await store.retention(output_days=90).enforce()

    [entry] = await store.audited("outputs.deleted")
    assert entry["actor"]["name"] == "retention"
    assert entry["after"] == {
        "reason": "age",
        "limit": 90,
        "executions": 2,
        "files": 2,
        "bytes": 2 * LENGTH,
        "oldest": old[0],
        "newest": old[1],
    }


async def test_nothing_is_deleted_that_can_not_be_audited(store: Store) -> None:
    id = await store.ended(days_ago=91)
    await store.execute(
        "alter table audit_entries add constraint full_up check (action not like 'outputs.%')"
    )
    try:
        with pytest.raises(AuditUnavailable):
            await store.retention(output_days=90).enforce()
    finally:
        await store.execute("alter table audit_entries drop constraint full_up")

    assert await store.there() == {id}
    assert len(store.files) == 1


async def test_beat_does_it_without_being_asked(store: Store, tmp_path: Path) -> None:
    old, young = await store.ended(days_ago=2), await store.ended()
    beat = Process(BEAT, store.core.environment | {"OPSCONDUCTOR_OUTPUT_DAYS": "1"}, tmp_path)
    try:
        deadline = time.monotonic() + 30
        while old in await store.there():
            assert time.monotonic() < deadline, beat.log.read_text()
            await asyncio.sleep(0.1)
    finally:
        beat.stop()

    assert await store.there() == {young}


def _aged(path: Path, days: float) -> None:
    then = time.time() - days * 24 * 3600
    os.utime(path, (then, then))


async def test_files_that_nobody_refers_to_go_after_a_day(store: Store) -> None:
    id = await store.ended()
    [kept] = list(store.folder.rglob("*.out"))
    [result] = await store.fleet.results(id)
    stray = kept.with_name(f"{result['id']}.0.out")  # of a worker that was superseded
    index = kept.with_name(f"{kept.name}.idx")
    lost_index = stray.with_name("019ab000-0000-7000-8000-000000000000.1.err.idx")
    draft = kept.with_name(f"{kept.name}.idx.12345678.tmp")
    fresh = kept.with_name("019ab000-0000-7000-8000-000000000001.1.out")
    foreign = kept.with_name("notes.txt")
    for path in (stray, index, lost_index, draft, fresh, foreign):
        path.write_bytes(b"x")
    for path in (kept, stray, index, lost_index, draft, foreign):
        _aged(path, 1.1)
    await store.retention().clear_orphans()

    assert store.files == {kept.name, index.name, fresh.name, foreign.name}
    [entry] = await store.audited("outputs.orphans_removed")
    assert entry["after"]["files"] == 3


async def test_a_file_of_a_command_that_still_runs_is_no_orphan(store: Store) -> None:
    id = await store.ended(status="running")
    await store.execute("update execution_results set output_path = null where execution_id = :id", id=id)
    [file] = list(store.folder.rglob("*.out"))
    _aged(file, 30)
    await store.retention().clear_orphans()

    assert file.exists()


async def test_empty_folders_of_past_days_go_and_todays_stays(store: Store) -> None:
    past, today = store.folder / "2001/02/03", store.folder / now().strftime("%Y/%m/%d")
    for folder in (past, today):
        folder.mkdir(parents=True)
    await store.retention().clear_orphans()

    assert today.exists()
    assert not (store.folder / "2001").exists()
