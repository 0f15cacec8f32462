"""Statements about the audit log's chain.

Hashes are calculated here with what PostgreSQL itself has, not with the function that made them: that one is stored in
the database, where whoever may change the log may change it too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.audit.chain import COLUMNS, Head, Sealed

TEXTS = {
    "id": "e.id::text",
    "created_at": "trunc(extract(epoch from e.created_at) * 1000000)::text",
    "actor_id": "e.actor_id::text",
    "before": "nullif(e.before, 'null')::text",
    "after": "nullif(e.after, 'null')::text",
}
"""Columns that are not text, as it; JSON's null and none at all are one."""
AS_TEXTS = [TEXTS.get(name, f"e.{name}") for name in COLUMNS]
_PARTS = ", ".join(
    f"coalesce(length({part}) || chr(58) || {part} || ',', '-,')" for part in ("c.position::text", *AS_TEXTS)
)
CANONICAL = f"convert_to(concat({_PARTS}), 'UTF8')"

CREATED_AT = "case when e.created_at >= '0001-01-02' and e.created_at < '9999-12-31' then e.created_at end"
"""Of an entry, unless somebody wrote an instant there that Python does not have."""

WALK = text(f"""
with content as (
    select c.position, c.hash, c.entry_id, e.id is not null as there, {CREATED_AT} as created_at,
        {CANONICAL} as canonical,
        lag(c.position, 1, cast(:after as bigint)) over walk as before,
        lag(c.hash, 1, cast(:hash as bytea)) over walk as previous
    from (
        select * from audit_chain where position > :after and position <= :until order by position limit :batch
    ) c
    left join audit_entries e on e.id = c.entry_id
    window walk as (order by c.position)
), sealed as (
    select *, case when there then sha256(previous || canonical) else hash end as expected from content
), judged as (
    select *, lag(expected, 1, cast(:expected as bytea)) over (order by position) as meant from sealed
), looked_at as (
    select position, hash, expected, entry_id, there, before,
        before = position - 1 and hash <> expected and hash <> sha256(meant || canonical) as changed,
        count(*) over () as entries, min(created_at) over () as first_at, max(created_at) over () as last_at,
        max(position) over () as last
    from judged
)
select * from looked_at where not there or before <> position - 1 or changed or position = last order by position
""")  # noqa: S608  # made of names
"""Verify the next entries of the chain; return those that are not right, and the last.

An entry is right when its hash is that of its content after the hash that is beside the entry before, or after the one
that should be there: a hash that was changed is told of once, not also at the next entry.
"""

BESIDE = text("""
select c.position, c.entry_id from audit_chain c
where c.position < 1 or c.position > (select max(position) from audit_head) order by c.position limit :most
""")
UNLINKED = text("""
select e.id, e.created_at::text as created_at from audit_entries e
where not exists (select from audit_chain c where c.entry_id = e.id) order by e.id limit :most
""")
SEALED = text(f"""
select c.position, c.hash, coalesce(p.hash, decode(repeat('00', 32), 'hex')) as previous, array[{", ".join(AS_TEXTS)}]
from audit_chain c join audit_entries e on e.id = c.entry_id left join audit_chain p on p.position = c.position - 1
where c.position in :positions order by c.position
""").bindparams(bindparam("positions", expanding=True))  # noqa: S608  # made of names
EXPORT = text(f"""
select c.position, c.hash, p.hash as previous, {", ".join(f"e.{name}" for name in COLUMNS if name not in TEXTS)},
    e.id, e.created_at, e.actor_id, {TEXTS["before"]} as before, {TEXTS["after"]} as after
from audit_chain c join audit_entries e on e.id = c.entry_id left join audit_chain p on p.position = c.position - 1
where c.position > :after
    and (cast(:since as timestamptz) is null or e.created_at >= :since)
    and (cast(:until as timestamptz) is null or e.created_at < :until)
order by c.position limit :batch
""")  # noqa: S608  # made of names
HEAD = text("select position, hash from audit_head")
LAST = text("select coalesce(max(position), 0) from audit_chain")
HASH_AT = text("select hash from audit_chain where position = :position")
PROTECTED = text("""
select not (
    has_table_privilege(current_user, 'audit_entries', 'UPDATE, DELETE, TRUNCATE')
    or has_table_privilege(current_user, 'audit_chain', 'INSERT, UPDATE, DELETE, TRUNCATE')
    or has_table_privilege(current_user, 'audit_head', 'INSERT, UPDATE, DELETE, TRUNCATE')
    or pg_has_role(current_user, relowner, 'MEMBER')
) from pg_class where oid = 'audit_entries'::regclass
""")


async def head(session: AsyncSession) -> Head | None:
    """Return the end of the chain; None where the row is gone."""
    row = (await session.execute(HEAD)).one_or_none()
    return None if row is None else Head(row.position, row.hash)


async def last_position(session: AsyncSession) -> int:
    """Return the highest position that there is; 0 where there is none."""
    return int(await session.scalar(LAST) or 0)


async def hash_at(session: AsyncSession, position: int) -> bytes | None:
    """Return the hash beside an entry; None where nothing is at the position."""
    found: bytes | None = await session.scalar(HASH_AT, {"position": position})
    return found


async def walk(
    session: AsyncSession, after: int, until: int, hash: bytes, expected: bytes, batch: int
) -> Sequence[Row[Any]]:
    """Verify entries after a position, whose hash is this and should be that; return the wrong ones and the last."""
    asked = {"after": after, "until": until, "hash": hash, "expected": expected, "batch": batch}
    return (await session.execute(WALK, asked)).all()


async def sealed(session: AsyncSession, positions: Sequence[int]) -> list[Sealed]:
    """Return what there is at these positions."""
    rows = await session.execute(SEALED, {"positions": list(positions)})
    return [Sealed(*row) for row in rows]


async def beside_the_chain(session: AsyncSession, most: int) -> Sequence[Row[Any]]:
    """Return links that are before the first position or after the head."""
    return (await session.execute(BESIDE, {"most": most})).all()


async def unlinked(session: AsyncSession, most: int) -> Sequence[Row[Any]]:
    """Return entries that have no place in the chain."""
    return (await session.execute(UNLINKED, {"most": most})).all()


async def exported(
    session: AsyncSession, after: int, since: datetime | None, until: datetime | None, batch: int
) -> Sequence[Row[Any]]:
    """Return entries after a position that were written in a period, with their hashes."""
    asked = {"after": after, "since": since, "until": until, "batch": batch}
    return (await session.execute(EXPORT, asked)).all()


async def is_protected(session: AsyncSession) -> bool:
    """Tell whether whoever asks can neither change the log nor take its triggers away."""
    return bool(await session.scalar(PROTECTED))
