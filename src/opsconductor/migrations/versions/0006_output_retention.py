"""outputs deleted by retention."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "output_removals",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("reason in ('age', 'bytes')", name=op.f("ck_output_removals_reason")),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["executions.id"],
            name=op.f("fk_output_removals_execution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_output_removals")),
    )
    op.create_index(
        "ix_execution_results_with_files",
        "execution_results",
        ["execution_id"],
        unique=False,
        postgresql_where=sa.text("coalesce(output_path, error_path) IS NOT NULL"),
    )
