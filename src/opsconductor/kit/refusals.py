"""What a client is told where the database refuses a transaction, or does not answer."""

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from opsconductor.kit.errors import Conflict, Unavailable

log = structlog.get_logger()

UNIQUE, REFERENCED = "23505", "23503"  # SQLSTATEs of what only a request at the same moment can have caused
AUDIT_STATEMENT = "INSERT INTO audit_entries "
"""Writes entries. So much the kit knows of the audit log: whatever a use case asks may be what flushes them."""
AUDIT_TRIGGER = "audit_link()"
"""Runs at COMMIT, when there is no statement of ours to know it by."""
GONE = ("08", "57P")  # SQLSTATEs of a connection that ended, or a server that ends


class ChangedMeanwhile(Conflict):
    """Somebody else changed the same thing at the same moment; look at it again, and repeat yours if need be."""

    code = "changed_meanwhile"


class AuditUnavailable(Unavailable):
    """The audit log can't be written, so nothing was done; an administrator finds the reason in the log of the core."""

    code = "audit_unavailable"


def refusal(error: DBAPIError | PoolTimeout) -> Exception:
    """Return the error that a client gets for one of the database; the same one where it is a mistake of ours."""
    if isinstance(error, DBAPIError) and _is_about_audit(error):
        log.error("audit.not_written", reason=type(error.orig).__name__, state=_state(error))
        return AuditUnavailable(headers={"Retry-After": "2"})
    if isinstance(error, OperationalError | PoolTimeout):
        return unavailable(error)
    if isinstance(error, IntegrityError) and _state(error) in (UNIQUE, REFERENCED):
        return ChangedMeanwhile()
    return error


def unavailable(error: Exception) -> Unavailable:
    """Return the refusal that stands for a database that does not answer, and log why."""
    log.error("database.unavailable", reason=type(error).__name__)
    return Unavailable("The database does not answer; try again shortly.", headers={"Retry-After": "2"})


def _is_about_audit(error: DBAPIError) -> bool:
    """Tell whether it was an audit entry that could not be written, or linked to the one before it."""
    state = _state(error)
    if state is None or state.startswith(GONE):
        return False
    context = getattr(getattr(error.orig, "diag", None), "context", None) or ""
    return (error.statement or "").startswith(AUDIT_STATEMENT) or AUDIT_TRIGGER in context


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
