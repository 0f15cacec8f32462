"""The role that services have in the database: it works with every table, and of the audit log it only adds entries."""

from psycopg.pq.abc import PGconn
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import ProgrammingError

from opsconductor.kit.settings import SettingsProblem

GRANTS = (
    "grant usage on schema {schema} to {role}",
    "grant select, insert, update, delete on all tables in schema {schema} to {role}",
    "grant usage, select on all sequences in schema {schema} to {role}",
    "revoke update, delete on audit_entries from {role}",
    "revoke insert, update, delete on audit_chain, audit_head, alembic_version from {role}",
)
"""Said after each migration: it may have made tables."""


def let_in(connection: Connection, services: URL) -> None:
    """Make the role of this address, unless there is one, and let it do what services do. Raises SettingsProblem."""
    if not services.username:
        raise SettingsProblem("DATABASE_URL names no role; services need one of their own beside the owner's")
    exists = text("select exists(select from pg_roles where rolname = :role)")
    if not connection.scalar(exists, {"role": services.username}):
        _make(connection, services.username, services.password)
    schema = connection.scalar(text("select quote_ident(current_schema())"))
    role = connection.dialect.identifier_preparer.quote_identifier(services.username)
    for grant in GRANTS:
        connection.exec_driver_sql(grant.format(schema=schema, role=role))


def _make(connection: Connection, role: str, password: str | None) -> None:
    driver = connection.connection.dbapi_connection
    pgconn: PGconn = driver.pgconn  # type: ignore[union-attr]  # psycopg's
    # What the server keeps is made here: the password itself is in no statement, and so in no log of the server.
    verifier = pgconn.encrypt_password((password or "").encode(), role.encode(), b"scram-sha-256").decode()
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    try:
        connection.exec_driver_sql(f"create role {quoted} login password '{verifier}'")
    except ProgrammingError as error:
        raise SettingsProblem(
            f"The role {role} of DATABASE_URL does not exist, and the role of OPSCONDUCTOR_MIGRATION_DATABASE_URL may "
            "not make it; let an administrator of the database do so"
        ) from error
