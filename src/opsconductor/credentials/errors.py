"""Refusals of the credentials domain."""

from opsconductor.kit.errors import Conflict, Invalid, NotFound


class CredentialNotFound(NotFound):
    """There is no credential with this id."""

    code = "credential_not_found"


class CredentialNameTaken(Conflict):
    """Another credential already has this name."""

    code = "credential_name_taken"


class CredentialInUse(Conflict):
    """{count} targets sign in with this credential; give them another one first."""

    code = "credential_in_use"


class PrivateKeyUnusable(Invalid):
    """The private key can't be used: {reason}"""

    code = "private_key_unusable"


class CertificateNotUsable(Invalid):
    """The certificate is not accepted: {reason}"""

    code = "certificate_not_usable"
