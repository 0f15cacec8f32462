"""Refusals of the storage: what is away for now is told apart from what has gone."""

from opsconductor.kit.errors import Unavailable


class StorageUnreachable(Unavailable):
    """The bucket that has this content can't be reached now, so nothing is shown; it is not lost, try again shortly."""

    code = "storage_unreachable"


class ContentDamaged(Unavailable):
    """What the bucket gave back is not what was stored there (size or SHA-256 differ); ask whoever looks after it."""

    code = "storage_content_damaged"


class NoRoomForCopy(Unavailable):
    """The storage folder has no room for a copy of this content, or can't be written; make room first."""

    code = "storage_no_room"


class BucketAway(Exception):
    """The bucket did not do what was asked, and why: `str` is a sentence without secrets, for logs and operators."""
