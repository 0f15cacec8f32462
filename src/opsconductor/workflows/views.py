"""How results are shown to flows."""

from collections.abc import Sequence

from opsconductor.contracts.workflow import WorkflowResult
from opsconductor.executions import outputs
from opsconductor.executions.models import ExecutionResult
from opsconductor.executions.schemas import ResultOut
from opsconductor.executions.views import results_out
from opsconductor.storage.folder import Folder


async def workflow_results_out(
    rows: Sequence[ExecutionResult], folder: Folder, *, output: bool = True
) -> list[WorkflowResult]:
    """Return results as nodes see them, with or without what was written."""
    found = await results_out(rows, folder, shown=outputs.SHOWN if output else 0)
    return [_result_out(row, shown) for row, shown in zip(rows, found, strict=True)]


def _result_out(row: ExecutionResult, shown: ResultOut) -> WorkflowResult:
    hashes = {"output_sha256": _hex(row.output_sha256), "error_sha256": _hex(row.error_sha256)}
    return WorkflowResult.model_validate(shown, from_attributes=True).model_copy(update=hashes)


def _hex(digest: bytes | None) -> str | None:
    return digest.hex() if digest else None
