"""Settings that our own environment gives the stack, checked before anything starts: no service is to die of them."""

import os
from collections.abc import Sequence

from pydantic import ValidationError

from opsconductor.kit.settings import Settings, SettingsProblem, from_files
from opsconductor.stack.problems import StackProblem

FREE = tuple(
    f"OPSCONDUCTOR_{name}"
    for name in (
        *("FILE_LIMIT", "OUTPUT_DAYS", "OUTPUT_BYTES", "EXECUTIONS_KEPT", "RUN_DAYS", "NOTIFICATION_DAYS"),
        *("NOTIFY_CA_FILE", "LOG_LEVEL", "MAX_PARALLEL", "OPEN_EXECUTIONS", "OPEN_OPERATIONS"),
        *("WARM_SECONDS", "LEASE_SECONDS", "SESSION_HOURS"),
        *("WORKFLOW_RATE", "WORKFLOW_FLOW_RATE", "WORKFLOW_USER_RATE", "WORKFLOW_STARTS"),
    )
)
"""Variables that reach every Python service as they are; what else is in our environment stays here."""


def settings(names: Sequence[str], secret: str | None = None) -> Settings:
    """Return settings that say what these variables do, and this secret, also from a file. Raises StackProblem."""
    secrets = (secret,) if secret else ()
    given = {name: os.environ[name] for name in (*names, *secrets) if name in os.environ}
    try:
        return Settings.model_validate(given | from_files(*secrets))
    except SettingsProblem as problem:
        raise StackProblem(f"{problem}.") from None
    except ValidationError as refused:
        first = refused.errors(include_input=False)[0]
        name = f"{first['loc'][0]}: " if first["loc"] else ""
        raise StackProblem(f"{name}{first['msg'].removeprefix('Value error, ')}.") from None


def environment() -> dict[str, str]:
    """Return what every Python service is told of it. Raises StackProblem."""
    settings(FREE)
    return {name: os.environ[name] for name in FREE if name in os.environ}
