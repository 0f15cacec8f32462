"""Which calendars hold for which targets, and what that means for all of them together at an instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from opsconductor.calendars import decision
from opsconductor.calendars.decision import Rule
from opsconductor.calendars.models import Calendar
from opsconductor.calendars.schemas import AppliedCalendar, Windows
from opsconductor.calendars.timetable import Timetable
from opsconductor.targets.models import Target

WINDOWS: TypeAdapter[list[Any]] = TypeAdapter(Windows)
STANDING = {"open", "changes_at"}


def timetable_of(calendar: Calendar) -> Timetable:
    """Return the windows of a calendar."""
    return Timetable(ZoneInfo(calendar.time_zone), WINDOWS.validate_python(calendar.windows))


def rule_of(calendar: Calendar) -> Rule:
    """Return a calendar as a decision sees it."""
    return Rule(
        id=calendar.id,
        name=calendar.name,
        is_blackout=calendar.kind == "blackout",
        blocks=calendar.enforcement == "block",
        stops=calendar.at_end == "stop",
        timetable=timetable_of(calendar),
    )


@dataclass(frozen=True)
class Holding:
    """A calendar, and those of the targets in question that it holds for."""

    calendar: Calendar
    rule: Rule
    targets: Sequence[Target]


@dataclass(frozen=True)
class Applied:
    """The calendars of some targets at an instant. Without any, everything may begin everywhere."""

    at: datetime
    holding: Sequence[Holding] = ()

    @cached_property
    def closed(self) -> dict[UUID, list[Rule]]:
        """Return for each target on which nothing may begin now the calendars that keep it from that."""
        by_target = self._enforced
        decided = {rules: decision.closed_by(rules, self.at) for rules in set(by_target.values())}
        return {id: decided[rules] for id, rules in by_target.items() if decided[rules]}

    @property
    def opens_at(self) -> datetime | None:
        """Return when work may begin on all of them at once: now, or later, or nobody knows when."""
        return decision.opens_at(self._groups(), self.at)

    @property
    def starts_until(self) -> datetime | None:
        """Return from when on nothing more begins of what is accepted now: the first end that stops it."""
        ends = [decision.closes_at(rules, self.at, only_stopping=True) for rules in self._groups()]
        return min((end for end in ends if end is not None), default=None)

    @property
    def changes_at(self) -> datetime | None:
        """Return when work may begin on all of them, or not any more on some."""
        if self.closed:
            return self.opens_at
        ends = [decision.closes_at(rules, self.at) for rules in self._groups()]
        return min((end for end in ends if end is not None), default=None)

    def _groups(self) -> set[tuple[Rule, ...]]:
        """Return the sets of calendars that targets have: far fewer than targets."""
        return set(self._enforced.values())

    @cached_property
    def _enforced(self) -> dict[UUID, tuple[Rule, ...]]:
        rules: dict[UUID, list[Rule]] = {}
        for held in self.holding:
            if held.rule.blocks:
                for target in held.targets:
                    rules.setdefault(target.id, []).append(held.rule)
        return {id: tuple(found) for id, found in rules.items()}


def applied(calendars: Iterable[Calendar], targets: Sequence[Target], at: datetime) -> Applied:
    """Return which of these calendars hold for these targets."""
    held = ((calendar, _held_by(calendar, targets)) for calendar in calendars)
    return Applied(at, [Holding(calendar, rule_of(calendar), found) for calendar, found in held if found])


def _held_by(calendar: Calendar, targets: Sequence[Target]) -> Sequence[Target]:
    if calendar.scope == "all":
        return targets
    if calendar.scope == "tags":
        tags = set(calendar.tags)
        return [target for target in targets if not tags.isdisjoint(target.tags)]
    picked = set(calendar.target_ids)
    return [target for target in targets if target.id in picked]


def facts_of(held: Holding, at: datetime) -> dict[str, Any]:
    """Return what AppliedCalendar says of a calendar."""
    facts = {name: getattr(held.calendar, name) for name in AppliedCalendar.model_fields.keys() - STANDING}
    return {**facts, "open": held.rule.is_open(at), "changes_at": held.rule.changes_at(at)}
