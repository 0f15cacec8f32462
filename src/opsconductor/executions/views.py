"""How executions and results are shown."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row

from opsconductor.executions import outputs
from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.executions.output_files import wanted
from opsconductor.executions.outputs_repository import Kept, kept_of
from opsconductor.executions.schemas import ExecutionOut, ResultOut, StartedBy, StartedIn
from opsconductor.kit.errors import Unavailable
from opsconductor.storage.folder import Folder

log = structlog.get_logger()

Result = ExecutionResult | Row[Any]
"""A result as an object, or as the row of a query that asked for all columns."""
Results = Sequence[Result]
Tell = Callable[[Result, bytes, bytes], dict[str, Any]]
"""Says what is told of a result, given what it wrote to stdout and stderr."""
COMPUTED = {"output_text", "error_text", "output_truncated", "error_truncated", "duration_ms", "steps"}
AS_STORED = [name for name in ResultOut.model_fields if name not in COMPUTED]
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


async def results_out(rows: Results, folder: Folder, *, shown: int = outputs.SHOWN) -> list[ResultOut]:
    """Return the public form of results; long outputs are read from their files, off the event loop."""
    return [ResultOut(**facts) for facts in await told(rows, folder, _told, shown=shown)]


async def told(rows: Results, folder: Folder, tell: Tell, *, shown: int) -> list[dict[str, Any]]:
    """Return what `tell` says of each result, with up to `shown` bytes of each output."""
    if shown and any(row.output_path or row.error_path for row in rows):
        if folder.bucket and shown > outputs.HEAD:
            await _bring(rows, folder)
        return await asyncio.to_thread(_all_told, rows, folder.root, tell, shown)
    return _all_told(rows, folder.root, tell, shown)


async def _bring(rows: Results, folder: Folder) -> None:
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


def _files(row: Result) -> list[Kept]:
    return [kept for name in ("stdout", "stderr") if (kept := kept_of(row, name)).path is not None]


def _all_told(rows: Results, storage: Path, tell: Tell, shown: int) -> list[dict[str, Any]]:
    return [tell(row, *_written(row, storage, shown)) for row in rows]


def _written(row: Result, storage: Path, shown: int) -> tuple[bytes, bytes]:
    if not shown:
        return b"", b""
    out = outputs.read(storage, row.output_path, row.output_head, shown)
    return out, outputs.read(storage, row.error_path, row.error_head, shown)


def _told(row: Result, out: bytes, err: bytes) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in AS_STORED},
        "output_text": out.decode(errors="replace"),
        "error_text": err.decode(errors="replace"),
        "output_truncated": len(out) < row.output_bytes,
        "error_truncated": len(err) < row.error_bytes,
        "duration_ms": milliseconds(row),
        "steps": [step_told(step, row) for step in row.steps],
    }


def step_told(step: dict[str, Any], row: Result) -> dict[str, Any]:
    """Return what is said of a step; one that its worker never finished has the end of the whole result."""
    if step["status"] == "running" and row.finished_at is not None:
        return {
            **step,
            "status": row.status,
            "error_code": row.error_code,
            "error_message": row.error_message,
        }
    return step


def milliseconds(row: Result) -> int | None:
    """Return how long a target took, once it has ended."""
    if row.started_at is None or row.finished_at is None:
        return None
    return round((row.finished_at - row.started_at).total_seconds() * 1000)
