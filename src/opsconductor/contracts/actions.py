"""What an execution does on each target."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

COMMAND_LIMIT = 64 * 1024  # bytes; one argument of the remote shell holds 128 KiB on Linux
LONGEST_TIMEOUT = 24 * 3600  # s


class CommandParameters(BaseModel):
    """A command line for the login shell of the target, and how long to wait for it."""

    model_config = ConfigDict(extra="forbid")

    command: Annotated[str, StringConstraints(min_length=1)]
    timeout: Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT, description="Seconds.")] = 30
    retry_count: Annotated[
        int, Field(ge=0, le=10, description="Only used where the command was certainly not sent.")
    ] = 0

    @field_validator("command")
    @classmethod
    def be_a_command(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the command is empty")
        if "\0" in value:
            raise ValueError("must not contain the NUL character")
        if len(value.encode()) > COMMAND_LIMIT:
            limit = COMMAND_LIMIT // 1024
            raise ValueError(f"the command is longer than {limit} KiB; put it into a file on the target")
        return value


class CommandAction(BaseModel):
    """Run one command."""

    model_config = ConfigDict(extra="forbid")

    action_type: Literal["command"]
    action_name: Annotated[str, StringConstraints(max_length=200)] = "Execute Command"
    action_parameters: CommandParameters


Actions = Annotated[list[CommandAction], Field(min_length=1, max_length=1)]
"""One action; several in order come with the complete engine."""
