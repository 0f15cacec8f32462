"""The templates domain's questions to the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from opsconductor.auth.models import User
from opsconductor.templates.models import (
    WorkflowTemplate,
    WorkflowTemplateRating,
    WorkflowTemplateVersion,
)
from opsconductor.templates.schemas import TemplateFilter

SEEDING_LOCK = 7_311_003  # one process at a time brings the shipped templates up to date


async def lock_seeding(session: AsyncSession) -> None:
    await session.execute(select(func.pg_advisory_xact_lock(SEEDING_LOCK)))


async def shipped(session: AsyncSession) -> dict[str, WorkflowTemplate]:
    rows = await session.scalars(select(WorkflowTemplate).where(WorkflowTemplate.slug.is_not(None)))
    return {str(row.slug): row for row in rows}


def seen_by(viewer: User, *, all_of_them: bool) -> ColumnElement[bool]:
    """Return the condition for templates that somebody sees."""
    if all_of_them:
        return true()
    return WorkflowTemplate.is_public | (WorkflowTemplate.author_id == viewer.id)


async def template(
    session: AsyncSession, template_id: UUID, seen: ColumnElement[bool], *, lock: bool = False
) -> WorkflowTemplate | None:
    query = select(WorkflowTemplate).where(WorkflowTemplate.id == template_id, seen)
    return await session.scalar(query.with_for_update() if lock else query)


def matching(wanted: TemplateFilter, viewer: User, seen: ColumnElement[bool]) -> Select[Any]:
    query = select(WorkflowTemplate).options(defer(WorkflowTemplate.template_data, raiseload=True))
    query = query.where(seen)
    if wanted.mine:
        query = query.where(WorkflowTemplate.author_id == viewer.id)
    if wanted.category is not None:
        query = query.where(WorkflowTemplate.category == wanted.category)
    if wanted.tag is not None:
        query = query.where(WorkflowTemplate.tags.contains([wanted.tag]))
    if wanted.author is not None:
        query = query.where(WorkflowTemplate.author_name == wanted.author)
    if wanted.q:
        texts = (WorkflowTemplate.name, WorkflowTemplate.description)
        query = query.where(or_(*(text.icontains(wanted.q, autoescape=True) for text in texts)))
    return query


async def categories(session: AsyncSession, seen: ColumnElement[bool]) -> dict[str, int]:
    query = select(WorkflowTemplate.category, func.count()).where(seen)
    rows = await session.execute(
        query.group_by(WorkflowTemplate.category).order_by(WorkflowTemplate.category)
    )
    return dict(rows.all())


def versions(template_id: UUID) -> Select[Any]:
    query = select(WorkflowTemplateVersion).where(WorkflowTemplateVersion.template_id == template_id)
    return query.options(defer(WorkflowTemplateVersion.template_data, raiseload=True))


async def version(session: AsyncSession, template_id: UUID, number: int) -> WorkflowTemplateVersion | None:
    mine = (WorkflowTemplateVersion.template_id == template_id) & (WorkflowTemplateVersion.version == number)
    return await session.scalar(select(WorkflowTemplateVersion).where(mine))


async def count_download(session: AsyncSession, template_id: UUID) -> None:
    """Add one, whoever else does so at the same moment; the template itself does not change by it."""
    more = {
        "download_count": WorkflowTemplate.download_count + 1,
        "updated_at": WorkflowTemplate.updated_at,
    }
    await session.execute(update(WorkflowTemplate).where(WorkflowTemplate.id == template_id).values(more))


async def stars_by(session: AsyncSession, user_id: UUID, template_ids: Sequence[UUID]) -> dict[UUID, int]:
    query = select(WorkflowTemplateRating.template_id, WorkflowTemplateRating.stars)
    mine = WorkflowTemplateRating.user_id == user_id
    rows = await session.execute(query.where(mine, WorkflowTemplateRating.template_id.in_(template_ids)))
    return dict(rows.all())


async def keep_stars(session: AsyncSession, template_id: UUID, user_id: UUID, stars: int) -> None:
    wanted = insert(WorkflowTemplateRating).values(template_id=template_id, user_id=user_id, stars=stars)
    new = {"stars": wanted.excluded.stars, "updated_at": func.now()}
    await session.execute(wanted.on_conflict_do_update(index_elements=["template_id", "user_id"], set_=new))


async def forget_stars(session: AsyncSession, template_id: UUID, user_id: UUID) -> bool:
    mine = (WorkflowTemplateRating.template_id == template_id) & (WorkflowTemplateRating.user_id == user_id)
    gone = delete(WorkflowTemplateRating).where(mine).returning(WorkflowTemplateRating.stars)
    return await session.scalar(gone) is not None


async def rate_anew(session: AsyncSession, template_id: UUID) -> None:
    """Set average and number of all ratings in one statement; the caller holds the lock of the template's row."""
    ratings = WorkflowTemplateRating.template_id == template_id
    average = select(func.coalesce(func.round(func.avg(WorkflowTemplateRating.stars), 2), 0)).where(ratings)
    number = select(func.count()).select_from(WorkflowTemplateRating).where(ratings)
    new = {
        "rating": average.scalar_subquery(),
        "rating_count": number.scalar_subquery(),
        "updated_at": WorkflowTemplate.updated_at,
    }
    await session.execute(update(WorkflowTemplate).where(WorkflowTemplate.id == template_id).values(new))
