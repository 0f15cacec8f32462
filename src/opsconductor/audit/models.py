"""The tables of the audit log. Rows are added, never changed."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, String, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.kit.database import Base, CreatedAt, Id


class AuditEntry(Base):
    """One thing that was done, or refused. Names are copied: an entry outlives what it speaks of."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_object", "object_type", "object_id"),
        Index("ix_audit_entries_actor", "actor_id"),
        Index("ix_audit_entries_action", "action"),
        Index("ix_audit_entries_created_at", "created_at"),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    action: Mapped[str] = mapped_column(String(100))
    outcome: Mapped[str] = mapped_column(String(20))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(String(200))
    actor_via: Mapped[str | None] = mapped_column(String(300))
    object_type: Mapped[str] = mapped_column(String(50))
    object_id: Mapped[str | None] = mapped_column(String(255))
    object_name: Mapped[str | None] = mapped_column(String(300))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))


class AuditLink(Base):
    """The place of an entry in the chain. The database makes it when the entry's transaction commits."""

    __tablename__ = "audit_chain"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(unique=True)
    """No foreign key: entries can't be removed, and one that was is to be named."""
    hash: Mapped[bytes]


class AuditHead(Base):
    """The end of the chain, in one row."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=true())
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]
