"""What an execution does on each target: actions, in order."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from opsconductor.contracts.attempts import LONGEST_TIMEOUT, Parameters, Timeout
from opsconductor.contracts.files import FileTransferParameters

COMMAND_LIMIT = 64 * 1024  # bytes; one argument of the remote shell holds 128 KiB on Linux
SCRIPT_LIMIT = 256 * 1024  # bytes
MOST_ACTIONS = 50
ENVIRONMENT_LIMIT = 64 * 1024  # bytes of all names and values together
DANGEROUS_VARIABLES = {"PATH", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS", "PS4"}
"""Variables that change what a shell does before the first line; set them in the command where they are wanted."""


def _no_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain the NUL character")
    return value


def _variables(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if name in DANGEROUS_VARIABLES or name.startswith(("LD_", "DYLD_", "OPSC_")):
            raise ValueError(f"{name} may not be set here; set it inside the command")
    if sum(len(name) + len(text.encode()) for name, text in value.items()) > ENVIRONMENT_LIMIT:
        raise ValueError(f"names and values together are longer than {ENVIRONMENT_LIMIT // 1024} KiB")
    return value


VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Line = Annotated[str, AfterValidator(_no_nul)]
Environment = Annotated[dict[VariableName, Line], Field(max_length=100), AfterValidator(_variables)]
ExitCode = Annotated[int, Field(ge=0, le=2**32 - 1)]
Folder = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_no_nul)]
UserName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9._-]{0,31}\$?$")]


class Become(BaseModel):
    """Run as another user of the target, by sudo; its password comes from the credential, by stdin."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["sudo"] = "sudo"
    user: UserName = "root"


class ProgramParameters(Parameters):
    """What commands and scripts have. With any of these set, a command runs in /bin/sh, not in the login shell."""

    working_directory: Folder | None = None
    environment: Environment = Field(default_factory=dict)
    become: Become | None = None
    expected_exit_codes: list[ExitCode] = Field(
        default_factory=lambda: [0], min_length=1, max_length=50, description="Exit codes that mean success."
    )


class CommandParameters(ProgramParameters):
    """A command line for the login shell of the target."""

    command: Annotated[str, StringConstraints(min_length=1)]

    @field_validator("command")
    @classmethod
    def be_a_command(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the command is empty")
        if len(_no_nul(value).encode()) > COMMAND_LIMIT:
            limit = COMMAND_LIMIT // 1024
            raise ValueError(f"the command is longer than {limit} KiB; make it a script")
        return value


class ScriptParameters(ProgramParameters):
    """A script, given as text or by the id of a stored one, run on the target with arguments as data."""

    content: Annotated[str, StringConstraints(min_length=1)] | None = None
    script_id: UUID | None = None
    script_version: Annotated[int | None, Field(ge=1, description="The present one without it.")] = None
    interpreter: (
        Annotated[
            str, StringConstraints(pattern=r"^(/[^\s\x00-\x1f]{1,200}|[A-Za-z0-9][A-Za-z0-9._+-]{0,63})$")
        ]
        | None
    ) = None
    """A program of the target, such as sh, bash or /usr/bin/python3. Without: what a first line #! says, else sh."""
    arguments: Annotated[list[Line], Field(max_length=200)] = Field(default_factory=list)

    @field_validator("content")
    @classmethod
    def be_a_script(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.strip():
            raise ValueError("the script is empty")
        if len(_no_nul(value).encode()) > SCRIPT_LIMIT:
            raise ValueError(f"the script is longer than {SCRIPT_LIMIT // 1024} KiB")
        return value.replace("\r\n", "\n")

    @model_validator(mode="after")
    def have_a_text(self) -> Self:
        if self.content is None and self.script_id is None:
            raise ValueError("give the `content` of a script, or the `script_id` of a stored one")
        return self

    @field_validator("arguments")
    @classmethod
    def be_short_enough(cls, value: list[str]) -> list[str]:
        if sum(len(text.encode()) for text in value) > COMMAND_LIMIT:
            raise ValueError(f"the arguments are longer than {COMMAND_LIMIT // 1024} KiB together")
        return value


class WaitParameters(Parameters):
    """Wait some time (`seconds`), or until the target can be signed in to again (`until`)."""

    timeout: Timeout = 600
    seconds: Annotated[float, Field(ge=0, le=LONGEST_TIMEOUT)] | None = None
    until: Literal["reachable"] | None = None

    @model_validator(mode="after")
    def wait_for_one_thing(self) -> Self:
        if (self.seconds is None) == (self.until is None):
            raise ValueError("give either `seconds` or `until`")
        if self.seconds is not None and self.seconds >= self.timeout:
            raise ValueError("`seconds` must be less than `timeout`")
        return self


class Thresholds(BaseModel):
    """From which value on a check warns, and from which it is critical."""

    model_config = ConfigDict(extra="forbid")

    warning: Annotated[float, Field(gt=0)]
    critical: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def be_in_order(self) -> Self:
        if self.critical < self.warning:
            raise ValueError("`critical` must not be less than `warning`")
        return self


def _port(value: str) -> str:
    number = int(value.rpartition(":")[2])
    if not 1 <= number <= 65535:
        raise ValueError("the port must be from 1 to 65535")
    return value if ":" in value else f"127.0.0.1:{value}"


# What follows goes into a shell's text: none of these patterns lets anything through that a shell reads otherwise.
TcpPort = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]{0,252}:)?[0-9]{1,5}$"), AfterValidator(_port)
]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.\[\]:_~/?&=%+,@-]{1,500}$")]
ServiceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9@_.:\\-]{1,200}$")]


class HttpCheck(BaseModel):
    """An address, and the status that its server has to answer with; redirects are not followed."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    status: Annotated[int, Field(ge=100, le=599)] = 200


class HealthCheckParameters(Parameters):
    """Sign in to the target, and look at what is asked for. POSIX targets only, but for the sign-in."""

    latency_ms: Thresholds | None = None
    """Milliseconds from nothing to signed in."""
    disk_percent: Thresholds | None = None
    """Percent used of the fullest local file system."""
    memory_percent: Thresholds | None = None
    """Percent of the memory that is not available (Linux)."""
    load_per_cpu: Thresholds | None = None
    """Load of the last minute, divided by the number of processors."""
    services: Annotated[list[ServiceName], Field(max_length=20)] = Field(default_factory=list)
    """systemd units that have to be active."""
    tcp_ports: Annotated[list[TcpPort], Field(max_length=20)] = Field(default_factory=list)
    """Ports that the target has to reach, as `host:port`, or `port` of the target itself."""
    http: Annotated[list[HttpCheck], Field(max_length=20)] = Field(default_factory=list)
    """What the target has to get from web servers (needs curl there)."""


ActionName = Annotated[str, StringConstraints(max_length=200)]


class Named(BaseModel):
    """What all actions have: a type, a name, and parameters of the type."""

    model_config = ConfigDict(extra="forbid")


class CommandAction(Named):
    """Run one command."""

    action_type: Literal["command"]
    action_name: ActionName = "Execute Command"
    action_parameters: CommandParameters


class ScriptAction(Named):
    """Run a script."""

    action_type: Literal["script"]
    action_name: ActionName = "Run Script"
    action_parameters: ScriptParameters


class FileTransferAction(Named):
    """Move files to the target, or from it."""

    action_type: Literal["file_transfer"]
    action_name: ActionName = "Transfer Files"
    action_parameters: FileTransferParameters


class WaitAction(Named):
    """Wait."""

    action_type: Literal["wait"]
    action_name: ActionName = "Wait"
    action_parameters: WaitParameters


class HealthCheckAction(Named):
    """Check the health of the target."""

    action_type: Literal["health_check"]
    action_name: ActionName = "Check Health"
    action_parameters: HealthCheckParameters = Field(default_factory=HealthCheckParameters)


Action = Annotated[
    CommandAction | ScriptAction | FileTransferAction | WaitAction | HealthCheckAction,
    Field(discriminator="action_type"),
]
Actions = Annotated[list[Action], Field(min_length=1, max_length=MOST_ACTIONS)]
"""Done in order on each target; the first that fails ends the work on that target."""
