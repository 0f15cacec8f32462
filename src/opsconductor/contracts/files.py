"""What a file transfer does on each target, and what a file may be called."""

import unicodedata
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from opsconductor.contracts.attempts import Parameters, Timeout

INLINE_LIMIT = 256 * 1024  # bytes of content that is part of the request
LONGEST_PATH = 4096  # bytes, on Linux
LONGEST_NAME = 255  # bytes, on all usual file systems
SIZE_LIMIT = 1024**3  # bytes of a download, unless another limit is given
LARGEST = 16 * 1024**3  # bytes; no download is larger
ACCOUNT = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\$?$"


def be_a_path(value: str) -> str:
    if not value.strip():
        raise ValueError("the path is empty")
    if "\0" in value:
        raise ValueError("must not contain the NUL character")
    try:
        length = len(value.encode())
    except UnicodeEncodeError:
        raise ValueError("the path is no valid text") from None
    if length > LONGEST_PATH:
        raise ValueError(f"the path is longer than {LONGEST_PATH} bytes")
    return value


def be_a_file_name(value: str) -> str:
    """Refuse what is more than a name, or looks like another one."""
    if value in ("", ".", "..") or value != value.strip():
        raise ValueError("give a file name that neither begins nor ends with a blank")
    if any(sign in value for sign in "/\\"):
        raise ValueError("a file name has no folders in it: leave out / and \\")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in BIDI for sign in value):
        raise ValueError("a file name has no control characters")
    if len(value.encode()) > LONGEST_NAME:
        raise ValueError(f"a file name has at most {LONGEST_NAME} bytes")
    return value


BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Signs that turn the direction of text: with them "exe.txt" is shown for "txt.exe"."""

RemotePath = Annotated[str, AfterValidator(be_a_path)]
FileName = Annotated[str, AfterValidator(be_a_file_name)]
Account = Annotated[str, StringConstraints(pattern=ACCOUNT)]


class FileTransferParameters(Parameters):
    """Files to a target or from it.

    An upload has `file_id` (a file that was uploaded here) or `content` (a short text), and a `destination`:
    absolute, relative to the home of the login, or beginning with `~/`. With `unpack`, the file is a .tar or
    .tar.gz whose content goes into the directory `destination`. A download has the `path` of a file, or with
    `recursive` of a directory, which arrives as one .tar. After a lost connection another attempt goes on where
    the one before ended.
    """

    direction: Literal["upload", "download"]
    file_id: UUID | None = None
    content: str | None = None
    unpack: bool = False
    destination: RemotePath | None = None
    mode: Annotated[
        str | None, Field(pattern=r"^0?[0-7]{3,4}$", description="Octal, such as 0644. By default as before.")
    ] = None
    owner: Annotated[
        Account | None, Field(description="Name or number; needs the right to give files away.")
    ] = None
    group: Account | None = None
    create_directories: bool = False
    overwrite: Annotated[
        Literal["always", "if_changed", "never"],
        Field(description="`if_changed` leaves a file alone whose SHA-256 is the same."),
    ] = "if_changed"
    backup: Annotated[bool, Field(description="Keep what is replaced, with the time in its name.")] = False
    path: RemotePath | None = None
    recursive: bool = False
    size_limit: Annotated[int, Field(gt=0, le=LARGEST, description="Bytes of a download.")] = SIZE_LIMIT
    timeout: Timeout = 300

    @model_validator(mode="after")
    def have_what_the_direction_needs(self) -> Self:
        other = DOWNLOAD_ONLY if self.direction == "upload" else UPLOAD_ONLY
        fields = type(self).model_fields
        if foreign := {name for name in other if getattr(self, name) != fields[name].default}:
            raise ValueError(
                f"{'an' if self.direction == 'upload' else 'a'} {self.direction} has no {min(foreign)}"
            )
        if self.direction == "download":
            if self.path is None:
                raise ValueError("a download has the `path` of what to fetch")
            return self
        if (self.file_id is None) == (self.content is None):
            raise ValueError("an upload has either `file_id` or `content`")
        if self.destination is None:
            raise ValueError("an upload has a `destination`")
        if self.unpack and self.content is not None:
            raise ValueError("`unpack` needs the `file_id` of an uploaded .tar or .tar.gz")
        return self

    @model_validator(mode="after")
    def be_short_enough(self) -> Self:
        if self.content is not None and len(self.content.encode(errors="surrogatepass")) > INLINE_LIMIT:
            limit = INLINE_LIMIT // 1024
            raise ValueError(
                f"`content` is longer than {limit} KiB; upload it as a file and give its `file_id`"
            )
        return self


DOWNLOAD_ONLY = frozenset({"path", "recursive", "size_limit"})
UPLOAD_ONLY = frozenset(
    {
        "file_id",
        "content",
        "unpack",
        "destination",
        "mode",
        "owner",
        "group",
        "create_directories",
        "overwrite",
        "backup",
    }
)
