"""What a script is: the program that reads it, and its text."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

CONTENT_LIMIT = 256 * 1024  # bytes
KNOWN_INTERPRETERS = ("sh", "bash", "python3")
PATH = re.compile(r"(/[A-Za-z0-9._+-]+)+")


def _interpreter(value: str) -> str:
    if value in KNOWN_INTERPRETERS:
        return value
    if value.lower() in ("powershell", "pwsh"):
        raise ValueError("PowerShell is not supported yet; use sh, bash, python3 or an absolute path")
    if PATH.fullmatch(value) and ".." not in value.split("/"):
        return value
    raise ValueError("must be sh, bash, python3, or the absolute path of a program, without arguments")


def _content(value: str) -> str:
    if not value.strip("\ufeff \t\r\n"):
        raise ValueError("the script is empty")
    if "\0" in value:
        raise ValueError("must not contain the NUL character")
    if len(value.encode()) > CONTENT_LIMIT:
        raise ValueError(
            f"the script is longer than {CONTENT_LIMIT // 1024} KiB; fetch what is large from a file"
        )
    return value


Interpreter = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), AfterValidator(_interpreter)
]
"""A name that is looked up on the target, or an absolute path there."""
Content = Annotated[str, StringConstraints(max_length=CONTENT_LIMIT), AfterValidator(_content)]
"""The text of a script; line endings are as they came."""
