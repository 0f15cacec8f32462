"""Refusals of the executions domain."""

from opsconductor.kit.errors import Conflict, Invalid, NotFound, OpsError, TooManyRequests


class ExecutionNotFound(NotFound):
    """There is no execution with this id."""

    code = "execution_not_found"


class ResultNotFound(NotFound):
    """This execution has no result with this id."""

    code = "result_not_found"


class NothingAccepted(OpsError):
    """Nothing was accepted with this Idempotency-Key, and If-Match says that nothing may be begun with it now."""

    status = 412
    code = "nothing_accepted"


class ParametersInvalid(Invalid):
    """Some values do not fit the parameters: {problems}."""

    code = "parameters_invalid"


class ExecutionEnded(Conflict):
    """The execution has ended ({status}); there is nothing left to steer."""

    code = "execution_ended"


class ResultEnded(Conflict):
    """The work on this target has ended ({status}); there is nothing left to cancel."""

    code = "result_ended"


class ExecutionPaused(Conflict):
    """The execution is paused already."""

    code = "execution_paused"


class ExecutionNotPaused(Conflict):
    """The execution is not paused."""

    code = "execution_not_paused"


class ExecutionNotEnded(Conflict):
    """The execution has not ended yet; wait for its end, or cancel it, before you run it again."""

    code = "execution_not_ended"


class NothingToRepeat(Invalid):
    """No result of the execution has one of these statuses: there is nothing to run again."""

    code = "nothing_to_repeat"


class LostNeedsConfirmation(Conflict):
    """On {count} of these targets the command may have run, or may still run; confirm that it may run once more."""

    code = "lost_needs_confirmation"


class PreviewOutdated(Conflict):
    """Something has changed since the preview (targets, credentials, windows or the request); look at a new one."""

    code = "preview_outdated"


class OutsideWindow(Conflict):
    """Nothing may begin now on {count} of {total} targets ({targets}): closed by {calendars}. {opening}"""

    code = "outside_window"


class TooManyExecutions(TooManyRequests):
    """You have {count} executions under way, as many as one user may; try again when some have ended."""

    code = "too_many_executions"


class TooManyOperations(TooManyRequests):
    """{count} operations wait or run already, as many as this installation takes; try again shortly."""

    code = "too_many_operations"


class ScriptTwice(Invalid):
    """A script is given as text and by the id of a stored one; give one of them."""

    code = "script_twice"


class SecretsUnreadable(Conflict):
    """The secret values of this execution can't be opened with this installation's SECRET_KEY; start a new one."""

    code = "secrets_unreadable"


class UnknownFile(Invalid):
    """There is no file with this id; upload it first."""

    code = "unknown_file"


class BadPattern(Invalid):
    """This is no regular expression ({reason}); correct it, or search for plain text."""

    code = "bad_pattern"


class OutputNotThere(NotFound):
    """The bucket does not have this output: the worker that has it did not send it yet, or it is gone."""

    code = "output_not_there"


class OutputGone(NotFound):
    """The output of this result is no longer kept: retention has deleted it, or its file was lost."""

    code = "output_gone"
