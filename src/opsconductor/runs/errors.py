"""Refusals of the runs domain."""

from opsconductor.kit.errors import Conflict, NotFound


class RunNotFound(NotFound):
    """There is no run with this id; old ones are deleted after some time."""

    code = "run_not_found"


class RunEnded(Conflict):
    """This run has ended already ({status}); there is nothing left to cancel."""

    code = "run_ended"
