"""Tables of templates: each as it is now, every version as it was, and who gave how many stars."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.kit.database import Base, CreatedAt, Id, UpdatedAt


class Drawn:
    """What somebody drew, and who. The name is copied: it outlives the account."""

    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(100))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(50)))
    template_data: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    version: Mapped[int]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author_name: Mapped[str] = mapped_column(String(200))


class WorkflowTemplate(Drawn, Base):
    """A template as it is now. `author_id` is whose it is; `slug` names one that comes with the product.

    `rating` is the average of its ratings, 0 without any. It and the counts are only changed by the statements in
    repository.py that do it at once.
    """

    __tablename__ = "workflow_templates"
    __table_args__ = (
        Index("ix_workflow_templates_category", "category"),
        Index("ix_workflow_templates_is_public", "is_public"),
        Index("ix_workflow_templates_author_id", "author_id"),
        Index("ix_workflow_templates_tags", "tags", postgresql_using="gin"),
        CheckConstraint("rating between 0 and 5", name="rating"),
    )

    id: Mapped[Id]
    slug: Mapped[str | None] = mapped_column(String(100), unique=True)
    is_public: Mapped[bool] = mapped_column(server_default=false())
    download_count: Mapped[int] = mapped_column(server_default=text("0"))
    rating: Mapped[float] = mapped_column(Numeric(3, 2, asdecimal=False), server_default=text("0"))
    rating_count: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class WorkflowTemplateVersion(Drawn, Base):
    """A template as it once was, the present version included; its author is whoever made this version."""

    __tablename__ = "workflow_template_versions"
    __table_args__ = (UniqueConstraint("template_id", "version"),)

    id: Mapped[Id]
    template_id: Mapped[UUID] = mapped_column(ForeignKey("workflow_templates.id", ondelete="CASCADE"))
    message: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[CreatedAt]


class WorkflowTemplateRating(Base):
    """How many stars somebody gives a template: one rating each."""

    __tablename__ = "workflow_template_ratings"
    __table_args__ = (CheckConstraint("stars between 1 and 5", name="stars"),)

    template_id: Mapped[UUID] = mapped_column(
        ForeignKey("workflow_templates.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    stars: Mapped[int]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


FIELDS = ("name", "description", "category", "tags", "template_data")
"""What people write; the rest follows from it."""
