"""What goes in and out of the calendars domain."""

from datetime import datetime, time
from typing import Annotated, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    StringConstraints,
    model_validator,
)

from opsconductor.kit.wire import In
from opsconductor.targets.schemas import Description, Name, Tags

Kind = Literal["allow", "blackout"]
Scope = Literal["all", "tags", "targets"]
Enforcement = Literal["block", "warn"]
AtEnd = Literal["run_on", "stop"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
"""In the order of `date.weekday()`."""

LONGEST_WEEKLY = 7 * 24 * 60  # minutes
MOST_WINDOWS = 50
MOST_PICKED = 10_000
OF_THE_MACHINE = "localtime"
"""A name some machines have for whatever zone they are in themselves."""


def _time_zone(name: str) -> str:
    try:
        found = name.lower() != OF_THE_MACHINE and ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        found = False
    if not found:
        raise ValueError("must be the name of an IANA time zone such as Europe/Berlin or UTC")
    return name


def _whole_minutes(value: time) -> time:
    if value.tzinfo or value.second or value.microsecond:
        raise ValueError("must be a time of day in hours and minutes, without a zone")
    return value


def _within_reason(value: datetime) -> datetime:
    if not 2000 <= value.year < 2200:
        raise ValueError("must be in a year from 2000 to 2199")
    return value.replace(microsecond=0)


def _in_order(values: list[Weekday]) -> list[Weekday]:
    return sorted(set(values), key=WEEKDAYS.index)


TimeZone = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_time_zone)
]
WallTime = Annotated[NaiveDatetime, AfterValidator(_within_reason)]


class _Strict(BaseModel):
    """A part of a body: unknown keys are refused; the body itself looks for NUL characters."""

    model_config = ConfigDict(extra="forbid")


class WeeklyWindow(_Strict):
    """A window of every week, from a time of day on; `minutes` are those of the clock on the wall there."""

    type: Literal["weekly"]
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7), AfterValidator(_in_order)]
    start: Annotated[time, AfterValidator(_whole_minutes)]
    minutes: Annotated[int, Field(ge=1, le=LONGEST_WEEKLY)]


class OnceWindow(_Strict):
    """A window that is there once, between two moments by the clock on the wall of the calendar's zone."""

    type: Literal["once"]
    start: WallTime
    end: WallTime

    @model_validator(mode="after")
    def end_comes_later(self) -> "OnceWindow":
        """Refuse a window that ends before it begins."""
        if self.end <= self.start:
            raise ValueError("end must be later than start")
        return self


Window = Annotated[WeeklyWindow | OnceWindow, Field(discriminator="type")]
Windows = Annotated[list[Window], Field(min_length=1, max_length=MOST_WINDOWS)]
TargetIds = Annotated[list[UUID], Field(max_length=MOST_PICKED), AfterValidator(lambda ids: sorted(set(ids)))]


class NewCalendar(In):
    """A calendar to keep. `allow`: work only inside its windows; `blackout`: no work inside of them."""

    name: Name
    description: Description = ""
    kind: Kind
    time_zone: TimeZone
    windows: Windows
    enabled: bool = True
    scope: Annotated[
        Scope, Field(description="Which targets: all, those with any of `tags`, or `target_ids`.")
    ] = "all"
    tags: Tags = Field(default_factory=list)
    target_ids: TargetIds = Field(default_factory=list)
    enforcement: Annotated[
        Enforcement, Field(description="`block` refuses what does not fit; `warn` only says so in previews.")
    ] = "block"
    at_end: Annotated[
        AtEnd, Field(description="`stop`: nothing more begins on any target when its time is over.")
    ] = "run_on"


class CalendarChange(In):
    """What to change; keys left away stay as they are. `based_on` is the version the change was made from."""

    based_on: Annotated[int, Field(ge=1, le=2**31 - 1)]
    name: Name | None = None
    description: Description | None = None
    kind: Kind | None = None
    time_zone: TimeZone | None = None
    windows: Windows | None = None
    enabled: bool | None = None
    scope: Scope | None = None
    tags: Tags | None = None
    target_ids: TargetIds | None = None
    enforcement: Enforcement | None = None
    at_end: AtEnd | None = None


class Standing(BaseModel):
    """Whether a calendar allows work at the moment, and when that changes; null for not within the next year."""

    open: bool
    changes_at: datetime | None


class CalendarOut(BaseModel):
    """A calendar, with how it stands at the moment."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    kind: Kind
    time_zone: str
    windows: list[Window]
    enabled: bool
    scope: Scope
    tags: list[str]
    target_ids: list[UUID]
    enforcement: Enforcement
    at_end: AtEnd
    version: int
    changed_by_name: str
    created_at: datetime
    updated_at: datetime
    now: Standing


class Occurrence(BaseModel):
    """A window as it will be: as instants, and by the clock on the wall of the calendar's zone."""

    start: datetime
    end: datetime
    start_local: datetime
    end_local: datetime


class Upcoming(BaseModel):
    """The next windows of a calendar, those that touch each other joined; `complete` is false where there are more."""

    time_zone: str
    windows: list[Occurrence]
    complete: bool


class AppliedCalendar(BaseModel):
    """A calendar that holds for some of the targets one asked about, with how it stands at the moment."""

    id: UUID
    name: str
    kind: Kind
    enforcement: Enforcement
    at_end: AtEnd
    time_zone: str
    open: bool
    changes_at: Annotated[datetime | None, Field(description="When it closes, or opens again.")]


class TargetWindows(BaseModel):
    """The calendars of a target, and whether those that are enforced let work begin there now."""

    open: bool
    changes_at: datetime | None
    calendars: list[AppliedCalendar]
