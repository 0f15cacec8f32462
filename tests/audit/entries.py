"""Audit entries of every shape, written as the application writes them."""

import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.support.core import Core

from opsconductor.audit import record
from opsconductor.kit.database import Sessions, driver_url, sessions
from opsconductor.kit.unit_of_work import Actor, Origin, UnitOfWork

NAMES = [
    "web-1",
    "",
    "Zürich 🙂",
    "a:1,b",
    "-,",
    'quoted "twice"',
    "tab\tand\nline",
    "it's",
    "\\ back",
    "\x1f\x7f",
]
NO_AUDIT = """
create or replace function refuse_audit() returns trigger language plpgsql as $$
begin raise exception 'the audit log is full'; end $$
"""
VALUES: list[Any] = [
    None,
    {},
    {"port": 22, "tags": ["a", "b"]},
    {"b": 1, "aa": 2, "a": {"deep": [1.5, -0.25, 1e-9, 2**60, True, None, ""]}},
    {"text": 'ü "quoted" \\ \x01 \t /', "": "no name"},
]


def add_some(uow: UnitOfWork, count: int, chance: random.Random) -> None:
    """Record entries with whatever a column may hold."""
    for _ in range(count):
        who = chance.choice([None, uuid4()]), chance.choice(NAMES), chance.choice([None, "flow:1"])
        record(
            uow,
            chance.choice(["target.changed", "session.refused", "execution.started"]),
            "target",
            chance.choice([None, uuid4(), "x"]),
            chance.choice([None, *NAMES]),
            before=chance.choice(VALUES),
            after=chance.choice(VALUES),
            outcome=chance.choice(["done", "refused"]),
            actor=Actor("user", *who),
        )


async def write(found: Sessions, count: int, chance: random.Random) -> None:
    """Write entries in one transaction."""
    async with found() as session:
        add_some(UnitOfWork(session, origin=Origin(uuid4().hex, "127.0.0.1")), count, chance)
        await session.commit()


@contextlib.asynccontextmanager
async def database(url: str, connections: int = 5) -> AsyncIterator[Sessions]:
    """Open a database that has a log."""
    engine = create_async_engine(driver_url(url), pool_size=connections, max_overflow=0)
    try:
        yield sessions(engine)
    finally:
        await engine.dispose()


async def change_log(found: Sessions, statement: str, **values: Any) -> None:
    """Change the log as only a superuser can, past all triggers."""
    async with found() as session:
        await session.execute(text("set local session_replication_role = replica"))
        await session.execute(text(statement), values)
        await session.commit()


@contextlib.asynccontextmanager
async def without_audit(core: Core) -> AsyncIterator[None]:
    """Let nothing be written into the audit log."""

    async def execute(*statements: str) -> None:
        async with core.app.state.units.sessions() as session:
            for statement in statements:
                await session.execute(text(statement))
            await session.commit()

    full_up = "create trigger full_up before insert on audit_entries execute function refuse_audit()"
    await execute(NO_AUDIT, full_up)
    try:
        yield
    finally:
        await execute("drop trigger full_up on audit_entries")
