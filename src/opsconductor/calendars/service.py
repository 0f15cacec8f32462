"""Use cases of the calendars domain."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from opsconductor import audit
from opsconductor.audit.service import changes
from opsconductor.calendars import repository
from opsconductor.calendars.applying import Applied, applied, timetable_of
from opsconductor.calendars.errors import (
    CalendarChangedMeanwhile,
    CalendarForNothing,
    CalendarNameTaken,
    CalendarNotFound,
)
from opsconductor.calendars.models import FIELDS, Calendar, CalendarTarget
from opsconductor.calendars.schemas import CalendarChange, NewCalendar
from opsconductor.calendars.timetable import Interval
from opsconductor.kit.clock import now
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.targets import service as targets
from opsconductor.targets.models import Target

CHOSEN_BY = {"tags": "tags", "targets": "target_ids"}
"""What must not be empty, by scope."""


async def add(uow: UnitOfWork, wanted: NewCalendar) -> Calendar:
    """Keep a new calendar, as version 1."""
    if await repository.name_is_taken(uow.session, wanted.name):
        raise CalendarNameTaken
    calendar = Calendar(version=1, changed_by_name=uow.actor.name, picked=[])
    await _write(uow, calendar, wanted.model_dump(mode="json"), wanted.target_ids)
    uow.session.add(calendar)
    await uow.session.flush()  # id and times are shown in the answer
    audit.record(uow, "calendar.added", "calendar", calendar.id, calendar.name, after=_facts(calendar))
    return calendar


async def change(uow: UnitOfWork, calendar_id: UUID, wanted: CalendarChange) -> Calendar:
    """Change a calendar, if nobody else has since the version the change was made from."""
    calendar = await get(uow, calendar_id, lock=True)
    if calendar.version != wanted.based_on:
        who = calendar.changed_by_name or "Somebody"
        raise CalendarChangedMeanwhile(who=who, based_on=wanted.based_on)
    if wanted.name and await repository.name_is_taken(uow.session, wanted.name, except_id=calendar_id):
        raise CalendarNameTaken
    before = _facts(calendar)
    given = wanted.model_dump(mode="json", exclude={"based_on"}, exclude_none=True)
    await _write(uow, calendar, given, wanted.target_ids)
    old, new = changes(before, _facts(calendar))
    if new:
        calendar.version += 1
        calendar.changed_by_name = uow.actor.name
        audit.record(uow, "calendar.changed", "calendar", calendar.id, calendar.name, before=old, after=new)
        await uow.session.flush()  # updated_at is shown in the answer
    return calendar


async def remove(uow: UnitOfWork, calendar_id: UUID) -> None:
    """Delete a calendar; from then on it keeps nothing from running."""
    calendar = await get(uow, calendar_id, lock=True)
    audit.record(uow, "calendar.removed", "calendar", calendar.id, calendar.name, before=_facts(calendar))
    await uow.session.delete(calendar)


async def get(uow: UnitOfWork, calendar_id: UUID, *, lock: bool = False) -> Calendar:
    """Return a calendar."""
    found = await repository.calendar(uow.session, calendar_id, lock=lock)
    if found is None:
        raise CalendarNotFound
    return found


async def listed(uow: UnitOfWork, text: str | None, limit: int, cursor: str | None) -> Rows:
    """Return a page of calendars by name."""
    order = [Order(Calendar.name), Order(Calendar.id)]
    return await page_of(uow.session, repository.matching(text), order, limit, cursor)


async def upcoming(uow: UnitOfWork, calendar_id: UUID, days: int) -> tuple[Calendar, list[Interval]]:
    """Return a calendar and its windows of the next days, the one under way included."""
    calendar = await get(uow, calendar_id)
    at = now()
    return calendar, timetable_of(calendar).between(at, at + timedelta(days=days))


async def over(uow: UnitOfWork, fleet: Sequence[Target]) -> Applied:
    """Return the calendars in force that hold for these targets, as they stand now."""
    return applied(await repository.in_force(uow.session), fleet, now())


async def of_target(uow: UnitOfWork, target_id: UUID) -> Applied:
    """Return the calendars in force that hold for a target, as they stand now."""
    return await over(uow, [await targets.get(uow, target_id)])


async def _write(
    uow: UnitOfWork, calendar: Calendar, given: dict[str, Any], picked: Sequence[UUID] | None
) -> None:
    for name in given.keys() - {"target_ids"}:
        setattr(calendar, name, given[name])
    if picked is not None:
        await _pick(uow, calendar, picked)
    needed = CHOSEN_BY.get(calendar.scope)
    if needed and not getattr(calendar, needed):
        raise CalendarForNothing(errors=[{"field": needed, "message": "must not be empty with this scope"}])


async def _pick(uow: UnitOfWork, calendar: Calendar, wanted: Sequence[UUID]) -> None:
    """Pick these targets instead of those before; rows that stay are kept as they are."""
    with uow.session.no_autoflush:  # the calendar is not whole yet
        known = await targets.known(uow, wanted)
    rows = {row.target_id: row for row in calendar.picked}
    calendar.picked = [rows.get(id) or CalendarTarget(target_id=id) for id in known]


def _facts(calendar: Calendar) -> dict[str, Any]:
    facts = {name: getattr(calendar, name) for name in FIELDS if name != "target_ids"}
    return {**facts, "target_ids": [str(id) for id in calendar.target_ids]}
