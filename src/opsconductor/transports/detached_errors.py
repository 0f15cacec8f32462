"""Why a detached command has no result, as in `transports.errors`."""

from opsconductor.transports.errors import Refused, TransportError


class DetachedUnsupported(Refused):
    """{host} can't run commands in detached mode: {reason}. Nothing was run; use attached mode for it."""

    code = "detached_unsupported"


class NeverStarted(Refused):
    """The command was not started on {host}."""

    code = "never_started"


class OperationSuperseded(Refused):
    """Somebody else decides about this operation on {host} now."""

    code = "operation_superseded"


class OutcomeUnknown(TransportError):
    """The command's outcome on {host} is not known."""

    code = "outcome_unknown"
    kind = "lost"


class TargetRestarted(OutcomeUnknown):
    """{host} was restarted while the command ran; its outcome is not known."""

    code = "target_restarted"


class KeeperKilled(OutcomeUnknown):
    """What kept the command's outcome on {host} was killed while it ran, and the command is gone too."""

    code = "keeper_killed"


class CommandAbandoned(OutcomeUnknown):
    """What kept the command's outcome on {host} was killed; the command itself may still run there."""

    code = "command_abandoned"


class OperationReleased(OutcomeUnknown):
    """{host} keeps nothing of this operation any more: it was over, and its result was fetched."""

    code = "operation_released"


REASONS: dict[str, str] = {
    "transport": "its transport has no such mode",
    "shell": "its login does not lead to a POSIX shell",
    "folder": "the folder for the state of programs (~/.local/state) can't be written to",
    "room": "there is no room on the disk of ~/.local/state",
    "proc": "it has no /proc, or is no Linux",
    "printf": "its sh has no printf built in",
}


def unsupported(host: str, word: str) -> DetachedUnsupported:
    """Return the error for what a target lacks."""
    return DetachedUnsupported(host=host, reason=REASONS.get(word, f"the program {word} is missing"))
