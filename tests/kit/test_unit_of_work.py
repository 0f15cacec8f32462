"""One request, one transaction: stored before it is answered, and messages only after that."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import add_target

from opsconductor.kit import outbox
from opsconductor.kit.errors import Conflict
from opsconductor.kit.unit_of_work import UnitsOfWork

FAILING_COMMIT = """
create function refuse() returns trigger language plpgsql as $$ begin
  if new.name = 'fails at commit' then raise exception 'refused at commit'; end if; return new;
end $$;
create constraint trigger refuse_late after insert on targets deferrable initially deferred
  for each row execute function refuse()
"""


class Notebook:
    """A sender that remembers what it sent, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def send(self, topic: str, payload: dict[str, Any]) -> None:
        if self.fails:
            raise ConnectionError
        self.sent.append((topic, payload))


@pytest.fixture(scope="module")
async def late(core: Core) -> Core:
    """The core over a database that refuses some targets, but only at commit."""
    async with core.app.state.units.sessions() as session:
        for statement in FAILING_COMMIT.split(";\ncreate constraint"):
            prefix = "" if statement.startswith("\ncreate function") else "create constraint"
            await session.execute(text(prefix + statement))
        await session.commit()
    return core


def _units(core: Core, sender: Notebook) -> UnitsOfWork:
    return UnitsOfWork(core.app.state.units.sessions, sender)


async def _count(core: Core, statement: str) -> int:
    async with core.app.state.units.sessions() as session:
        return int((await session.execute(text(statement))).scalar_one())


@pytest.mark.filterwarnings("ignore")
async def test_a_commit_that_fails_is_not_answered_with_success(late: Core) -> None:
    answer = await late.admin.post("/targets", json={"name": "fails at commit", "host": "web-1"})

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"


async def test_a_commit_that_succeeds_is_answered_with_success(late: Core) -> None:
    answer = await late.admin.post("/targets", json={"name": "succeeds at commit", "host": "web-1"})

    assert answer.status_code == 201


async def test_what_was_answered_is_there_for_the_next_request(core: Core) -> None:
    for number in range(20):
        added = await add_target(core, f"at once {number}", 22, None)

        assert (await core.admin.get(f"/targets/{added['id']}")).status_code == 200


async def test_an_error_takes_back_everything(core: Core) -> None:
    sender = Notebook()
    units = _units(core, sender)

    async def fail_half_way() -> None:
        async with units.begin() as uow:
            uow.send("test.taken_back")
            await uow.session.flush()
            raise Conflict

    with pytest.raises(Conflict):
        await fail_half_way()
    await units.settle()

    assert sender.sent == []
    assert await _count(core, "select count(*) from outgoing_messages where topic = 'test.taken_back'") == 0


async def test_a_message_is_sent_after_the_commit_and_then_forgotten(core: Core) -> None:
    sender = Notebook()
    units = _units(core, sender)
    async with units.begin() as uow:
        uow.send("test.sent", number=1)
        await uow.session.flush()
        assert sender.sent == []
    await units.settle()

    assert sender.sent == [("test.sent", {"number": 1})]
    assert await _count(core, "select count(*) from outgoing_messages where topic = 'test.sent'") == 0


async def test_a_message_that_could_not_be_sent_is_kept_for_later(core: Core) -> None:
    units = _units(core, Notebook(fails=True))
    async with units.begin() as uow:
        uow.send("test.kept", number=2)
    await units.settle()

    async with units.sessions() as session:
        kept = [m for m in await outbox.unsent(session, older_than_seconds=0) if m.topic == "test.kept"]
    assert [message.payload for message in kept] == [{"number": 2}]


async def test_a_fresh_message_is_left_to_whoever_wrote_it(core: Core) -> None:
    units = _units(core, Notebook(fails=True))
    async with units.begin() as uow:
        uow.send("test.fresh")
    await units.settle()

    async with units.sessions() as session:
        late = await outbox.unsent(session, older_than_seconds=60)
    assert late == []


async def test_two_relays_do_not_see_the_same_message(core: Core) -> None:
    units = _units(core, Notebook(fails=True))
    async with units.begin() as uow:
        uow.send("test.contended")
    await units.settle()

    async with units.sessions() as one, units.sessions() as other:
        first = await outbox.unsent(one, older_than_seconds=0)
        second = await outbox.unsent(other, older_than_seconds=0)
    assert first
    assert second == []


SAME_NAME = {
    "/targets": {"name": "same target", "host": "web-1"},
    "/credentials": {"name": "same credential", "kind": "password", "username": "u", "password": "p"},
    "/users": {"username": "same-user", "role": "viewer"},
}


@pytest.mark.parametrize(("path", "body"), SAME_NAME.items(), ids=SAME_NAME.keys())
async def test_of_many_at_once_with_one_name_one_wins_and_the_others_are_told(
    core: Core, path: str, body: dict[str, str]
) -> None:
    answers = await asyncio.gather(*(core.admin.post(path, json=body) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
