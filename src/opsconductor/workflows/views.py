"""How results are shown to flows."""

from typing import Any

import orjson

from opsconductor.contracts.workflow import WorkflowResult, WorkflowStep
from opsconductor.executions import outputs
from opsconductor.executions.views import Result, Results, results_told
from opsconductor.storage.folder import Folder

HASHES = ("output_sha256", "error_sha256")
TOLD = [name for name in WorkflowResult.model_fields if name not in (*HASHES, "steps")]
OF_STEP = list(WorkflowStep.model_fields)


async def workflow_results_json(rows: Results, folder: Folder, *, output: bool = True) -> bytes:
    """Return results as nodes see them, a list of WorkflowResult as JSON, with or without what was written.

    Written from the rows: to check thousands of them, which we have stored ourselves, takes longer than all the rest.
    """
    found = await results_told(rows, folder, shown=outputs.SHOWN if output else 0)
    shown = [_told(row, facts) for row, facts in zip(rows, found, strict=True)]
    return orjson.dumps(shown, option=orjson.OPT_UTC_Z)


def _told(row: Result, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: facts[name] for name in TOLD},
        **{name: _hex(getattr(row, name)) for name in HASHES},
        "steps": [{name: step.get(name) for name in OF_STEP} for step in facts["steps"]],
    }


def _hex(digest: bytes | None) -> str | None:
    return digest.hex() if digest else None
