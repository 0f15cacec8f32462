"""Windows as instants: weekly and once, over changes of the clock, compared with what the clock on the wall says."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.calendars.drawn import moments, timetables

from opsconductor.calendars.schemas import WEEKDAYS, OnceWindow, WeeklyWindow
from opsconductor.calendars.timetable import Interval, Timetable, instant

BERLIN = ZoneInfo("Europe/Berlin")


def _weekly(*weekdays: str, start: str = "22:00", minutes: int = 240) -> WeeklyWindow:
    facts = {"type": "weekly", "weekdays": weekdays, "start": start, "minutes": minutes}
    return WeeklyWindow.model_validate(facts)


def _once(start: str, end: str) -> OnceWindow:
    return OnceWindow.model_validate({"type": "once", "start": start, "end": end})


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-07-01T12:00", "2026-07-01T10:00"),
        ("2026-03-29T02:00", "2026-03-29T01:00"),  # the first minute that is skipped
        ("2026-03-29T02:30", "2026-03-29T01:00"),  # skipped: the end of the gap
        ("2026-03-29T03:00", "2026-03-29T01:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first time
        ("2026-10-25T03:00", "2026-10-25T02:00"),
    ],
)
def test_a_wall_time_is_the_first_of_two_and_the_end_of_a_gap(wall: str, expected: str) -> None:
    assert instant(datetime.fromisoformat(wall), BERLIN) == _utc(expected)


def test_a_day_that_a_zone_left_out_ends_with_the_next_day() -> None:
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011

    assert instant(datetime.fromisoformat("2011-12-30T12:00"), apia) == _utc("2011-12-30T10:00")
    assert instant(datetime.fromisoformat("2011-12-31"), apia) == _utc("2011-12-30T10:00")


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    timetable = Timetable(BERLIN, [_weekly("fri", start="22:00", minutes=480)])

    assert timetable.holds(_utc("2026-11-28T04:59"))  # Saturday, 05:59 in Berlin
    assert not timetable.holds(_utc("2026-11-28T05:00"))
    assert not timetable.holds(_utc("2026-11-26T23:00"))  # Friday, just after midnight
    assert timetable.next_change(_utc("2026-11-26T12:00")) == _utc("2026-11-27T21:00")


def test_a_window_over_a_change_of_the_clock_ends_when_the_wall_says_so() -> None:
    timetable = Timetable(BERLIN, [_weekly("sat", start="22:00", minutes=480)])
    spring = timetable.between(_utc("2026-03-28T12:00"), _utc("2026-03-29T12:00"))
    autumn = timetable.between(_utc("2026-10-24T12:00"), _utc("2026-10-25T12:00"))

    assert spring == [Interval(_utc("2026-03-28T21:00"), _utc("2026-03-29T04:00"))]  # 7 h
    assert autumn == [Interval(_utc("2026-10-24T20:00"), _utc("2026-10-25T05:00"))]  # 9 h


def test_a_window_that_lies_in_the_gap_of_the_clock_is_not_there_that_day() -> None:
    timetable = Timetable(BERLIN, [_weekly("sun", start="02:10", minutes=30)])

    assert timetable.between(_utc("2026-03-28T12:00"), _utc("2026-03-30T12:00")) == []


def test_whole_days_have_no_hole_where_a_day_has_25_hours() -> None:
    timetable = Timetable(BERLIN, [_weekly(*WEEKDAYS, start="00:00", minutes=24 * 60)])

    assert len(timetable.between(_utc("2026-10-01T00:00"), _utc("2026-11-01T00:00"))) == 1
    assert timetable.next_change(_utc("2026-10-24T12:00")) is None


def test_windows_that_touch_are_one() -> None:
    days = [
        _weekly("sat", "sun", start="00:00", minutes=24 * 60),
        _once("2026-11-30T00:00", "2026-11-30T06:00"),
    ]
    timetable = Timetable(ZoneInfo("UTC"), days)

    assert timetable.next_change(_utc("2026-11-28T10:00")) == _utc("2026-11-30T06:00")


def test_what_comes_only_in_some_months_is_found_and_what_is_over_is_not() -> None:
    timetable = Timetable(BERLIN, [_once("2026-12-24T18:00", "2027-01-02T06:00")])

    assert timetable.next_change(_utc("2026-05-01T00:00")) == _utc("2026-12-24T17:00")
    assert timetable.next_change(_utc("2026-12-25T00:00")) == _utc("2027-01-02T05:00")
    assert timetable.next_change(_utc("2027-01-02T05:00")) is None


def _on_the_wall(window: WeeklyWindow | OnceWindow, wall: datetime) -> bool:
    if isinstance(window, OnceWindow):
        return window.start <= wall < window.end
    starts = (datetime.combine(wall.date() - timedelta(days=back), window.start) for back in range(9))
    length = timedelta(minutes=window.minutes)
    return any(
        WEEKDAYS[start.weekday()] in window.weekdays and start <= wall < start + length for start in starts
    )


@given(timetables, moments)
def test_a_window_holds_whenever_the_clock_on_the_wall_says_so(timetable: Timetable, at: datetime) -> None:
    wall = at.astimezone(timetable.zone).replace(tzinfo=None)
    if instant(wall, timetable.zone) == at:  # the second time round, the wall says nothing
        said = any(_on_the_wall(window, wall) for window in timetable.windows)
        assert timetable.holds(at) == said


@given(timetables, moments)
def test_nothing_changes_before_the_next_change_and_something_does_at_it(
    timetable: Timetable, at: datetime
) -> None:
    change = timetable.next_change(at)
    if change is not None:
        assert change > at
        assert timetable.holds(change) != timetable.holds(at)
        for part in range(10):
            assert timetable.holds(at + (change - at) * part / 10) == timetable.holds(at)


@given(timetables, moments, some.integers(0, 300 * 24 * 60))
def test_without_a_next_change_nothing_changes_for_long(
    timetable: Timetable, at: datetime, minutes: int
) -> None:
    if timetable.next_change(at) is None:
        assert timetable.holds(at + timedelta(minutes=minutes)) == timetable.holds(at)


@given(timetables, moments, some.integers(1, 60))
def test_windows_are_in_order_and_apart(timetable: Timetable, since: datetime, days: int) -> None:
    until = since + timedelta(days=days)
    found = timetable.between(since, until)

    assert all(window.start < window.end for window in found)
    assert all(one.end < other.start for one, other in pairwise(found))
    assert all(window.start < until and window.end > since for window in found)


def test_a_machine_without_zone_data_has_that_of_our_packages() -> None:
    zoneinfo.reset_tzpath([])
    try:
        assert ZoneInfo.no_cache("Europe/Berlin").utcoffset(datetime(2026, 7, 1, tzinfo=UTC))
    finally:
        zoneinfo.reset_tzpath()
