"""Questions about the things of OpsConductor that flows refer to by their ids."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, cast, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.credentials.models import Credential
from opsconductor.files.models import File
from opsconductor.notifications.models import NotificationChannel
from opsconductor.scripts.models import Script
from opsconductor.targets.models import Target

TABLES: dict[str, Any] = {
    "target": Target,
    "script": Script,
    "file": File,
    "notification_channel": NotificationChannel,
    "credential": Credential,
}


async def named(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return kind and name of those that are there."""
    wanted = cast(
        bindparam("ids", list(ids), type_=ARRAY(Uuid())), ARRAY(Uuid())
    )  # thousands as one parameter
    questions = [
        select(literal(kind).label("kind"), table.id, table.name).where(table.id == any_(wanted))
        for kind, table in TABLES.items()
    ]
    rows = await session.execute(union_all(*questions))
    return {id: (kind, name) for kind, id, name in rows}
