"""Errors a client may see: a class has a status, a stable code, and its docstring is the sentence."""

from typing import ClassVar


class OpsError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    keeps_transaction: ClassVar[bool] = False
    """True where what was recorded before the refusal must be stored (a refused sign-in is audited)."""

    def __init__(
        self, detail: str | None = None, *, headers: dict[str, str] | None = None, **fields: object
    ) -> None:
        """`detail` replaces the docstring's sentence, in which `fields` are filled in by name."""
        self.detail = detail or sentence(type(self)).format(**fields)
        self.headers = headers or {}
        super().__init__(self.detail)


def sentence(error: type[OpsError]) -> str:
    """Return what an error says: the first paragraph of its docstring, on one line."""
    return " ".join((error.__doc__ or "").strip().split("\n\n")[0].split())


def documented() -> list[type[OpsError]]:
    """Return every error class that has a code of its own, by code (for the reference and its test)."""
    found: dict[str, type[OpsError]] = {}
    waiting = list(OpsError.__subclasses__())
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        if "code" in vars(error):
            found[error.code] = error
    return [found[code] for code in sorted(found)]


class Invalid(OpsError):
    """The request is not valid: see `errors`."""

    status = 422
    code = "invalid_request"

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **fields: object,
    ) -> None:
        super().__init__(detail, headers=headers, **fields)
        self.errors = errors or []


class KeyUsedForOther(Invalid):
    """This Idempotency-Key was used for another request; make a new one for each request."""

    code = "idempotency_key_reused"


class BadRequest(OpsError):
    """The request can't be read."""

    status = 400
    code = "bad_request"


class Unauthorized(OpsError):
    """Who you are is not known."""

    status = 401
    code = "unauthorized"


class NotSignedIn(Unauthorized):
    """Sign in first: there is no valid session or token in the request."""

    code = "not_signed_in"


class Forbidden(OpsError):
    """Your role does not allow this."""

    status = 403
    code = "forbidden"


class ForeignOrigin(Forbidden):
    """This request comes from a page of another origin; open OpsConductor itself."""

    code = "foreign_origin"


class NotFound(OpsError):
    """There is nothing with this id, or you may not see it."""

    status = 404
    code = "not_found"


class Conflict(OpsError):
    """The request does not fit the present state."""

    status = 409
    code = "conflict"


class TooManyRequests(OpsError):
    """Too many requests; try again after the time in Retry-After."""

    status = 429
    code = "too_many_requests"


class Unavailable(OpsError):
    """A part of the system does not answer; try again shortly."""

    status = 503
    code = "unavailable"
