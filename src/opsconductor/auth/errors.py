"""Refusals of the auth domain."""

from opsconductor.kit.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unauthorized


class SignInRefused(Unauthorized):
    """User name or password is wrong, or the account is deactivated."""

    code = "sign_in_refused"
    keeps_transaction = True


class TooManySignIns(TooManyRequests):
    """Too many refused sign-ins; wait {seconds} s and try again."""

    code = "too_many_sign_ins"
    keeps_transaction = True


class PermissionMissing(Forbidden):
    """Your role does not allow this: it needs `{permission}`."""

    code = "permission_missing"


class TokenOfAnotherFlow(Forbidden):
    """This token is only good for calls of one flow; name that flow's id in the header X-OpsConductor-Flow."""

    code = "token_of_another_flow"


class SetupSecretWrong(Forbidden):
    """The set-up secret is wrong; `./opsconductor status` shows where the right one is."""

    code = "setup_secret_wrong"
    keeps_transaction = True


class SetupDone(Conflict):
    """There is an administrator already; sign in instead."""

    code = "setup_done"


class UsernameTaken(Conflict):
    """Another user already has this name."""

    code = "username_taken"


class LastAdministrator(Conflict):
    """This is the last active administrator; make another one first."""

    code = "last_administrator"


class UserNotFound(NotFound):
    """There is no user with this id."""

    code = "user_not_found"


class PasswordTooWeak(Invalid):
    """The password is too easy to guess: {reason}."""

    code = "password_too_weak"


class WorkflowTokenNotFound(NotFound):
    """There is no workflow token with this id, or it is somebody else's; a while after its end it is deleted."""

    code = "workflow_token_not_found"


class ScopeNotAllowed(Invalid):
    """Your role does not allow what this token is meant for: {scopes}. Leave it away."""

    code = "scope_not_allowed"
