"""Keyset pagination: a page starts after the last row of the one before, and says how many there are."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from opsconductor.kit.errors import Invalid

T = TypeVar("T")
INTEGER_BITS = 31  # of PostgreSQL's integer, without the sign

Limit = Annotated[int, Query(ge=1, le=200, description="Rows on a page, 1 to 200.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]


class BadCursor(Invalid):
    """The cursor is not one that this list gave out; leave it away to start at the first page."""

    code = "bad_cursor"


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    model_config = ConfigDict(from_attributes=True)

    items: list[T]
    total: int
    next_cursor: str | None


@dataclass(frozen=True)
class Rows:
    """What a page is made from."""

    items: Sequence[Any]
    total: int
    next_cursor: str | None


@dataclass(frozen=True)
class Order:
    """A column to sort by; the last one of an order must be unique."""

    column: Any
    descending: bool = False


def encode(values: Sequence[Any]) -> str:
    """Return the cursor for the row with these sort values."""
    return base64.urlsafe_b64encode(orjson.dumps([str(value) for value in values])).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[str]:
    """Return the sort values in a cursor, or refuse one that is not ours."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadCursor from error
    if not isinstance(values, list) or len(values) != length or not all(isinstance(v, str) for v in values):
        raise BadCursor
    if any("\0" in value for value in values):
        raise BadCursor
    return values


def after(order: Sequence[Order], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition for rows behind the one with these sort values."""
    choices = []
    for index, last in enumerate(order):
        same = [earlier.column == values[i] for i, earlier in enumerate(order[:index])]
        beyond = last.column < values[index] if last.descending else last.column > values[index]
        choices.append(and_(*same, beyond))
    return or_(*choices)


async def page_of(
    session: AsyncSession, query: Select[Any], order: Sequence[Order], limit: int, cursor: str | None
) -> Rows:
    """Return one page and the total: two statements, whatever the length of the list; one where all is on a page."""
    whole = query
    if cursor:
        texts = decode(cursor, len(order))
        query = query.where(after(order, [_typed(o, t) for o, t in zip(order, texts, strict=True)]))
    columns = [o.column.desc() if o.descending else o.column.asc() for o in order]
    found = await session.execute(query.order_by(*columns).limit(limit + 1))
    rows = list(found.scalars() if len(query.column_descriptions) == 1 else found)
    more = len(rows) > limit
    rows = rows[:limit]
    last = [getattr(rows[-1], o.column.key) for o in order] if more else []
    total = await _number_of(session, whole) if more or cursor else len(rows)
    return Rows(rows, total, encode(last) if more else None)


async def _number_of(session: AsyncSession, query: Select[Any]) -> int:
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    return await session.scalar(counted) or 0


def _typed(order: Order, text: str) -> Any:
    kind = order.column.type.python_type
    try:
        value = datetime.fromisoformat(text) if kind is datetime else kind(text)
    except ValueError as error:
        raise BadCursor from error
    if isinstance(value, int) and value.bit_length() > INTEGER_BITS:
        raise BadCursor
    return value
