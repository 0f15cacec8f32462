"""Tables of executions, their results per target, and the keys that make accepting idempotent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.contracts.statuses import EXECUTION_STATUSES, RESULT_STATUSES
from opsconductor.kit.database import Base, CreatedAt, Id

MaybeInstant = Mapped[datetime | None]
MODES = ("attached", "detached")
STOP_REASONS = ("cancelled", "failures", "deadline", "window")


class Execution(Base):
    """One request to run something on a set of targets, and how it is steered.

    Results of a batch higher than `current_batch` are not claimed yet, none are while it is paused.
    None begins from `starts_until` on, what runs goes on; at `run_until` that is ended, too.
    """

    __tablename__ = "executions"
    __table_args__ = (
        CheckConstraint(f"status in {EXECUTION_STATUSES}", name="status"),
        CheckConstraint(f"mode in {MODES}", name="mode"),
        CheckConstraint(f"stop_reason in {STOP_REASONS}", name="stop_reason"),
        Index("ix_executions_open", "id", postgresql_where=text("status in ('scheduled', 'running')")),
        Index("ix_executions_flow_id", "flow_id"),
        Index("ix_executions_run_id", "run_id", postgresql_where=text("run_id is not null")),
        Index("ix_executions_status", "status"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(20), default="scheduled")
    actions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    target_count: Mapped[int]
    mode: Mapped[str] = mapped_column(String(20), default="attached")
    strategy: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    variables: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    secret_variables: Mapped[bytes | None] = mapped_column(LargeBinary)
    priority: Mapped[int] = mapped_column(SmallInteger, default=0)
    parallelism: Mapped[int | None]
    batch_count: Mapped[int] = mapped_column(default=1)
    current_batch: Mapped[int] = mapped_column(default=0)
    pause_between_batches: Mapped[bool] = mapped_column(Boolean, default=False)
    max_failures: Mapped[int | None]
    run_until: MaybeInstant = mapped_column(DateTime(timezone=True))
    starts_until: MaybeInstant = mapped_column(DateTime(timezone=True))
    window_override: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    paused_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    stop_reason: Mapped[str | None] = mapped_column(String(20))
    rerun_of: Mapped[UUID | None] = mapped_column(
        ForeignKey("executions.id", ondelete="SET NULL"), index=True
    )
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_by_name: Mapped[str] = mapped_column(String(200))
    flow_id: Mapped[str | None] = mapped_column(String(255))
    node_id: Mapped[str | None] = mapped_column(String(255))
    node_name: Mapped[str | None] = mapped_column(String(255))
    run_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    started_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    finished_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    deadline_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    cancel_requested_at: MaybeInstant = mapped_column(DateTime(timezone=True))


class ExecutionResult(Base):
    """What happened on one target. While it is not terminal, `fence` and `lease_until` say who works on it.

    `steps` has an entry for each action that was begun or passed over (executions/steps.py has its shape).
    """

    __tablename__ = "execution_results"
    __table_args__ = (
        CheckConstraint(f"status in {RESULT_STATUSES}", name="status"),
        Index("ix_execution_results_execution", "execution_id", "status"),
        Index(
            "ix_execution_results_scheduled",
            "execution_id",
            "batch",
            "place",
            postgresql_where=text("status = 'scheduled'"),
        ),
        Index(
            "ix_execution_results_held",
            "execution_id",
            postgresql_where=text("status in ('scheduled', 'running') and lease_until is not null"),
        ),
        Index("ix_execution_results_running", "lease_until", postgresql_where=text("status = 'running'")),
    )

    id: Mapped[Id]
    execution_id: Mapped[UUID] = mapped_column(ForeignKey("executions.id", ondelete="CASCADE"))
    target_id: Mapped[UUID] = mapped_column(index=True)
    target_name: Mapped[str] = mapped_column(String(200))
    batch: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    first_action: Mapped[int] = mapped_column(SmallInteger, default=0)
    status: Mapped[str] = mapped_column(String(20), default="scheduled")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    exit_code: Mapped[int | None] = mapped_column(BigInteger)
    exit_signal: Mapped[str | None] = mapped_column(String(20))
    error_code: Mapped[str | None] = mapped_column(String(50))
    error_message: Mapped[str | None] = mapped_column(String(1000))
    attempts: Mapped[int] = mapped_column(default=0)
    output_head: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    output_tail: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    output_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    output_kept: Mapped[int] = mapped_column(BigInteger, default=0)
    output_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    output_path: Mapped[str | None] = mapped_column(String(300))
    error_head: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    error_tail: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    error_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    error_kept: Mapped[int] = mapped_column(BigInteger, default=0)
    error_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    error_path: Mapped[str | None] = mapped_column(String(300))
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: MaybeInstant = mapped_column(DateTime(timezone=True))
    worker: Mapped[str | None] = mapped_column(String(100))
    cancel_requested_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    started_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    finished_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )


class IdempotencyKey(Base):
    """A key that somebody accepted an execution with, for 24 h."""

    __tablename__ = "idempotency_keys"

    owner: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    execution_id: Mapped[UUID] = mapped_column(ForeignKey("executions.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
