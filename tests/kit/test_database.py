"""Connections of the pool: those that were idle are looked after, those just used are trusted."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from tests.support.core import environment_of

from opsconductor.kit import database
from opsconductor.kit.database import connect, each_statement_by_itself
from opsconductor.kit.settings import Settings


@pytest.fixture
async def engine(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsyncEngine]:
    home = tmp_path_factory.mktemp("home")
    made = connect(Settings.model_validate(environment_of(database_url, redis_url, home)), pool_size=1)
    yield made
    await made.dispose()


async def _pid(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("select pg_backend_pid()"))).scalar_one())


async def test_a_connection_that_the_database_closed_while_it_was_idle_is_replaced(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TRUSTED", 0.05)
    first = await _pid(engine)
    await _end(engine, first)
    await asyncio.sleep(0.1)

    assert await _pid(engine) != first


async def _end(engine: AsyncEngine, pid: int) -> None:
    other = connect_again(engine)
    async with other.connect() as connection:
        await connection.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
    await other.dispose()


def connect_again(engine: AsyncEngine) -> AsyncEngine:
    """Return an engine with a pool of its own."""
    return create_async_engine(engine.url)


async def test_a_connection_that_was_just_used_is_not_asked_first(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    dialect = engine.sync_engine.dialect
    ping = dialect.do_ping

    def counted(connection: DBAPIConnection) -> bool:
        asked.append(connection)
        return ping(connection)

    monkeypatch.setattr(dialect, "do_ping", counted)
    await _pid(engine)
    await _pid(engine)
    just_used = len(asked)
    monkeypatch.setattr(database, "TRUSTED", -1.0)
    await _pid(engine)

    assert (just_used, len(asked)) == (0, 1)


async def test_without_transactions_each_statement_counts_at_once(engine: AsyncEngine) -> None:
    async with each_statement_by_itself(engine).connect() as connection:
        await connection.execute(text("create table seen_at_once (id int)"))
        other = connect_again(engine)
        async with other.connect() as elsewhere:
            found = await elsewhere.execute(text("select count(*) from seen_at_once"))
            assert found.scalar_one() == 0
        await other.dispose()
