"""Refusals of the bridge itself; those of the core go out as they came."""

from opsconductor.kit.errors import BadRequest, Unavailable


class CoreUnavailable(Unavailable):
    """The core does not answer; nothing is known to have happened, try again shortly."""

    code = "core_unavailable"


class ContentInterrupted(BadRequest):
    """The content ended before all of it had arrived, so nothing was kept; send it again."""

    code = "content_interrupted"
