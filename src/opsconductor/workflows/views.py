"""How results are shown to flows."""

from typing import Any

import orjson

from opsconductor.contracts.workflow import WorkflowStep
from opsconductor.executions import outputs
from opsconductor.executions.views import Result, Results, milliseconds, step_told, told
from opsconductor.storage.folder import Folder

OF_STEP = list(WorkflowStep.model_fields)


async def workflow_results_json(rows: Results, folder: Folder, *, output: bool = True) -> bytes:
    """Return rows of `results_for_flows` as nodes see them, a list of WorkflowResult as JSON.

    Written from the rows: to check thousands of them, which we have stored ourselves, takes longer than all the rest.
    """
    shown = await told(rows, folder, _told, shown=outputs.SHOWN if output else 0)
    return orjson.dumps(shown, option=orjson.OPT_UTC_Z)


def _told(row: Result, out: bytes, err: bytes) -> dict[str, Any]:
    steps: Any = row.steps
    return {
        "target_id": row.target_id,
        "target_name": row.target_name,
        "status": row.status,
        "exit_code": row.exit_code,
        "exit_signal": row.exit_signal,
        "output_text": out.decode(errors="replace"),
        "error_text": err.decode(errors="replace"),
        "output_bytes": row.output_bytes,
        "error_bytes": row.error_bytes,
        "output_truncated": len(out) < row.output_bytes,
        "error_truncated": len(err) < row.error_bytes,
        "output_sha256": _hex(row.output_sha256),
        "error_sha256": _hex(row.error_sha256),
        "error_code": row.error_code,
        "error_message": row.error_message,
        "steps": [_step(step, row) for step in orjson.loads(steps)],
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "duration_ms": milliseconds(row),
    }


def _step(step: dict[str, Any], row: Result) -> dict[str, Any]:
    found = step_told(step, row)
    return {name: found.get(name) for name in OF_STEP}


def _hex(digest: bytes | None) -> str | None:
    return digest.hex() if digest else None
