"""The chain as the database makes it: without holes, in the transaction that writes, past nobody."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.audit.entries import VALUES, add_some, change_log, database, write

from opsconductor.audit import chain_repository as repository
from opsconductor.audit.chain import jsonb
from opsconductor.audit.exporting import FileVerdict, lines, verify_file
from opsconductor.audit.verifying import verify
from opsconductor.kit.database import Sessions
from opsconductor.kit.unit_of_work import UnitOfWork

WRITERS = 20


@pytest.fixture(scope="module")
async def log(database_url: str) -> AsyncIterator[Sessions]:
    async with database(database_url, WRITERS) as found:
        yield found


async def _head(log: Sessions) -> int:
    async with log() as session:
        head = await repository.head(session)
    assert head
    return head.position


async def _exported(log: Sessions) -> list[bytes]:
    return b"".join([piece async for piece in lines(log)]).splitlines()


async def test_many_transactions_at_once_make_one_chain_without_holes(log: Sessions) -> None:
    before = await _head(log)

    async def writer(number: int) -> None:
        chance = random.Random(number)
        for _ in range(15):
            await write(log, chance.randint(1, 6), chance)

    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    verdict = await verify(log)

    assert verdict.intact
    assert verdict.entries == await _head(log) > before + WRITERS * 15


async def test_entries_of_a_transaction_that_was_undone_take_no_position(log: Sessions) -> None:
    before = await _head(log)
    async with log() as session:
        add_some(UnitOfWork(session), 3, random.Random(4))
        await session.flush()
        await session.rollback()
    await write(log, 1, random.Random(4))

    assert await _head(log) == before + 1


async def test_nobody_waits_for_a_transaction_that_has_written_and_not_committed(log: Sessions) -> None:
    async with log() as session:
        add_some(UnitOfWork(session), 1, random.Random(4))
        await session.flush()
        async with asyncio.timeout(5):
            await write(log, 1, random.Random(4))
        await session.commit()

    assert (await verify(log)).intact


REFUSED = {
    "an edit": "update audit_entries set actor_name = 'nobody'",
    "an edit of nothing": "update audit_entries set actor_name = 'nobody' where false",
    "a removal": "delete from audit_entries",
    "a truncation": "truncate audit_entries",
    "a truncation of all": "truncate audit_entries, audit_chain, audit_head",
    "another hash": "update audit_chain set hash = ''",
    "a removed link": "delete from audit_chain",
    "a truncated chain": "truncate audit_chain",
    "a link of one's own": "insert into audit_chain values (1000000, gen_random_uuid(), '')",
    "another head": "update audit_head set position = 1",
    "no head": "delete from audit_head",
    "a second head": "insert into audit_head values (false, 1, '')",
    "a truncated head": "truncate audit_head",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
async def test_even_the_owner_of_the_tables_only_adds(log: Sessions, statement: str) -> None:
    async with log() as session:
        with pytest.raises(DBAPIError, match="the audit log is only added to"):
            await session.execute(text(statement))


@pytest.mark.parametrize("value", VALUES, ids=str)
async def test_json_is_written_as_the_database_writes_it(log: Sessions, value: Any) -> None:
    async with log() as session:
        kept = await session.scalar(text("select cast(:value as jsonb)::text"), {"value": json.dumps(value)})
    assert kept

    assert jsonb(json.loads(kept, parse_float=Decimal)) == kept


async def test_an_export_is_verified_without_the_database(log: Sessions) -> None:
    await write(log, 40, random.Random(5))
    exported = await _exported(log)
    verdict = verify_file(exported)

    assert verdict.findings == []
    assert (verdict.first, verdict.last, verdict.entries, verdict.holes) == (
        1,
        len(exported),
        len(exported),
        0,
    )


CHANGES = {
    "position": 1_000_000,
    "hash": "00" * 32,
    "previous": "00" * 32,
    "id": "01900000-0000-7000-8000-000000000000",
    "created_at": "2026-01-01T00:00:00.000000+00:00",
    "action": "else",
    "actor_name": "else",
    "object_id": "else",
    "after": {"else": 1},
}


@pytest.mark.parametrize(("name", "value"), CHANGES.items(), ids=CHANGES.keys())
async def test_a_changed_line_of_an_export_is_told(log: Sessions, name: str, value: object) -> None:
    await write(log, 10, random.Random(6))
    exported = await _exported(log)
    exported[-5] = json.dumps(json.loads(exported[-5]) | {name: value}).encode()

    assert not verify_file(exported).intact


async def test_lines_that_are_gone_or_moved_or_no_entries_are_told(log: Sessions) -> None:
    await write(log, 5, random.Random(6))
    first, second, *rest = await _exported(log)
    moved, damaged = verify_file([second, first]), verify_file([b"{}", b"no JSON", b"[]", b'{"position": 1}'])
    gone = verify_file([first, *rest])

    assert [finding.kind for finding in moved.findings] == ["reordered"]
    assert len(damaged.findings) == 4
    assert (gone.holes, verify_file([]).intact) == (1, True)


async def test_an_export_of_a_period_has_what_was_written_in_it(log: Sessions) -> None:
    await write(log, 1, random.Random(7))
    last = json.loads((await _exported(log))[-1])
    async with log() as session:
        at = await session.scalar(text("select max(created_at) from audit_entries"))
    since = b"".join([piece async for piece in lines(log, since=at)]).splitlines()
    until = b"".join([piece async for piece in lines(log, until=at)]).splitlines()

    assert [json.loads(line)["id"] for line in since] == [last["id"]]
    assert json.loads(until[-1])["position"] == last["position"] - 1
    assert verify_file(since) == FileVerdict(1, last["position"], last["position"], last["hash"])


async def test_without_a_head_nothing_is_written(log: Sessions) -> None:
    async with log() as session:
        head = await repository.head(session)
    assert head
    await change_log(log, "delete from audit_head")
    try:
        with pytest.raises(DBAPIError, match="the audit log has no head"):
            await write(log, 1, random.Random(8))
    finally:
        values = {"position": head.position, "hash": head.hash}
        await change_log(log, "insert into audit_head (position, hash) values (:position, :hash)", **values)

    assert (await verify(log)).intact
