"""Refusals of the executions domain."""

from opsconductor.kit.errors import Conflict, Invalid, NotFound


class ExecutionNotFound(NotFound):
    """There is no execution with this id."""

    code = "execution_not_found"


class ResultNotFound(NotFound):
    """This execution has no result with this id."""

    code = "result_not_found"


class ExecutionEnded(Conflict):
    """The execution has ended ({status}); there is nothing left to cancel."""

    code = "execution_ended"


class KeyUsedForOther(Invalid):
    """This Idempotency-Key was used for another request; make a new one for each request."""

    code = "idempotency_key_reused"


class BadPattern(Invalid):
    """This is no regular expression ({reason}); correct it, or search for plain text."""

    code = "bad_pattern"
