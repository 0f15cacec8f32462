"""The table of targets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsconductor.credentials.models import Credential
from opsconductor.kit.database import Base, CreatedAt, Id, UpdatedAt

OS_TYPES = ("linux", "windows", "macos", "other")
STATUSES = ("active", "inactive", "maintenance")
POLICIES = ("pin-on-first-use", "require-approval")


class Target(Base):
    """A machine. `host_key` is the approved public key on one line, `offered_host_key` one that waits for approval.

    `jump_target_id` names the target it is reached through; nothing there: it is reached directly.
    `max_parallel` is how many operations may be under way there at once; nothing there: any number.
    """

    __tablename__ = "targets"
    __table_args__ = (
        CheckConstraint(f"os_type in {OS_TYPES}", name="os_type"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(f"host_key_policy in {POLICIES}", name="host_key_policy"),
        CheckConstraint("port between 1 and 65535", name="port"),
        CheckConstraint("max_parallel between 1 and 1000", name="max_parallel"),
        Index("uq_targets_name", text("lower(name)"), unique=True),
        Index("ix_targets_filters", "os_type", "environment", "status"),
        Index("ix_targets_tags", "tags", postgresql_using="gin"),
        Index("ix_targets_limited", "id", postgresql_where=text("max_parallel is not null")),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(1000), default="")
    os_type: Mapped[str] = mapped_column(String(20))
    environment: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(String(20), default="active")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(50)), default=list)
    transport: Mapped[str] = mapped_column(String(20), default="ssh")
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int]
    credential_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("credentials.id", ondelete="RESTRICT"), index=True
    )
    jump_target_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("targets.id", ondelete="RESTRICT"), index=True
    )
    legacy_algorithms: Mapped[bool] = mapped_column(default=False)
    max_parallel: Mapped[int | None] = mapped_column(SmallInteger)
    host_key: Mapped[str | None] = mapped_column(String(2000))
    host_key_pinned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    offered_host_key: Mapped[str | None] = mapped_column(String(2000))
    host_key_policy: Mapped[str] = mapped_column(String(20), default="pin-on-first-use")
    last_test: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    credential: Mapped[Credential | None] = relationship(lazy="raise")
