"""Tables of runs: one row for a run, one for each node that took part in it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.contracts.runs import CAUSES, RUN_STATUSES, STEP_STATUSES
from opsconductor.kit.database import Base, CreatedAt, Instant, UpdatedAt

MaybeInstant = Mapped[datetime | None]


class WorkflowExecution(Base):
    """A run of a flow. Its id is what messages carry; `user_id` is whom the flow acted as when it began.

    `execution_id` is the first execution it started; all of them name the run (`executions.run_id`).
    `extra` has a `detail` of the cause, such as the path of a request.
    """

    __tablename__ = "workflow_executions"
    __table_args__ = (
        CheckConstraint(f"status in {RUN_STATUSES}", name="status"),
        CheckConstraint(f"cause in {CAUSES}", name="cause"),
        Index("ix_workflow_executions_running", "seen_at", postgresql_where=text("status = 'running'")),
        Index("ix_workflow_executions_node_red_flow_id", "node_red_flow_id", "started_at"),
        Index("ix_workflow_executions_status", "status", "started_at"),
        Index("ix_workflow_executions_execution_id", "execution_id"),
        Index("ix_workflow_executions_user_id", "user_id"),
        Index("ix_workflow_executions_started_at", "started_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    node_red_flow_id: Mapped[str] = mapped_column(String(255))
    workflow_name: Mapped[str] = mapped_column(String(255))
    workflow_version: Mapped[int | None]
    node_id: Mapped[str] = mapped_column(String(255))
    node_name: Mapped[str] = mapped_column(String(255))
    node_type: Mapped[str] = mapped_column(String(255))
    cause: Mapped[str] = mapped_column(String(20))
    started_by: Mapped[str | None] = mapped_column(String(255))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    username: Mapped[str | None] = mapped_column(String(200))
    execution_id: Mapped[UUID | None] = mapped_column(ForeignKey("executions.id", ondelete="SET NULL"))
    status: Mapped[str] = mapped_column(String(20), server_default="running")
    started_at: Mapped[Instant]
    completed_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    error_message: Mapped[str | None] = mapped_column(Text)
    error_node_id: Mapped[str | None] = mapped_column(String(255))
    cancel_requested_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    cancelled_by: Mapped[str | None] = mapped_column(String(200))
    extra: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default=text("'{}'"))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_at: Mapped[CreatedAt]


class WorkflowExecutionStep(Base):
    """A node within a run: how many messages it took, from when to when, and its last error."""

    __tablename__ = "workflow_execution_steps"
    __table_args__ = (CheckConstraint(f"status in {STEP_STATUSES}", name="status"),)

    run_id: Mapped[UUID] = mapped_column(
        ForeignKey("workflow_executions.id", ondelete="CASCADE"), primary_key=True
    )
    node_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    node_name: Mapped[str] = mapped_column(String(255))
    node_type: Mapped[str] = mapped_column(String(255))
    flow_id: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(20))
    messages: Mapped[int]
    errors: Mapped[int]
    error_message: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[Instant]
    finished_at: MaybeInstant = mapped_column(DateTime(timezone=True))


class WorkflowWait(Base):
    """A message that a node holds until something has happened. Whoever claims it sends it on, and then deletes it."""

    __tablename__ = "workflow_waits"
    __table_args__ = (Index("ix_workflow_waits_node_id", "node_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    flow_id: Mapped[str] = mapped_column(String(255))
    node_id: Mapped[str] = mapped_column(String(255))
    run_id: Mapped[UUID]
    run_flow_id: Mapped[str] = mapped_column(String(255))
    state: Mapped[dict[str, Any]] = mapped_column(JSONB)
    claimed_until: MaybeInstant = mapped_column(DateTime(timezone=True))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
