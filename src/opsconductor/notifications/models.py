"""Tables of notifications: channels, what was said, its delivery by each channel, and who has read it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.kit.database import Base, CreatedAt, Id, UpdatedAt

KINDS = ("email", "webhook", "apprise", "in_app")
SEVERITIES = ("info", "warning", "error", "critical")
STATUSES = ("pending", "delivered", "failed", "dropped")


class NotificationChannel(Base):
    """A way to tell people. `settings` may be shown; `secrets` is a sealed JSON object, and is not.

    `dropped` counts what the channel did not take because it was too much; the next delivery says so.
    """

    __tablename__ = "notification_channels"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint(f"min_severity in {SEVERITIES}", name="min_severity"),
        CheckConstraint("per_minute between 1 and 1000", name="per_minute"),
        Index("uq_notification_channels_name", text("lower(name)"), unique=True),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    enabled: Mapped[bool] = mapped_column(default=True)
    min_severity: Mapped[str] = mapped_column(String(20), default="info")
    per_minute: Mapped[int] = mapped_column(SmallInteger, default=60)
    allow_private: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    secrets: Mapped[bytes | None] = mapped_column(LargeBinary)
    dropped: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Notification(Base):
    """Something that was said, once; `in_app` says that the list of the web app shows it."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(f"severity in {SEVERITIES}", name="severity"),
        Index(
            "uq_notifications_key",
            "owner",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key is not null"),
        ),
        Index("ix_notifications_in_app", "id", postgresql_where=text("in_app")),
        Index("ix_notifications_created_at", "created_at"),
        Index("ix_notifications_created_by", "created_by"),
    )

    id: Mapped[Id]
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(String(20))
    in_app: Mapped[bool] = mapped_column(default=False)
    flow_id: Mapped[str | None] = mapped_column(String(255))
    node_id: Mapped[str | None] = mapped_column(String(255))
    run_id: Mapped[str | None] = mapped_column(String(255))
    owner: Mapped[str] = mapped_column(String(300))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_by_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[CreatedAt]


class NotificationDelivery(Base):
    """One notification by one channel. Whoever sends holds it by `claim` until `claimed_until`.

    A sender that dies after it sent leaves a claim that ends: another one sends again. So each is delivered at least
    once, and has one id that receivers can tell doubles by.
    """

    __tablename__ = "notification_deliveries"
    __table_args__ = (
        CheckConstraint(f"status in {STATUSES}", name="status"),
        Index("ix_notification_deliveries_notification_id", "notification_id"),
        Index("ix_notification_deliveries_channel_id", "channel_id", "created_at"),
        Index(
            "ix_notification_deliveries_due", "next_attempt_at", postgresql_where=text("status = 'pending'")
        ),
    )

    id: Mapped[Id]
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    channel_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("notification_channels.id", ondelete="SET NULL")
    )
    channel_name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20), default="pending")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    claim: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dropped_before: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None] = mapped_column(String(50))
    error_message: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class NotificationRead(Base):
    """Says that a user has read a notification."""

    __tablename__ = "notification_reads"
    __table_args__ = (Index("ix_notification_reads_notification_id", "notification_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(
        ForeignKey("notifications.id", ondelete="CASCADE"), primary_key=True
    )
    read_at: Mapped[CreatedAt]


SEALED = ("secrets",)
"""Columns that hold sealed values."""
