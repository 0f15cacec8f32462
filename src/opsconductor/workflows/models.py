"""Tables of Node-RED's flows: every deploy whole, every tab with its versions, and what else Node-RED keeps."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsconductor.auth.models import User
from opsconductor.kit.database import Base, CreatedAt, Id, UpdatedAt


class NoderedDeploy(Base):
    """One deploy, whole: what Node-RED starts from. The one with the highest number counts.

    `changes` says what became of each tab since the deploy before (differences.TabChange).
    """

    __tablename__ = "nodered_deploys"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    flows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    credentials: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sha256: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    username: Mapped[str] = mapped_column(String(200))
    message: Mapped[str] = mapped_column(Text, server_default="")
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    created_at: Mapped[CreatedAt]


class NoderedFlow(Base):
    """A tab as it is deployed now. It runs as `user_id`: whoever last deployed a change to it."""

    __tablename__ = "nodered_flows"
    __table_args__ = (
        Index("ix_nodered_flows_user_id", "user_id"),
        Index("ix_nodered_flows_is_active", "is_active"),
    )

    id: Mapped[Id]
    flow_id: Mapped[str] = mapped_column(String(255), unique=True)
    flow_name: Mapped[str] = mapped_column(String(255))
    flow_data: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    sha256: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped[User | None] = relationship(lazy="raise")


class NoderedFlowVersion(Base):
    """A tab as it once was deployed."""

    __tablename__ = "nodered_flow_versions"
    __table_args__ = (UniqueConstraint("flow_id", "version"),)

    id: Mapped[Id]
    flow_id: Mapped[str] = mapped_column(String(255))
    version: Mapped[int]
    flow_name: Mapped[str] = mapped_column(String(255))
    flow_data: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    sha256: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    username: Mapped[str] = mapped_column(String(200))
    deployed_at: Mapped[CreatedAt]


class NoderedDocument(Base):
    """Something else that Node-RED keeps: `settings`, `sessions`, `library/<type>/<path>`."""

    __tablename__ = "nodered_documents"

    name: Mapped[str] = mapped_column(String(500), primary_key=True)
    content: Mapped[Any] = mapped_column(JSONB)
    updated_at: Mapped[UpdatedAt]


class WorkflowAuditKey(Base):
    """A key that somebody had an entry of the audit log written with, for 24 h."""

    __tablename__ = "workflow_audit_keys"

    owner: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    entry_id: Mapped[UUID]
    """No foreign key: the entry is written after its key, and only where that is new."""
    created_at: Mapped[CreatedAt]
