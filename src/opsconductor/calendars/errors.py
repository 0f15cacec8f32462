"""Refusals of the calendars domain."""

from opsconductor.kit.errors import Conflict, Invalid, NotFound


class CalendarNotFound(NotFound):
    """There is no calendar with this id."""

    code = "calendar_not_found"


class CalendarNameTaken(Conflict):
    """Another calendar already has this name."""

    code = "calendar_name_taken"


class CalendarChangedMeanwhile(Conflict):
    """{who} has changed this calendar since version {based_on}, which you started from; bring your change into it."""

    code = "calendar_changed_meanwhile"


class CalendarForNothing(Invalid):
    """The calendar would apply to no target: name tags, pick targets, or let it apply to all."""

    code = "calendar_for_nothing"
