"""Refusals of the bridge itself; those of the core go out as they came."""

from opsconductor.kit.errors import Unavailable


class CoreUnavailable(Unavailable):
    """The core does not answer; nothing is known to have happened, try again shortly."""

    code = "core_unavailable"
