"""What goes in and out of the scripts domain."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from opsconductor.contracts.attempts import LONGEST_TIMEOUT
from opsconductor.contracts.parameters import Definitions
from opsconductor.contracts.scripts import Content, Interpreter
from opsconductor.kit.wire import In
from opsconductor.targets.schemas import Description, Name, OsType, Tags


def _each_once(values: list[OsType]) -> list[OsType]:
    return sorted(set(values))


def _linux() -> list[OsType]:
    return ["linux"]


OsTypes = Annotated[list[OsType], AfterValidator(_each_once)]
Timeout = Annotated[int, Field(ge=1, le=LONGEST_TIMEOUT, description="Seconds; a run may ask for another.")]
Message = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewScript(In):
    """A script to keep."""

    name: Name
    description: Description = ""
    interpreter: Interpreter = "sh"
    content: Content
    parameters: Definitions = Field(default_factory=list)
    os_types: OsTypes = Field(default_factory=_linux)
    tags: Tags = Field(default_factory=list)
    timeout: Timeout = 300
    message: Message = ""


class ScriptChange(In):
    """What to change; keys left away stay as they are. `based_on` is the version the change was made from."""

    based_on: Number
    name: Name | None = None
    description: Description | None = None
    interpreter: Interpreter | None = None
    content: Content | None = None
    parameters: Definitions | None = None
    os_types: OsTypes | None = None
    tags: Tags | None = None
    timeout: Timeout | None = None
    message: Message = ""


class Restore(In):
    """Which version is the present one for whoever restores another."""

    based_on: Number
    message: Message = ""


class ScriptFilter(In):
    """Which scripts are meant."""

    q: str | None = None
    tag: str | None = None
    os_type: OsType | None = None


class ScriptRow(BaseModel):
    """A script in a list: without its text."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    interpreter: str
    size: Annotated[int, Field(description="Bytes.")]
    sha256: str
    parameters: Definitions
    os_types: list[OsType]
    tags: list[str]
    timeout: int
    version: int
    author_name: Annotated[str, Field(description="Who wrote this version.")]
    created_at: datetime
    updated_at: datetime


class ScriptOut(ScriptRow):
    """A script."""

    content: str


class ScriptSaved(ScriptOut):
    """A script as it was saved, with notes on what was changed in it for that."""

    notes: list[str]


class ScriptVersionRow(BaseModel):
    """A version in a list: without its text."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    name: str
    message: str
    size: int
    sha256: str
    author_name: str
    created_at: datetime


class ScriptVersionOut(ScriptVersionRow):
    """A script as it once was."""

    description: str
    interpreter: str
    content: str
    parameters: Definitions
    os_types: list[OsType]
    tags: list[str]
    timeout: int


class DiffLine(BaseModel):
    """One line of a comparison, with its number on either side; a gap stands for unchanged lines left out."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["same", "added", "removed", "gap"]
    old: int | None
    new: int | None
    text: str


class ChangedField(BaseModel):
    """Something beside the text that differs."""

    field: str
    before: Any
    after: Any


class ScriptDiff(BaseModel):
    """What differs between two versions."""

    from_version: int
    to_version: int
    fields: list[ChangedField]
    lines: list[DiffLine]
    complete: Annotated[bool, Field(description="False where there are more lines than are shown.")]
