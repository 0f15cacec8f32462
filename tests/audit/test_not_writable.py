"""Where the audit log can't be written nothing is done that would have to be in it; reading goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import text
from tests.support.core import Core, every_row
from tests.support.registered import add_target


@asynccontextmanager
async def _holding(core: Core, statement: str) -> AsyncIterator[None]:
    """Do something in a transaction that is undone afterwards: what it locks is locked until then."""
    async with core.app.state.units.sessions() as session:
        await session.execute(text(statement))
        yield
        await session.rollback()


@asynccontextmanager
async def _broken(core: Core, breaks: str, mends: str) -> AsyncIterator[None]:
    async def do(statement: str) -> None:
        async with core.app.state.units.sessions() as session:
            await session.execute(text(statement))
            await session.commit()

    await do(breaks)
    try:
        yield
    finally:
        await do(mends)


def _refused(answer: httpx.Response) -> bool:
    assert answer.json()["detail"].startswith("The audit log can't be written, so nothing was done")
    return (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")


async def _reads(core: Core) -> bool:
    paths = ("/targets", "/audit", "/executions", "/audit/chain")
    answers = await asyncio.gather(*(core.admin.get(path) for path in paths))
    return all(answer.status_code == 200 for answer in answers)


BREAKS = {
    "no entry can be stored": (
        "alter table audit_entries add constraint full_up check (action = '') not valid",
        "alter table audit_entries drop constraint full_up",
    ),
    "no link can be stored": (
        "alter table audit_chain add constraint full_up check (position = 0) not valid",
        "alter table audit_chain drop constraint full_up",
    ),
    "the chain is somewhere else": (
        "alter table audit_chain rename to elsewhere",
        "alter table elsewhere rename to audit_chain",
    ),
}


@pytest.mark.parametrize(("breaks", "mends"), BREAKS.values(), ids=BREAKS.keys())
async def test_nothing_is_done_that_can_not_be_written_down(core: Core, breaks: str, mends: str) -> None:
    wanted = {"name": f"unwritten-{len(breaks)}", "host": "web-1"}
    before = await every_row(core)
    async with _broken(core, breaks, mends):
        refused = await core.admin.post("/targets", json=wanted)
        assert (await core.admin.get("/targets")).status_code == 200

    assert _refused(refused)
    assert await every_row(core) == before
    assert (await core.admin.post("/targets", json=wanted)).status_code == 201


@pytest.mark.parametrize(
    "statement",
    ["lock table audit_entries in share mode", "select * from audit_head for update"],
    ids=["the entries", "the head"],
)
async def test_a_log_that_somebody_holds_for_too_long_is_no_500_and_nobody_reading_waits(
    core: Core, statement: str
) -> None:
    target = await add_target(core, f"held by {statement[:6]}", 22, None)
    async with _holding(core, statement):
        change = asyncio.create_task(core.admin.patch(f"/targets/{target['id']}", json={"port": 2222}))
        async with asyncio.timeout(5):
            assert await _reads(core)
        refused = await change

    assert _refused(refused)
    assert (await core.admin.get(f"/targets/{target['id']}")).json()["port"] == 22
