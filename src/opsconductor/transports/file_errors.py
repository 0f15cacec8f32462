"""Why a file could not be brought to a target or fetched from it; as in `errors`, a docstring is what people read."""

from opsconductor.transports.errors import Refused, TransportError, Unreachable


class FilesUnavailable(Refused):
    """{host} accepted the login, but offers no file transfer (SFTP)."""

    code = "sftp_unavailable"


class PathMissing(Refused):
    """There is no {path} on {host}."""

    code = "path_not_found"


class FolderMissing(Refused):
    """The folder that {path} belongs into does not exist on {host}: make it, or set `create_directories`."""

    code = "folder_not_found"


class PermissionRefused(Refused):
    """{host} does not allow {username} to {deed} {path}."""

    code = "permission_denied"


class TargetFull(Refused):
    """There is not enough room on {host} for {path}; nothing of it was left there."""

    code = "target_full"


class IsDirectory(Refused):
    """{path} on {host} is a directory; give the path of a file, or set `recursive` to fetch all of it."""

    code = "is_a_directory"


class NotDirectory(Refused):
    """A part of {path} on {host} is not a directory."""

    code = "not_a_directory"


class NotFile(Refused):
    """{path} on {host} is neither a file nor a directory, so it can't be transferred."""

    code = "not_a_file"


class OwnerRefused(Refused):
    """{host} does not make {owner} the owner of {path}: there is no such account, or {username} may not do it."""

    code = "owner_refused"


class ChecksumMismatch(Refused):
    """What arrived of {path} is not what was sent (its SHA-256 differs), so it was thrown away."""

    code = "checksum_mismatch"


class FileChanged(Refused):
    """{path} on {host} changed while it was read, so what arrived was thrown away."""

    code = "file_changed"


class TransferLimit(Refused):
    """{path} on {host} has more than the limit of {limit} {unit}."""

    code = "transfer_limit"


class TransferRefused(Refused):
    """{host} did not {deed} {path}, and gave no reason."""

    code = "transfer_refused"


class UnsafeAnswer(Refused):
    """{host} answered with file names or data that no honest target sends, so nothing of it was kept."""

    code = "unsafe_answer"


class StorageFull(Refused):
    """OpsConductor's own storage has no room for {path}, or can't be written; nothing of it was kept."""

    code = "storage_full"


class SourceUnreadable(Refused):
    """The file to upload can't be read from OpsConductor's storage: it was deleted, or the disk fails."""

    code = "source_unreadable"


class SourceUnreachable(Refused):
    """The file to upload can't be had from OpsConductor's bucket now: it does not answer, or does not have it yet."""

    code = "source_unreachable"
    retry = True


class ArchiveUnusable(Refused):
    """The archive can't be unpacked: {reason}."""

    code = "archive_unusable"


class TransferInterrupted(Unreachable):
    """The connection to {host} was lost before {path} was complete; what had this name before is unchanged."""

    code = "transfer_interrupted"


class TransferTimedOut(TransportError):
    """The transfer did not end within {seconds:g} seconds."""

    code = "transfer_timed_out"
    kind = "timed_out"


class TransferUnknown(TransportError):
    """The connection to {host} was lost just as {path} got its name; whether it has it is not known."""

    code = "transfer_unknown"
    kind = "lost"
