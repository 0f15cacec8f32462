"""Refusals of the targets domain."""

from opsconductor.kit.errors import Conflict, Invalid, NotFound


class TargetNotFound(NotFound):
    """There is no target with this id."""

    code = "target_not_found"


class TargetNameTaken(Conflict):
    """Another target already has this name."""

    code = "target_name_taken"


class UnknownCredential(Invalid):
    """There is no credential with this id; choose one of the existing."""

    code = "unknown_credential"


class UnknownTargets(Invalid):
    """{count} of these targets do not exist: {ids}."""

    code = "unknown_targets"


class HostKeyNotOffered(Conflict):
    """The target has not shown a host key with this fingerprint; test the connection and compare again."""

    code = "host_key_not_offered"
