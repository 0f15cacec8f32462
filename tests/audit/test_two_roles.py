"""With a role for migrations and one for services, no SQL in a service's name changes the audit log."""

import secrets
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from tests.audit.entries import database
from tests.support.core import Core, running_core, set_up
from tests.support.registered import add_target, command_on

from opsconductor.audit import chain_repository as repository
from opsconductor.kit.database import driver_url
from opsconductor.kit.settings import SettingsProblem
from opsconductor.migrations.upgrade import upgrade

PASSWORD = "a pass:word/with 'marks'%"


@pytest.fixture(scope="module")
def services_url(database_url: str) -> Iterator[str]:
    """The address of the module's database for services."""
    url = make_url(database_url).set(username=f"services-{secrets.token_hex(4)}", password=PASSWORD)
    _migrate(database_url, url.render_as_string(hide_password=False))
    yield url.render_as_string(hide_password=False)
    with psycopg.connect(database_url) as owner:
        role = psycopg.sql.Identifier(str(url.username))
        owner.execute(psycopg.sql.SQL("drop owned by {}").format(role))
        owner.execute(psycopg.sql.SQL("drop role {}").format(role))


def _migrate(owner_url: str, services_url: str) -> None:
    engine = create_engine(driver_url(owner_url))
    try:
        upgrade(engine, make_url(services_url))
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
async def served(
    services_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Core]:
    """A core as the services' role."""
    async with running_core(services_url, redis_url, tmp_path_factory.mktemp("core")) as core:
        await set_up(core)
        yield core


async def test_services_do_their_work(served: Core) -> None:
    target = await add_target(served, "by the services' role", 22, None)
    entry = {
        "json": {"event_type": "note", "message": "x"},
        "headers": {"Idempotency-Key": "by-the-services"},
    }
    answers = [
        await served.admin.patch(f"/targets/{target['id']}", json={"port": 2222}),
        await served.admin.post("/executions", json=command_on([target["id"]], "true")),
        await served.admin.delete(f"/targets/{target['id']}"),
        *[await served.admin.post(f"{served.url}/api/workflow/audit", **entry) for _ in range(2)],
        await served.admin.get("/audit"),
    ]
    verdict = (await served.admin.get("/audit/verify")).json()

    assert [answer.status_code for answer in answers if not answer.is_success] in ([], [409])
    assert (verdict["intact"], verdict["entries"]) == (True, verdict["position"])
    assert verdict["entries"] >= 4


async def test_the_chain_is_told_to_be_protected_from_services_and_not_from_the_owner(
    served: Core, database_url: str
) -> None:
    async with database(database_url, 1) as found, found() as session:
        from_owner = await repository.is_protected(session)

    assert (await served.admin.get("/audit/chain")).json()["protected"]
    assert not from_owner


TAMPERING = {
    "an edit": "update audit_entries set actor_name = 'nobody'",
    "a removal": "delete from audit_entries",
    "a truncation": "truncate audit_entries",
    "a link": "insert into audit_chain values (1000000, gen_random_uuid(), '')",
    "another hash": "update audit_chain set hash = ''",
    "another head": "update audit_head set hash = ''",
    "no head": "delete from audit_head",
    "no trigger": "drop trigger audit_entries_link on audit_entries",
    "a trigger that sleeps": "alter table audit_entries disable trigger all",
    "all triggers asleep": "set session_replication_role = replica",
    "another function": "alter function audit_link() rename to other",
    "a table less": "drop table audit_chain",
    "another owner": "alter table audit_entries owner to current_user",
    "more rights": "grant update on audit_entries to current_user; update audit_entries set actor_name = ''",
    "a link by a table of one's own": (
        "create temp table mine (like audit_entries); "
        "create trigger link after insert on mine for each row execute function audit_link()"
    ),
}


@pytest.mark.parametrize("statements", TAMPERING.values(), ids=TAMPERING.keys())
async def test_sql_in_the_name_of_a_service_can_not_tamper(
    services_url: str, served: Core, statements: str
) -> None:
    *first, last = statements.split("; ")
    async with database(services_url, 1) as found, found() as session:
        for statement in first:
            await session.execute(text(statement))
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            await session.execute(text(last))


async def test_what_a_later_migration_adds_is_for_services_too(database_url: str, services_url: str) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute("create table added_later (id int)")
    _migrate(database_url, services_url)
    async with database(services_url, 1) as found, found() as session:
        await session.execute(text("insert into added_later values (1)"))


async def test_a_role_that_can_not_be_made_is_a_sentence(database_url: str, services_url: str) -> None:
    other = make_url(database_url).set(username="nobody_knows", password="x")
    with pytest.raises(SettingsProblem, match="The role nobody_knows of DATABASE_URL does not exist"):
        _migrate(services_url, other.render_as_string(hide_password=False))


def test_the_password_is_in_no_statement(database_url: str) -> None:
    role, said = f"quiet_{secrets.token_hex(4)}", []
    url = make_url(database_url).set(username=role, password="s3cret-of-the-services")
    engine = create_engine(driver_url(database_url))

    def hear(*arguments: object) -> None:
        said.append(str(arguments[2:4]))

    event.listen(engine, "before_cursor_execute", hear)
    upgrade(engine, url)
    with engine.begin() as connection:
        connection.execute(text(f"drop owned by {role}"))
        connection.execute(text(f"drop role {role}"))
    engine.dispose()

    assert any("create role" in one for one in said)
    assert "s3cret-of-the-services" not in "".join(said)
