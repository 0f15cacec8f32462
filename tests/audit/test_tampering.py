"""A thousand ways to change the log behind the application's back: each is noticed, and told at its place."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker, create_async_engine
from tests.audit.entries import database, write

from opsconductor.audit import chain_repository as repository
from opsconductor.audit import verifying
from opsconductor.audit.chain import Head, Verdict, seal
from opsconductor.audit.verifying import verify
from opsconductor.kit.database import Sessions, driver_url

ENTRIES = 42
ROUNDS = 50
Told = set[tuple[int | UUID | None, str]]
"""Places, each with what happened there; an entry without a place is told by its id."""


@dataclass
class Forger:
    """Somebody whom neither trigger nor privilege holds back, in a transaction that is undone afterwards."""

    connection: AsyncConnection
    chance: random.Random

    @property
    def sessions(self) -> Sessions:
        """Sessions that see what was forged, and that it is not committed."""
        return async_sessionmaker(self.connection, join_transaction_mode="create_savepoint")

    async def do(self, statement: str, **values: Any) -> None:
        await self.connection.execute(text(statement), values)

    def place(self) -> int:
        return self.chance.randint(1, ENTRIES)

    async def seal_anew(self, place: int) -> None:
        """Write the hash that fits what there is now."""
        async with self.sessions() as session:
            [there] = await repository.sealed(session, [place])
        hash = seal(there.previous, place, there.texts)
        await self.do("update audit_chain set hash = :hash where position = :place", hash=hash, place=place)

    async def put_in(self) -> UUID:
        """Add an entry without a place."""
        id = uuid4()
        await self.do(
            "insert into audit_entries (id, action, outcome, actor_kind, actor_name, object_type, request_id)"
            " values (:id, 'target.changed', 'done', 'user', 'somebody', 'target', '')",
            id=id,
        )
        return id

    async def move(self, first: int, last: int, by: int) -> None:
        """Give entries other positions."""
        for sign in (-1, 1):  # each position is there once at any time
            await self.do(
                "update audit_chain set position = :sign * (abs(position) + :by)"
                " where abs(position) between :first and :last",
                **{"sign": sign, "by": by if sign == -1 else 0},
                first=first + (by if sign == 1 else 0),
                last=last + (by if sign == 1 else 0),
            )


AT = "(select entry_id from audit_chain where position = :place)"
EDITS = {
    "action": "action || 'x'",
    "outcome": "case outcome when 'done' then 'refused' else 'done' end",
    "actor_kind": "'service'",
    "actor_id": "gen_random_uuid()",
    "actor_name": "actor_name || ' '",
    "actor_via": "coalesce(actor_via, '') || 'token:1'",
    "object_type": "'user'",
    "object_id": "coalesce(object_id, '') || '1'",
    "object_name": "case when object_name is null then '' end",
    "before": "coalesce(nullif(before, 'null'), '{}') || '{\"added\": null}'",
    "after": "case when after is null or after = 'null' then '{}'::jsonb end",
    "address": "'192.0.2.7'",
    "request_id": "request_id || '0'",
    "created_at": "created_at + interval '1 microsecond'",
}


async def an_edit(forger: Forger) -> Told:
    place, column = forger.place(), forger.chance.choice(list(EDITS))
    await forger.do(f"update audit_entries set {column} = {EDITS[column]} where id = {AT}", place=place)
    return {(place, "changed")}


async def text_that_moved_to_the_next_column(forger: Forger) -> Told:
    place = forger.place()
    moved = "action = left(action, -3), outcome = right(action, 3) || outcome"
    await forger.do(f"update audit_entries set {moved} where id = {AT}", place=place)
    return {(place, "changed")}


async def a_year_before_christ(forger: Forger) -> Told:
    place = forger.place()
    await forger.do(
        f"update audit_entries set created_at = created_at - interval '4052 years' where id = {AT}",
        place=place,
    )
    return {(place, "changed")}


async def an_edit_with_a_hash_that_fits(forger: Forger) -> Told:
    place = forger.place()
    await forger.do(f"update audit_entries set actor_name = 'nobody' where id = {AT}", place=place)
    await forger.seal_anew(place)
    return {(place + 1, "changed")} if place < ENTRIES else {(ENTRIES, "head")}


async def another_hash(forger: Forger) -> Told:
    place = forger.place()
    await forger.do("update audit_chain set hash = sha256(hash) where position = :place", place=place)
    return {(place, "changed")}


async def two_hashes_that_changed_places(forger: Forger) -> Told:
    one, other = forger.chance.sample(range(1, ENTRIES + 1), 2)
    await forger.do(
        "update audit_chain c set hash = o.hash from audit_chain o"
        " where c.position in (:one, :other) and o.position = :one + :other - c.position",
        one=one,
        other=other,
    )
    return {(one, "changed"), (other, "changed")}


async def two_edits_with_each_others_hashes(forger: Forger) -> Told:
    one, other = sorted(forger.chance.sample(range(1, ENTRIES - 2, 2), 2))
    for place in (one, other):
        await forger.do(f"update audit_entries set actor_name = 'nobody' where id = {AT}", place=place)
        await forger.seal_anew(place)
    await forger.do(
        "update audit_chain c set hash = o.hash from audit_chain o"
        " where c.position in (:one, :other) and o.position = :one + :other - c.position",
        one=one,
        other=other,
    )
    return {(place, "changed") for place in (one, one + 1, other, other + 1)}


async def a_removed_entry(forger: Forger) -> Told:
    place = forger.place()
    await forger.do(f"delete from audit_entries where id = {AT}", place=place)
    return {(place, "missing")}


async def an_entry_removed_with_its_link(forger: Forger) -> Told:
    place = forger.place()
    await forger.do(f"delete from audit_entries where id = {AT}", place=place)
    await forger.do("delete from audit_chain where position = :place", place=place)
    return {(place, "missing")}


async def some_in_a_row_removed(forger: Forger) -> Told:
    first = forger.place()
    last = min(ENTRIES, first + forger.chance.randint(1, 9))
    between = "position between :first and :last"
    await forger.do(
        f"delete from audit_entries where id in (select entry_id from audit_chain where {between})",
        first=first,
        last=last,
    )
    await forger.do(f"delete from audit_chain where {between}", first=first, last=last)
    return {(place, "missing") for place in range(first, last + 1)}


async def a_removed_link(forger: Forger) -> Told:
    place = forger.place()
    id = await forger.connection.scalar(text(f"select {AT}"), {"place": place})
    await forger.do("delete from audit_chain where position = :place", place=place)
    return {(place, "missing"), (id, "added")}


async def a_removal_closed_up(forger: Forger) -> Told:
    place = forger.chance.randint(1, ENTRIES - 1)
    await an_entry_removed_at(forger, place)
    await forger.move(place + 1, ENTRIES, -1)
    return {(place, "changed")}


async def an_entry_removed_at(forger: Forger, place: int) -> None:
    await forger.do(f"delete from audit_entries where id = {AT}", place=place)
    await forger.do("delete from audit_chain where position = :place", place=place)


async def two_entries_that_changed_places(forger: Forger) -> Told:
    one, other = forger.chance.sample(range(1, ENTRIES + 1), 2)
    ids = [await forger.connection.scalar(text(f"select {AT}"), {"place": p}) for p in (one, other)]
    for place, id in ((one, uuid4()), (other, ids[0]), (one, ids[1])):
        await forger.do("update audit_chain set entry_id = :id where position = :place", id=id, place=place)
    return {(one, "reordered"), (other, "reordered")}


async def two_that_changed_places_with_their_hashes(forger: Forger) -> Told:
    one, other = forger.chance.sample(range(1, ENTRIES + 1), 2)
    for was, becomes in ((one, 0), (other, one), (0, other)):
        await forger.do("update audit_chain set position = :new where position = :was", was=was, new=becomes)
    last = {(ENTRIES, "head")} if ENTRIES in (one, other) else set()
    return {(one, "reordered"), (other, "reordered")} | last


async def a_tail_cut_off(forger: Forger) -> Told:
    rest = forger.chance.randint(0, ENTRIES - 1)
    await forger.do(
        "delete from audit_entries where id in (select entry_id from audit_chain where position > :rest)",
        rest=rest,
    )
    await forger.do("delete from audit_chain where position > :rest", rest=rest)
    return {(place, "missing") for place in range(rest + 1, ENTRIES + 1)}


async def everything_removed(forger: Forger) -> Told:
    await forger.do("truncate audit_entries, audit_chain")
    return {(place, "missing") for place in range(1, ENTRIES + 1)}


async def an_entry_put_in(forger: Forger) -> Told:
    return {(await forger.put_in(), "added")}


async def an_entry_put_after_the_last(forger: Forger) -> Told:
    id = await forger.put_in()
    await forger.do("insert into audit_chain values (:place, :id, '')", place=ENTRIES + 1, id=id)
    await forger.seal_anew(ENTRIES + 1)
    return {(ENTRIES + 1, "added")}


async def an_entry_put_in_between(forger: Forger) -> Told:
    place = forger.place()
    await forger.move(place, ENTRIES, 1)
    id = await forger.put_in()
    await forger.do("insert into audit_chain values (:place, :id, '')", place=place, id=id)
    await forger.seal_anew(place)
    return {(place + 1, "changed")} if place < ENTRIES else {(ENTRIES, "head")}


async def another_head(forger: Forger) -> Told:
    await forger.do("update audit_head set hash = sha256(hash)")
    return {(ENTRIES, "head")}


async def a_head_that_went_back(forger: Forger) -> Told:
    place = forger.chance.randint(1, ENTRIES - 1)
    await forger.do(
        "update audit_head h set position = c.position, hash = c.hash from audit_chain c where c.position = :place",
        place=place,
    )
    return {(beyond, "added") for beyond in range(place + 1, ENTRIES + 1)}


async def a_head_that_went_on(forger: Forger) -> Told:
    await forger.do("update audit_head set position = position + 2")
    return {(ENTRIES + 1, "missing"), (ENTRIES + 2, "missing")}


async def no_head(forger: Forger) -> Told:
    await forger.do("delete from audit_head")
    return {(None, "head")}


Way = Callable[[Forger], Awaitable[Told]]
WAYS: list[Way] = [
    *(an_edit, text_that_moved_to_the_next_column, a_year_before_christ, an_edit_with_a_hash_that_fits),
    *(two_hashes_that_changed_places, two_edits_with_each_others_hashes),
    *(another_hash, a_removed_entry, an_entry_removed_with_its_link, some_in_a_row_removed),
    *(a_removed_link, two_entries_that_changed_places, two_that_changed_places_with_their_hashes),
    *(a_tail_cut_off, everything_removed, an_entry_put_in, an_entry_put_after_the_last),
    *(another_head, a_head_that_went_back, a_head_that_went_on, no_head),
]
MOVING: list[Way] = [a_removal_closed_up, an_entry_put_in_between]
"""After these nothing is where it was, and all of it is told; what counts is where that begins."""


def told(verdict: Verdict) -> Told:
    return {
        (place, finding.kind)
        for finding in verdict.findings
        for place in (
            range(finding.position, (finding.until or finding.position) + 1)
            if finding.position is not None
            else [finding.entry_id]
        )
    }


@pytest.fixture(scope="module")
async def log(database_url: str) -> str:
    """A log with entries of every shape, written by many transactions."""
    chance = random.Random(2)
    async with database(database_url) as found:
        for _ in range(ENTRIES // 3):
            await write(found, 3, chance)
    return database_url


@pytest.fixture
async def forger(log: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Forger]:
    monkeypatch.setattr(verifying, "BATCH", 13)  # so that what is changed is also at the edge of a batch
    engine = create_async_engine(driver_url(log))
    async with engine.connect() as connection:
        yield Forger(connection, random.Random(3))
    await engine.dispose()


async def _forged(forger: Forger, way: Way) -> tuple[Told, Verdict]:
    """Forge in a way, verify, and undo it."""
    await forger.do("set local session_replication_role = replica")
    expected = await way(forger)
    verdict = await verify(forger.sessions)
    await forger.connection.rollback()
    return expected, verdict


async def test_a_log_that_nobody_touched_is_whole(forger: Forger) -> None:
    verdict = await verify(forger.sessions)

    assert (verdict.intact, verdict.entries, verdict.head.position) == (True, ENTRIES, ENTRIES)
    assert verdict.first_at
    assert verdict.last_at
    assert verdict.first_at < verdict.last_at


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_what_was_done_is_told_where_it_was_done_and_nothing_else(forger: Forger, way: Way) -> None:
    for _ in range(ROUNDS):
        expected, verdict = await _forged(forger, way)
        assert told(verdict) == expected

    assert (await verify(forger.sessions)).intact


@pytest.mark.parametrize("way", MOVING, ids=lambda way: way.__name__)
async def test_where_all_that_follows_moved_the_first_place_is_told(forger: Forger, way: Way) -> None:
    for _ in range(ROUNDS):
        [(place, kind)], verdict = await _forged(forger, way)
        assert (verdict.findings[0].position, verdict.findings[0].kind) == (place, kind)


def test_these_are_a_thousand_and_more() -> None:
    assert len(WAYS + MOVING) * ROUNDS >= 1000


async def test_what_a_chain_can_not_show_is_shown_by_a_head_that_was_noted_elsewhere(forger: Forger) -> None:
    before = (await verify(forger.sessions)).head
    await forger.do("set local session_replication_role = replica")
    await a_tail_cut_off(forger)
    await forger.do(
        "update audit_head h set position = c.position, hash = c.hash"
        " from (select 0 as position, decode(repeat('00', 32), 'hex') as hash union all"
        " select position, hash from audit_chain order by position desc limit 1) c"
    )
    alone, compared = await verify(forger.sessions), await verify(forger.sessions, before)

    assert alone.intact
    assert told(compared) == {(before.position, "head")}


async def test_a_head_that_was_noted_earlier_is_found_again(forger: Forger) -> None:
    async with forger.sessions() as session:
        hash = await repository.hash_at(session, 17)
    assert hash

    assert (await verify(forger.sessions, Head(17, hash))).intact
    assert not (await verify(forger.sessions, Head(18, hash))).intact


async def test_a_log_that_was_changed_everywhere_ends_the_walk_soon(
    forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "MOST", 10)
    await forger.do("set local session_replication_role = replica")
    await forger.do("update audit_entries set address = null")
    verdict = await verify(forger.sessions)

    assert 10 <= len(verdict.findings) < ENTRIES
