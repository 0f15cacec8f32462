"""runs of flows."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "workflow_executions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("node_red_flow_id", sa.String(length=255), nullable=False),
        sa.Column("workflow_name", sa.String(length=255), nullable=False),
        sa.Column("workflow_version", sa.Integer(), nullable=True),
        sa.Column("node_id", sa.String(length=255), nullable=False),
        sa.Column("node_name", sa.String(length=255), nullable=False),
        sa.Column("node_type", sa.String(length=255), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("started_by", sa.String(length=255), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("username", sa.String(length=200), nullable=True),
        sa.Column("execution_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=20), server_default="running", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_node_id", sa.String(length=255), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.String(length=200), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("cause in ('inject', 'http', 'node')", name=op.f("ck_workflow_executions_cause")),
        sa.CheckConstraint(
            "status in ('running', 'completed', 'failed', 'cancelled', 'lost')",
            name=op.f("ck_workflow_executions_status"),
        ),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["executions.id"],
            name=op.f("fk_workflow_executions_execution_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_workflow_executions_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_executions")),
    )
    op.create_index(
        "ix_workflow_executions_execution_id", "workflow_executions", ["execution_id"], unique=False
    )
    op.create_index(
        "ix_workflow_executions_node_red_flow_id",
        "workflow_executions",
        ["node_red_flow_id", "started_at"],
        unique=False,
    )
    op.create_index(
        "ix_workflow_executions_running",
        "workflow_executions",
        ["seen_at"],
        unique=False,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index(
        "ix_workflow_executions_started_at", "workflow_executions", ["started_at", "id"], unique=False
    )
    op.create_index(
        "ix_workflow_executions_status", "workflow_executions", ["status", "started_at"], unique=False
    )
    op.create_index("ix_workflow_executions_user_id", "workflow_executions", ["user_id"], unique=False)
    op.create_table(
        "workflow_execution_steps",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("node_id", sa.String(length=255), nullable=False),
        sa.Column("node_name", sa.String(length=255), nullable=False),
        sa.Column("node_type", sa.String(length=255), nullable=False),
        sa.Column("flow_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('running', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_workflow_execution_steps_status"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["workflow_executions.id"],
            name=op.f("fk_workflow_execution_steps_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "node_id", name=op.f("pk_workflow_execution_steps")),
    )
    op.create_index(
        "ix_executions_run_id",
        "executions",
        ["run_id"],
        unique=False,
        postgresql_where=sa.text("run_id is not null"),
    )
