"""Refusals of the files domain."""

from opsconductor.kit.errors import BadRequest, NotFound, Unavailable


class FileNotFound(NotFound):
    """There is no file with this id."""

    code = "file_not_found"


class ContentMissing(NotFound):
    """The content of this file is not in the storage; upload it again."""

    code = "file_content_missing"


class ContentNotThere(NotFound):
    """The bucket does not have the content of this file: whoever took it did not send it yet, or it is gone."""

    code = "file_content_not_there"


class UploadInterrupted(BadRequest):
    """The upload ended before all of the file had arrived, so nothing was kept; send it again."""

    code = "upload_interrupted"


class NoRoomForFile(Unavailable):
    """The storage has no room for this file, or can't be written, so nothing of it was kept; make room first."""

    code = "storage_unavailable"
