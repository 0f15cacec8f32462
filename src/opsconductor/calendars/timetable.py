"""Windows as instants: wall times of a zone, over changes of its clock, joined where they touch. Pure calculation."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from opsconductor.calendars.schemas import WEEKDAYS, OnceWindow, WeeklyWindow

LOOKED_AHEAD = (timedelta(days=9), timedelta(days=400))
"""How far the next change is looked for: what changes every week does so within the first."""
DAY = timedelta(days=1)


class Interval(NamedTuple):
    """A stretch of time, in UTC; its end is not part of it."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Timetable:
    """Windows in a time zone."""

    zone: ZoneInfo
    windows: Sequence[WeeklyWindow | OnceWindow]

    def between(self, since: datetime, until: datetime) -> list[Interval]:
        """Return the windows that have a moment of this time, whole, those that touch each other joined."""
        found = (each for window in self.windows for each in self._occurrences(window, since, until))
        return [each for each in _joined(found) if each.start < until and each.end > since]

    def holds(self, at: datetime) -> bool:
        """Tell whether a window is there at this instant."""
        return any(each.start <= at < each.end for each in self.between(at, at + timedelta(microseconds=1)))

    def next_change(self, at: datetime) -> datetime | None:
        """Return when a window ends or begins next; None for not within the next year."""
        is_weekly = not any(isinstance(window, OnceWindow) for window in self.windows)
        for ahead in LOOKED_AHEAD[:1] if is_weekly else LOOKED_AHEAD:
            until = at + ahead
            if coming := self.between(at, until):
                change = coming[0].end if coming[0].start <= at else coming[0].start
                if change < until:  # an end beyond may be where another window begins
                    return change
        return None

    def _occurrences(
        self, window: WeeklyWindow | OnceWindow, since: datetime, until: datetime
    ) -> Iterator[Interval]:
        if isinstance(window, OnceWindow):
            yield Interval(instant(window.start, self.zone), instant(window.end, self.zone))
            return
        length = timedelta(minutes=window.minutes)
        day = since.astimezone(self.zone).date() - length - DAY
        last = until.astimezone(self.zone).date()
        while day <= last:
            if WEEKDAYS[day.weekday()] in window.weekdays:
                start = datetime.combine(day, window.start)
                yield Interval(instant(start, self.zone), instant(start + length, self.zone))
            day += DAY


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clock of a zone shows this time: the first time where it does so twice.

    A time it skips is the end of the gap.
    """
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # the two lie around the change of the clock
    after = found.astimezone(zone).utcoffset()

    def is_after(seconds: int) -> bool:
        return (before + timedelta(seconds=seconds)).astimezone(zone).utcoffset() == after

    around = range(int((found - before).total_seconds()) + 1)
    return before + timedelta(seconds=bisect_left(around, True, key=is_after))


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for each in sorted(intervals):
        if joined and each.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, each.end))
        elif each.start < each.end:  # one that lies in a gap of the clock has no moment
            joined.append(each)
    return joined
