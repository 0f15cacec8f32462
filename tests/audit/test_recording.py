"""Every operation that changes something leaves an entry, in the transaction that does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.audit.deeds import DEEDS, NOT_AUDITED, Stage
from tests.auth.operations import TABLE
from tests.support.core import Core, every_row
from tests.workflows.conftest import a_person, nodered

__all__ = ["nodered"]

NO_AUDIT = """
create function refuse_audit() returns trigger language plpgsql as $$
begin raise exception 'the audit log is full'; end $$
"""


@pytest.fixture(scope="module")
async def stage(core: Core, nodered: object) -> Stage:
    async with core.app.state.units.sessions() as session:
        await session.execute(text(NO_AUDIT))
        await session.commit()
    return Stage(core, nodered, await a_person(core, "designer", "dora"))


@asynccontextmanager
async def _without_audit(core: Core) -> AsyncIterator[None]:
    """Let nothing be written into the audit log."""

    async def execute(statement: str) -> None:
        async with core.app.state.units.sessions() as session:
            await session.execute(text(statement))
            await session.commit()

    await execute("create trigger full_up before insert on audit_entries execute function refuse_audit()")
    try:
        yield
    finally:
        await execute("drop trigger full_up on audit_entries")


def test_every_operation_that_changes_something_is_looked_at_here() -> None:
    changing = {str(operation) for operation in TABLE if operation.method != "GET"}

    assert changing == DEEDS.keys() | NOT_AUDITED.keys()


@pytest.mark.parametrize("deed", DEEDS)
async def test_an_operation_leaves_an_entry_with_who_what_and_from_where(stage: Stage, deed: str) -> None:
    action, prepare = DEEDS[deed]
    request_id = uuid4().hex
    answer = await (await prepare(stage)).send(request_id)

    assert answer.is_success, answer.text
    page = (await stage.core.admin.get("/audit", params={"action": action, "limit": 20})).json()
    [entry] = [entry for entry in page["items"] if entry["request_id"] == request_id]
    assert (entry["outcome"], entry["address"]) == ("done", "127.0.0.1")
    assert entry["actor"]["name"]
    assert entry["object"]["id"]


@pytest.mark.parametrize("deed", DEEDS)
async def test_an_operation_that_can_not_be_audited_is_not_done(stage: Stage, deed: str) -> None:
    request = await DEEDS[deed][1](stage)
    before = await every_row(stage.core)
    async with _without_audit(stage.core):
        answer = await request.send(uuid4().hex)

    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
    assert await every_row(stage.core) == before


@pytest.mark.parametrize("deed", DEEDS)
async def test_the_same_operation_is_done_when_it_can_be_audited(stage: Stage, deed: str) -> None:
    request = await DEEDS[deed][1](stage)
    before = await every_row(stage.core)
    await request.send(uuid4().hex)

    assert await every_row(stage.core) != before
