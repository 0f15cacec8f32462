"""What routes of the core ask for: their unit of work, and the key of a request that may be sent again."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Depends, Header, Request

from opsconductor.kit.http import request_id
from opsconductor.kit.unit_of_work import ANONYMOUS, Origin, UnitOfWork, UnitsOfWork


def origin_of(request: Request) -> Origin:
    """Return where a request came from (behind nginx: what X-Forwarded-For says, trusted from loopback only)."""
    return Origin(request_id(request), request.client.host if request.client else None)


async def unit_of_work(request: Request) -> AsyncIterator[UnitOfWork]:
    """Open the request's transaction; it is committed before the answer goes out."""
    units: UnitsOfWork = request.app.state.units
    actor = getattr(request.state, "actor", ANONYMOUS)
    async with units.begin(actor, origin_of(request)) as uow:
        yield uow


Uow = Annotated[UnitOfWork, Depends(unit_of_work, scope="function")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key gives the same answer for at least 24 hours, however often it is sent.",
    ),
]
OnlyKnown = Annotated[
    Literal["*"] | None,
    Header(
        alias="If-Match",
        description="With `*`, only what this Idempotency-Key was accepted for before is returned; nothing is begun.",
    ),
]
