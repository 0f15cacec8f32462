"""The database: engine, declarative base and column types shared by all tables."""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Engine,
    MetaData,
    any_,
    bindparam,
    cast,
    column,
    event,
    func,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from opsconductor.kit.ids import new_id
from opsconductor.kit.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TRUSTED = 1.0  # s after its use in which a connection is taken to be there
IDLE_SINCE = "idle_since"

Id = Annotated[UUID, mapped_column(primary_key=True, default=new_id)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
UpdatedAt = Annotated[
    datetime, mapped_column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())
]


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012  # SQLAlchemy reads a plain dict


Sessions = async_sessionmaker[AsyncSession]


def one_of(column: InstrumentedAttribute[Any] | ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column has one of the values that are given under a name: one parameter, however many there are.

    So a statement can be made once, and be asked again and again: to make one costs more than to ask it.
    """
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def unnested(name: str, columns: Mapping[str, TypeEngine[Any]]) -> TableValuedAlias:
    """Return a table of rows that are given when the statement is asked (see `rows_of`): by column, its type.

    Each column is one parameter, so the statement's text is the same for one row and for five hundred: it is compiled
    once, and the database plans it once.
    """
    arrays = []
    for each, kind in columns.items():
        of_kind = ARRAY(kind, dimensions=1)  # a list may be one JSON value
        arrays.append(cast(bindparam(f"{name}_{each}", type_=of_kind), of_kind))
    typed = (column(each, kind) for each, kind in columns.items())
    return func.unnest(*arrays).table_valued(*typed).render_derived(name=name)


def rows_of(name: str, columns: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    """Return rows, by column and all of one length, as what is given with a statement that has them `unnested`."""
    return {f"{name}_{each}": list(values) for each, values in columns.items()}


def driver_url(url: str) -> str:
    """Return the SQLAlchemy address (psycopg 3) for a plain `postgresql://` one."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise ValueError("DATABASE_URL must start with postgresql://")
    return f"postgresql+psycopg://{rest}"


def connect(settings: Settings, *, pool_size: int = 10) -> AsyncEngine:
    """Return an engine that gives up on a silent database instead of hanging."""
    engine = create_async_engine(
        driver_url(settings.database_url.get_secret_value()),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,  # s; then 503, better than a queue without end
        connect_args={
            "connect_timeout": 5,
            "application_name": "opsconductor",
            "options": "-c statement_timeout=15000 -c lock_timeout=10000 -c timezone=UTC",
        },
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=json.loads,
        hide_parameters=True,  # an error text must not show values
    )
    _ping_what_was_idle(engine.sync_engine)
    _send_lists_as_they_are(engine.sync_engine)
    return engine


def each_statement_by_itself(engine: AsyncEngine) -> AsyncEngine:
    """Return the engine for what needs no transactions: each costs two questions to the database more."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _ping_what_was_idle(engine: Engine) -> None:
    """Have a connection looked after that was not used for a while, and replaced where the database has closed it.

    To ask each time (`pool_pre_ping`) is a fifth of what a short request costs. One that was used a moment ago and
    broke since is an error of that request, as one that breaks during it.
    """

    @event.listens_for(engine, "checkin")
    def note(_: object, record: ConnectionPoolEntry) -> None:
        record.info[IDLE_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look_after(connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
        if time.monotonic() - record.info.get(IDLE_SINCE, time.monotonic()) <= TRUSTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool makes another


def _send_lists_as_they_are(engine: Engine) -> None:
    """Have lists sent in PostgreSQL's binary format.

    As text, psycopg escapes each value by a regular expression, which is six times the work: most of what it costs to
    ask a statement that has `rows_of` a hundred rows.
    """

    @event.listens_for(engine, "connect")
    def prefer_binary(connection: DBAPIConnection, _: object) -> None:
        connection.driver_connection.adapters.register_dumper(list, ListBinaryDumper)


def sessions(engine: AsyncEngine) -> Sessions:
    """Return the maker of sessions; objects stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)
