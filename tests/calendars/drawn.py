"""Windows, timetables and moments, drawn at random."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as some

from opsconductor.calendars.schemas import WEEKDAYS, OnceWindow, WeeklyWindow
from opsconductor.calendars.timetable import Timetable

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")
FIRST, LAST = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31")

weekly_windows = some.builds(
    WeeklyWindow,
    type=some.just("weekly"),
    weekdays=some.lists(some.sampled_from(WEEKDAYS), min_size=1, max_size=4),
    start=some.times().map(lambda at: time(at.hour, at.minute)),
    minutes=some.integers(1, 7 * 24 * 60),
)
wall_times = some.datetimes(FIRST, LAST).map(lambda at: at.replace(second=0, microsecond=0))
once_windows = some.tuples(wall_times, some.integers(1, 60 * 24 * 30)).map(
    lambda drawn: OnceWindow(type="once", start=drawn[0], end=drawn[0] + timedelta(minutes=drawn[1]))
)
timetables = some.builds(
    Timetable,
    zone=some.sampled_from(ZONES).map(ZoneInfo),
    windows=some.lists(weekly_windows | once_windows, min_size=1, max_size=3),
)
moments = some.datetimes(FIRST, LAST, timezones=some.just(UTC)).map(lambda at: at.replace(microsecond=0))
