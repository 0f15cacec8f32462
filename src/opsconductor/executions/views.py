"""How executions and results are shown."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from opsconductor.executions import outputs
from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.executions.output_files import wanted
from opsconductor.executions.outputs_repository import Kept, kept_of
from opsconductor.executions.schemas import ExecutionOut, ResultOut, StartedBy, StartedIn, StepOut
from opsconductor.kit.errors import Unavailable
from opsconductor.storage.folder import Folder

log = structlog.get_logger()

BROUGHT = 64 * 1024 * 1024  # bytes of outputs that a list of results fetches from a bucket


def execution_out(execution: Execution, counts: dict[str, int]) -> ExecutionOut:
    """Return the public form of an execution."""
    computed = {"counts", "created_by", "workflow"}
    facts = {name: getattr(execution, name) for name in ExecutionOut.model_fields if name not in computed}
    place = None
    if execution.flow_id:
        place = StartedIn(
            flow_id=execution.flow_id,
            node_id=execution.node_id,
            node_name=execution.node_name,
            run_id=execution.run_id,
        )
    by = StartedBy(id=execution.created_by, username=execution.created_by_name)
    return ExecutionOut(**facts, counts=counts, created_by=by, workflow=place)


async def results_out(
    rows: Sequence[ExecutionResult], folder: Folder, *, shown: int = outputs.SHOWN
) -> list[ResultOut]:
    """Return the public form of results; long outputs are read from their files, off the event loop."""
    if any(row.output_path or row.error_path for row in rows):
        if folder.bucket and shown > outputs.HEAD:
            await _bring(rows, folder)
        return await asyncio.to_thread(_all_out, rows, folder.root, shown)
    return _all_out(rows, folder.root, shown)


async def _bring(rows: Sequence[ExecutionResult], folder: Folder) -> None:
    """Have the files here of as many results as a list may cost; the others show their heads, and say so."""
    left, chosen = BROUGHT, []
    for row in rows:
        left -= sum(kept.kept for kept in _files(row))
        if left < 0:
            break
        chosen += _files(row)
    try:
        await folder.bring(wanted(chosen))
    except Unavailable as error:  # what ended how is known without; who wants all of an output is told
        log.warning("results.without_files", reason=error.code)


def _files(row: ExecutionResult) -> list[Kept]:
    return [kept for name in ("stdout", "stderr") if (kept := kept_of(row, name)).path is not None]


def _all_out(rows: Sequence[ExecutionResult], storage: Path, shown: int) -> list[ResultOut]:
    return [_result_out(row, storage, shown) for row in rows]


def _result_out(row: ExecutionResult, storage: Path, shown: int) -> ResultOut:
    out = outputs.read(storage, row.output_path, row.output_head, shown)
    err = outputs.read(storage, row.error_path, row.error_head, shown)
    computed = {"output_text", "error_text", "output_truncated", "error_truncated", "duration_ms", "steps"}
    facts = {name: getattr(row, name) for name in ResultOut.model_fields if name not in computed}
    return ResultOut(
        **facts,
        output_text=out.decode(errors="replace"),
        error_text=err.decode(errors="replace"),
        output_truncated=len(out) < row.output_bytes,
        error_truncated=len(err) < row.error_bytes,
        duration_ms=_milliseconds(row),
        steps=[_step_out(step, row) for step in row.steps],
    )


def _step_out(step: dict[str, Any], row: ExecutionResult) -> StepOut:
    """Return the public form of a step; one that its worker never finished has the end of the whole result."""
    if step["status"] == "running" and row.finished_at is not None:
        step = {
            **step,
            "status": row.status,
            "error_code": row.error_code,
            "error_message": row.error_message,
        }
    return StepOut.model_validate(step)


def _milliseconds(row: ExecutionResult) -> int | None:
    if row.started_at is None or row.finished_at is None:
        return None
    return round((row.finished_at - row.started_at).total_seconds() * 1000)
