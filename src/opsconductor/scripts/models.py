"""Tables of scripts: each as it is now, and every version as it was."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.kit.database import Base, CreatedAt, Id, UpdatedAt


class Written:
    """What somebody wrote, and who. The name is copied: it outlives the account."""

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(1000), default="")
    interpreter: Mapped[str] = mapped_column(String(255))
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    parameters: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    os_types: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(50)))
    timeout: Mapped[int]
    version: Mapped[int]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author_name: Mapped[str] = mapped_column(String(200))


class Script(Written, Base):
    """A script as it is now; its author is whoever wrote this version. `timeout` is in seconds, `size` in bytes."""

    __tablename__ = "scripts"
    __table_args__ = (
        Index("uq_scripts_name", text("lower(name)"), unique=True),
        Index("ix_scripts_tags", "tags", postgresql_using="gin"),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class ScriptVersion(Written, Base):
    """A script as it once was, the present version included."""

    __tablename__ = "script_versions"
    __table_args__ = (UniqueConstraint("script_id", "version"),)

    id: Mapped[Id]
    script_id: Mapped[UUID] = mapped_column(ForeignKey("scripts.id", ondelete="CASCADE"))
    message: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[CreatedAt]


FIELDS = (
    "name",
    "description",
    "interpreter",
    "content",
    "parameters",
    "os_types",
    "tags",
    "timeout",
)
"""What people write; the rest follows from it."""
