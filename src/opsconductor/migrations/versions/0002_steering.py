"""Several actions per target, and executions that are steered: batches, limits, pauses, re-runs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

E = "executions"
R = "execution_results"


def upgrade() -> None:
    jsonb = postgresql.JSONB(astext_type=sa.Text())
    instant = sa.DateTime(timezone=True)
    # Server defaults fill the rows that are there; the models set their own.
    op.add_column(E, sa.Column("mode", sa.String(20), nullable=False, server_default="attached"))
    op.add_column(E, sa.Column("strategy", jsonb, nullable=False, server_default="{}"))
    op.add_column(E, sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column(E, sa.Column("parallelism", sa.Integer()))
    op.add_column(E, sa.Column("batch_count", sa.Integer(), nullable=False, server_default="1"))
    op.add_column(E, sa.Column("current_batch", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(E, sa.Column("pause_between_batches", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column(E, sa.Column("max_failures", sa.Integer()))
    op.add_column(E, sa.Column("run_until", instant))
    op.add_column(E, sa.Column("paused_at", instant))
    op.add_column(E, sa.Column("stop_reason", sa.String(20)))
    op.add_column(E, sa.Column("rerun_of", sa.Uuid()))
    op.create_foreign_key(op.f("fk_executions_rerun_of"), E, E, ["rerun_of"], ["id"], ondelete="SET NULL")
    op.create_index(op.f("ix_executions_rerun_of"), E, ["rerun_of"])
    op.create_check_constraint(op.f("ck_executions_mode"), E, "mode in ('attached', 'detached')")
    op.create_check_constraint(
        op.f("ck_executions_stop_reason"), E, "stop_reason in ('cancelled', 'failures', 'deadline')"
    )
    op.add_column(R, sa.Column("batch", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(R, sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(R, sa.Column("first_action", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column(R, sa.Column("steps", jsonb, nullable=False, server_default="[]"))
    op.add_column(R, sa.Column("cancel_requested_at", instant))
    op.drop_index("ix_execution_results_scheduled", table_name=R)
    op.create_index(
        "ix_execution_results_scheduled",
        R,
        ["execution_id", "batch", "place"],
        postgresql_where=sa.text("status = 'scheduled'"),
    )
    op.create_index(
        "ix_execution_results_held",
        R,
        ["execution_id"],
        postgresql_where=sa.text("status in ('scheduled', 'running') and lease_until is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_execution_results_held", table_name=R)
    op.drop_index("ix_execution_results_scheduled", table_name=R)
    op.create_index(
        "ix_execution_results_scheduled", R, ["id"], postgresql_where=sa.text("status = 'scheduled'")
    )
    for name in ("batch", "place", "first_action", "steps", "cancel_requested_at"):
        op.drop_column(R, name)
    for name in (
        *("mode", "strategy", "priority", "parallelism", "batch_count", "current_batch"),
        *("pause_between_batches", "max_failures", "run_until", "paused_at", "stop_reason", "rerun_of"),
    ):
        op.drop_column(E, name)
