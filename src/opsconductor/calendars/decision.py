"""Whether calendars let work begin, why not, and when that changes. Pure calculation: the instant is given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opsconductor.calendars.timetable import Timetable

MOST_CHANGES = 100
"""Changes of calendars that are followed to find when all are open: more is as good as never."""


@dataclass(frozen=True, eq=False)
class Rule:
    """A calendar as a decision sees it; the same only as itself, as it is looked up for each target."""

    id: UUID
    name: str
    is_blackout: bool
    blocks: bool
    """Whether it refuses work, or only warns."""
    stops: bool
    """Whether nothing more may begin once it closes."""
    timetable: Timetable

    def is_open(self, at: datetime) -> bool:
        """Tell whether it allows work: in its windows, or outside of them."""
        return self.timetable.holds(at) != self.is_blackout

    def changes_at(self, at: datetime) -> datetime | None:
        """Return when it opens or closes next; None for not within the next year."""
        return self.timetable.next_change(at)


Rules = Sequence[Rule]
"""The calendars that are enforced on a target."""


def closed_by(rules: Rules, at: datetime) -> list[Rule]:
    """Return what keeps work from beginning: each blackout under way, and maintenance windows if none is open."""
    closed = [rule for rule in rules if not rule.is_open(at)]
    windows = [rule for rule in rules if not rule.is_blackout]
    in_a_window = any(rule not in closed for rule in windows)
    return [rule for rule in closed if rule.is_blackout or not in_a_window]


def opens_at(groups: Collection[Rules], at: datetime) -> datetime | None:
    """Return the first instant from now on at which work may begin on all targets at once; None if not in sight."""
    for _ in range(MOST_CHANGES):
        closed = [found for rules in groups if (found := closed_by(rules, at))]
        if not closed:
            return at
        ends = [_closed_until(found, at) for found in closed]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends):
            return None
        at = max(known)
    return None


def closes_at(rules: Rules, at: datetime, *, only_stopping: bool = False) -> datetime | None:
    """Return when work can't begin any more on a target where it may now; None if that is not in sight.

    `only_stopping`: when that also goes for what was accepted before.
    """
    moment: datetime | None = at
    for _ in range(MOST_CHANGES):
        moment = _first_change(rules, moment) if moment else None
        if moment is None:
            return None
        closed = closed_by(rules, moment)
        if any(rule.stops for rule in closed) if only_stopping else closed:
            return moment
    return None


def _closed_until(closed: Rules, at: datetime) -> datetime | None:
    """Return until when these keep a target closed at least: each blackout, and the windows until one opens."""
    needed = [rule.changes_at(at) for rule in closed if rule.is_blackout]
    if windows := [rule for rule in closed if not rule.is_blackout]:
        needed.append(_first_change(windows, at))
    known = [end for end in needed if end is not None]
    return max(known) if len(known) == len(needed) else None


def _first_change(rules: Collection[Rule], at: datetime) -> datetime | None:
    return min((change for rule in rules if (change := rule.changes_at(at))), default=None)
