"""Calendars over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query

from opsconductor.calendars import service
from opsconductor.calendars.applying import facts_of, rule_of
from opsconductor.calendars.models import Calendar
from opsconductor.calendars.schemas import (
    AppliedCalendar,
    CalendarChange,
    CalendarOut,
    NewCalendar,
    Occurrence,
    Standing,
    TargetWindows,
    Upcoming,
)
from opsconductor.calendars.timetable import Interval
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.clock import now
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow

router = Branch(prefix="/calendars", tags=["calendars"])
of_targets = Branch(prefix="/targets", tags=["calendars"])

MOST_UPCOMING = 200
COMPUTED = {"now"}


@router.get("")
@allowed("calendars.read")
async def list_calendars(
    uow: Uow,
    q: Annotated[str | None, Query(max_length=200, description="Looks in name and description.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CalendarOut]:
    """List calendars by name, with how each stands now."""
    rows = await service.listed(uow, q, limit, cursor)
    items = [_out(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.post("", status_code=201)
@allowed("calendars.write")
async def add_calendar(wanted: NewCalendar, uow: Uow) -> CalendarOut:
    """Keep a calendar; from then on it says when work may begin on its targets."""
    return _out(await service.add(uow, wanted))


@router.get("/{calendar_id}")
@allowed("calendars.read")
async def get_calendar(calendar_id: UUID, uow: Uow) -> CalendarOut:
    """Return a calendar, with how it stands now."""
    return _out(await service.get(uow, calendar_id))


@router.patch("/{calendar_id}")
@allowed("calendars.write")
async def change_calendar(calendar_id: UUID, wanted: CalendarChange, uow: Uow) -> CalendarOut:
    """Change a calendar; what was accepted before goes on as it was accepted."""
    return _out(await service.change(uow, calendar_id, wanted))


@router.delete("/{calendar_id}", status_code=204)
@allowed("calendars.write")
async def remove_calendar(calendar_id: UUID, uow: Uow) -> None:
    """Delete a calendar; from then on it keeps nothing from running."""
    await service.remove(uow, calendar_id)


@router.get("/{calendar_id}/upcoming")
@allowed("calendars.read")
async def upcoming_windows(
    calendar_id: UUID, uow: Uow, days: Annotated[int, Query(ge=1, le=366)] = 14
) -> Upcoming:
    """Return the windows of the next days, the one under way included."""
    calendar, windows = await service.upcoming(uow, calendar_id, days)
    zone = ZoneInfo(calendar.time_zone)
    shown = [_occurrence(window, zone) for window in windows[:MOST_UPCOMING]]
    return Upcoming(time_zone=calendar.time_zone, windows=shown, complete=len(windows) <= MOST_UPCOMING)


@of_targets.get("/{target_id}/windows")
@allowed("calendars.read")
async def target_windows(target_id: UUID, uow: Uow) -> TargetWindows:
    """Return the calendars that hold for a target, and whether work may begin there now."""
    found = await service.of_target(uow, target_id)
    return TargetWindows(
        open=not found.closed,
        changes_at=found.changes_at,
        calendars=[AppliedCalendar(**facts_of(held, found.at)) for held in found.holding],
    )


def _out(calendar: Calendar) -> CalendarOut:
    rule, at = rule_of(calendar), now()
    facts = {name: getattr(calendar, name) for name in CalendarOut.model_fields.keys() - COMPUTED}
    return CalendarOut(**facts, now=Standing(open=rule.is_open(at), changes_at=rule.changes_at(at)))


def _occurrence(window: Interval, zone: ZoneInfo) -> Occurrence:
    return Occurrence(
        start=window.start,
        end=window.end,
        start_local=_local(window.start, zone),
        end_local=_local(window.end, zone),
    )


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone)
