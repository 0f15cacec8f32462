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


class UnknownJumpHost(Invalid):
    """There is no target with this id to be the jump host; choose one of the existing."""

    code = "unknown_jump_host"


class JumpHostUnusable(Invalid):
    """{name} can't be a jump host: it is not reached by SSH, or has no credential. Give it one first."""

    code = "jump_host_unusable"


class JumpHostLoop(Invalid):
    """The way would lead in a circle: the chosen jump host is this target, or is itself reached through it."""

    code = "jump_host_loop"


class RouteTooLong(Invalid):
    """With this jump host, a target would be reached over {count} jump hosts; {limit} are the most."""

    code = "route_too_long"


class JumpHostInUse(Conflict):
    """{count} targets are reached through this one; give them another jump host first."""

    code = "jump_host_in_use"
