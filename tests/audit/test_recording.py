"""Every operation that changes something leaves an entry, in the transaction that does it."""

from uuid import uuid4

import pytest
from tests.audit.deeds import DEEDS, NOT_AUDITED, Stage
from tests.audit.entries import without_audit
from tests.auth.operations import TABLE
from tests.support.core import Core, every_row
from tests.workflows.conftest import a_person, nodered

__all__ = ["nodered"]


@pytest.fixture(scope="module")
async def stage(core: Core, nodered: object) -> Stage:
    return Stage(core, nodered, await a_person(core, "designer", "dora"))


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
    async with without_audit(stage.core):
        answer = await request.send(uuid4().hex)

    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
    assert await every_row(stage.core) == before


@pytest.mark.parametrize("deed", DEEDS)
async def test_the_same_operation_is_done_when_it_can_be_audited(stage: Stage, deed: str) -> None:
    request = await DEEDS[deed][1](stage)
    before = await every_row(stage.core)
    await request.send(uuid4().hex)

    assert await every_row(stage.core) != before
