"""The migration gives entries that were written before it their places in the chain."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, text
from tests.audit.entries import database

from opsconductor.audit.chain import Verdict
from opsconductor.audit.verifying import verify
from opsconductor.kit.database import driver_url
from opsconductor.migrations.upgrade import configuration, upgrade
from opsconductor.stack import postgres

BEFORE = "0017"
ENTRIES = 2000
OLD_ENTRIES = """
insert into audit_entries
    (id, created_at, action, outcome, actor_kind, actor_name, object_type, before, after, request_id)
select gen_random_uuid(), now() - interval '1 day' + n * interval '1 second', 'target.changed', 'done', 'user', 'ädmin',
    'target', jsonb_build_object('port', n), case when n % 3 = 0 then 'null' else '{"port": 22}' end::jsonb, n::text
from generate_series(1, :entries) n
"""


@pytest.fixture(params=["public", 'a "schema" of its own'])
def old(postgres_port: int, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database as it was before there was a chain, with entries."""
    name = f"old_{secrets.token_hex(6)}"
    with psycopg.connect(postgres.url(postgres_port, "pw", "postgres"), autocommit=True) as server:
        server.execute(f"create database {name}".encode())
        url = postgres.url(postgres_port, "pw", name)
        with psycopg.connect(url) as connection:
            schema = psycopg.sql.Identifier(request.param)
            connection.execute(psycopg.sql.SQL("create schema if not exists {}").format(schema))
            connection.execute(
                psycopg.sql.SQL("alter database {} set search_path = {}").format(
                    psycopg.sql.Identifier(name), schema
                )
            )
        _as_it_was(url)
        yield url
        server.execute(f"drop database {name} with (force)".encode())


def _as_it_was(url: str) -> None:
    engine = create_engine(driver_url(url))
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        connection.execute(text(OLD_ENTRIES), {"entries": ENTRIES})
    engine.dispose()


async def _verified(url: str) -> Verdict:
    async with database(url, 1) as found:
        return await verify(found)


def _upgraded(url: str) -> Engine:
    engine = create_engine(driver_url(url))
    upgrade(engine)
    return engine


async def test_old_entries_are_chained_in_their_order_and_new_ones_after_them(old: str) -> None:
    engine = _upgraded(old)
    with engine.begin() as connection:
        connection.execute(text(OLD_ENTRIES), {"entries": 2})
        order = "select entry_id from audit_chain where position <= :n order by position"
        ids = list(connection.scalars(text(order), {"n": ENTRIES}))
    engine.dispose()
    verdict = await _verified(old)

    assert (verdict.findings, verdict.entries) == ([], ENTRIES + 2)
    assert ids == sorted(ids)


async def test_a_change_of_an_old_entry_is_told_from_then_on(old: str) -> None:
    engine = _upgraded(old)
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update audit_entries set actor_name = 'nobody' where request_id = '7'"))
    engine.dispose()
    verdict = await _verified(old)

    assert [finding.kind for finding in verdict.findings] == ["changed"]
