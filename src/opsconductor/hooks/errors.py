"""Refusals of the hooks domain."""

from opsconductor.kit.errors import Conflict, NotFound, Unauthorized

CHALLENGE = {"WWW-Authenticate": "Bearer"}


class HookRefused(Unauthorized):
    """This request does not prove that it may use this hook."""

    code = "hook_refused"
    keeps_transaction = True


class HookUnprotected(Unauthorized):
    """This hook is closed until somebody issues a token for it, in OpsConductor under Workflows, Hooks."""

    code = "hook_unprotected"
    keeps_transaction = True


class HookNotFound(NotFound):
    """There is no hook with this id; an unprotected one is gone once no flow serves it any more."""

    code = "hook_not_found"


class HookSecretNotFound(NotFound):
    """This hook has no secret with this id; a while after its end it is deleted."""

    code = "hook_secret_not_found"


class HookHasNoSecrets(Conflict):
    """Requests to this hook prove themselves by no secret; choose `token`, `hmac` or `github` for it first."""

    code = "hook_has_no_secrets"


class TooManyHookSecrets(Conflict):
    """This hook has {count} secrets that are good at once; revoke one, or wait until one has ended."""

    code = "too_many_hook_secrets"


class HookServed(Conflict):
    """A flow serves this hook; take its node out of the flow and deploy first."""

    code = "hook_served"
