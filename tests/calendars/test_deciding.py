"""What several calendars on targets mean together: closed by whom, until when, open next."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.calendars.drawn import moments, once_windows, weekly_windows

from opsconductor.calendars.decision import Rule, closed_by, closes_at, opens_at
from opsconductor.calendars.schemas import OnceWindow
from opsconductor.calendars.timetable import Timetable

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def _rule(name: str, *hours: tuple[int, int], blackout: bool = False, stops: bool = False) -> Rule:
    """Return a rule with windows of that day, from and to hours in UTC."""
    midnight = NOON.replace(hour=0, tzinfo=None)
    windows = [
        OnceWindow(type="once", start=midnight + timedelta(hours=a), end=midnight + timedelta(hours=b))
        for a, b in hours
    ]
    timetable = Timetable(ZoneInfo("UTC"), windows)
    return Rule(UUID(int=hash(name) % 2**64), name, blackout, True, stops, timetable)


def _at(hour: int) -> datetime:
    return NOON.replace(hour=0) + timedelta(hours=hour)


NIGHT = _rule("night", (20, 28))
LUNCH = _rule("lunch", (11, 13))
FREEZE = _rule("freeze", (10, 22), blackout=True)
STOPPING = _rule("stopping", (11, 15), stops=True)


@pytest.mark.parametrize(
    ("rules", "hour", "closing"),
    [
        ([], 12, []),
        ([NIGHT], 12, ["night"]),
        ([NIGHT], 21, []),
        ([NIGHT, LUNCH], 12, []),  # one open window is enough
        ([NIGHT, LUNCH], 15, ["night", "lunch"]),
        ([FREEZE], 12, ["freeze"]),
        ([FREEZE], 23, []),
        ([LUNCH, FREEZE], 12, ["freeze"]),  # an open window does not help against a blackout
        ([NIGHT, FREEZE], 12, ["night", "freeze"]),
        ([NIGHT, FREEZE], 21, ["freeze"]),
    ],
)
def test_a_blackout_closes_and_of_maintenance_windows_one_has_to_be_open(
    rules: Sequence[Rule], hour: int, closing: list[str]
) -> None:
    assert [rule.name for rule in closed_by(rules, _at(hour))] == closing


def test_targets_with_other_calendars_open_when_all_of_them_do() -> None:
    assert opens_at([[NIGHT]], NOON) == _at(20)
    assert opens_at([[NIGHT], [FREEZE]], NOON) == _at(22)
    assert opens_at([[NIGHT, FREEZE]], NOON) == _at(22)
    assert opens_at([[LUNCH]], NOON) == NOON
    assert opens_at([], NOON) == NOON


def test_what_never_is_open_at_once_is_not_in_sight() -> None:
    assert opens_at([[NIGHT], [LUNCH]], NOON) is None
    assert opens_at([[LUNCH, FREEZE]], NOON) is None
    assert opens_at([[LUNCH]], _at(14)) is None


def test_a_target_closes_when_its_last_open_window_ends_or_a_blackout_begins() -> None:
    assert closes_at([LUNCH], NOON) == _at(13)
    assert closes_at([LUNCH, STOPPING], NOON) == _at(15)
    assert closes_at([NIGHT, FREEZE], _at(23)) == _at(28)
    assert closes_at([FREEZE], _at(1)) == _at(10)
    assert closes_at([FREEZE], _at(23)) is None


def test_only_an_end_that_stops_ends_what_was_accepted() -> None:
    assert closes_at([LUNCH], NOON, only_stopping=True) is None
    assert closes_at([STOPPING], NOON, only_stopping=True) == _at(15)
    assert closes_at([LUNCH, STOPPING], NOON, only_stopping=True) == _at(15)


rules = some.builds(
    Rule,
    id=some.uuids(),
    name=some.just("any"),
    is_blackout=some.booleans(),
    blocks=some.just(True),
    stops=some.booleans(),
    timetable=some.builds(
        Timetable,
        zone=some.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]).map(ZoneInfo),
        windows=some.lists(weekly_windows | once_windows, min_size=1, max_size=2),
    ),
)
groups = some.lists(some.lists(rules, min_size=1, max_size=3), min_size=1, max_size=2)


@settings(deadline=None, max_examples=60)
@given(groups, moments)
def test_at_the_next_opening_all_are_open_and_never_before(groups: list[list[Rule]], at: datetime) -> None:
    opening = opens_at(groups, at)
    if opening is not None:
        assert not any(closed_by(group, opening) for group in groups)
        for part in range(12):
            moment = at + (opening - at) * part / 12
            assert opening == at or any(closed_by(group, moment) for group in groups)


@settings(deadline=None, max_examples=60)
@given(some.lists(rules, min_size=1, max_size=3), moments)
def test_until_it_closes_a_target_is_open(group: list[Rule], at: datetime) -> None:
    end = None if closed_by(group, at) else closes_at(group, at)
    if end is not None:
        assert closed_by(group, end)
        for part in range(12):
            assert not closed_by(group, at + (end - at) * part / 12)
