"""The table of outputs that were deleted by retention, and the index that finds those with files."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.executions.models import ExecutionResult
from opsconductor.kit.database import Base, CreatedAt


class OutputRemoval(Base):
    """Says that the outputs of an execution were deleted; its results, sizes and hashes are still there."""

    __tablename__ = "output_removals"
    __table_args__ = (CheckConstraint("reason in ('age', 'bytes')", name="reason"),)

    execution_id: Mapped[UUID] = mapped_column(
        ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True
    )
    removed_at: Mapped[CreatedAt]
    reason: Mapped[str] = mapped_column(String(20))
    bytes: Mapped[int] = mapped_column(BigInteger)


WITH_FILES = Index(
    "ix_execution_results_with_files",
    ExecutionResult.execution_id,
    postgresql_where=func.coalesce(ExecutionResult.output_path, ExecutionResult.error_path).is_not(None),
)
"""Results that have a file, by execution: a small part of all."""
