"""What calendars say of an execution: refused now, bounded by an end, or begun all the same by somebody's word."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from opsconductor import audit
from opsconductor.auth.errors import PermissionMissing
from opsconductor.calendars.applying import Applied, Holding, facts_of
from opsconductor.executions.errors import OutsideWindow
from opsconductor.executions.models import Execution
from opsconductor.executions.schemas import PreviewCalendar, PreviewWindows, WindowOverride
from opsconductor.kit.unit_of_work import UnitOfWork

OVERRIDE = "calendars.override"
NAMED = 5
"""Targets that are named where all of them would be too many to read."""


@dataclass(frozen=True)
class Admitted:
    """How calendars let an execution in."""

    starts_until: datetime | None = None
    overridden: dict[str, Any] | None = None
    """Why it is begun in spite of calendars, and which of them were closed."""


def admit(windows: Applied, total: int, override: WindowOverride | None, *, may_override: bool) -> Admitted:
    """Refuse what calendars do not allow now, unless somebody who may do so says that they shall not count."""
    if override is not None:
        if not may_override:
            raise PermissionMissing(permission=OVERRIDE)
        calendars = [{"id": str(held.calendar.id), "name": held.rule.name} for held in _closing(windows)]
        return Admitted(overridden={"reason": override.reason, "calendars": calendars})
    if windows.closed:
        raise _refusal(windows, total)
    return Admitted(starts_until=windows.starts_until)


def record_override(uow: UnitOfWork, execution: Execution) -> None:
    """Write down that somebody let an execution begin in spite of calendars, and why."""
    if facts := execution.window_override:
        audit.record(
            uow, "execution.window_overridden", "execution", execution.id, execution.name, after=facts
        )


def shown(windows: Applied) -> PreviewWindows:
    """Return what a preview says of calendars."""
    closed = windows.closed
    return PreviewWindows(
        calendars=[
            PreviewCalendar(
                **facts_of(held, windows.at),
                target_count=len(held.targets),
                targets=[target.name for target in held.targets[:NAMED]],
            )
            for held in windows.holding
        ],
        refused=len(closed),
        opens_at=windows.opens_at if closed else None,
        starts_until=None if closed else windows.starts_until,
    )


def decided(windows: Applied) -> list[Any]:
    """Return what a run must find as its preview did: which calendars hold, how they stand, and whom they refuse."""
    standing = sorted(
        [str(held.calendar.id), held.calendar.enforcement, str(held.rule.is_open(windows.at))]
        for held in windows.holding
    )
    return [standing, sorted(str(id) for id in windows.closed)]


def _refusal(windows: Applied, total: int) -> OutsideWindow:
    closed = windows.closed
    closing = _closing(windows)
    names = {target.id: target.name for held in closing for target in held.targets}
    return OutsideWindow(
        count=len(closed),
        total=total,
        targets=_listed((names[id] for id in closed), len(closed)),
        calendars=", ".join(f'"{held.rule.name}"' for held in closing),
        opening=_opening(windows.opens_at, closing[0].calendar.time_zone),
    )


def _closing(windows: Applied) -> list[Holding]:
    """Return the calendars that keep work from beginning on some target."""
    rules = {rule for found in windows.closed.values() for rule in found}
    return [held for held in windows.holding if held.rule in rules]


def _listed(names: Iterable[str], count: int) -> str:
    first = [name for name, _ in zip(names, range(NAMED), strict=False)]
    return ", ".join(first) + (" …" if count > NAMED else "")


def _opening(moment: datetime | None, zone: str) -> str:
    if moment is None:
        return "No time within the next year is known at which all targets are open."
    return f"All targets are open from {moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone}) on."
