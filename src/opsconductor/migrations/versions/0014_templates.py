"""templates of flows, with versions and ratings."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _drawn() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String(length=50)), nullable=False),
        sa.Column("template_data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_name", sa.String(length=200), nullable=False),
    ]


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "workflow_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=True),
        *_drawn(),
        sa.Column("is_public", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("download_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rating", sa.Numeric(precision=3, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("rating_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        sa.CheckConstraint("rating between 0 and 5", name=op.f("ck_workflow_templates_rating")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_workflow_templates_author_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_templates")),
        sa.UniqueConstraint("slug", name=op.f("uq_workflow_templates_slug")),
    )
    for column in ("category", "is_public", "author_id"):
        op.create_index(f"ix_workflow_templates_{column}", "workflow_templates", [column], unique=False)
    op.create_index(
        "ix_workflow_templates_tags", "workflow_templates", ["tags"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "workflow_template_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        *_drawn(),
        sa.Column("message", sa.String(length=500), nullable=False),
        _time("created_at"),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["users.id"],
            name=op.f("fk_workflow_template_versions_author_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["workflow_templates.id"],
            name=op.f("fk_workflow_template_versions_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_template_versions")),
        sa.UniqueConstraint("template_id", "version", name=op.f("uq_workflow_template_versions_template_id")),
    )
    op.create_table(
        "workflow_template_ratings",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        sa.CheckConstraint("stars between 1 and 5", name=op.f("ck_workflow_template_ratings_stars")),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["workflow_templates.id"],
            name=op.f("fk_workflow_template_ratings_template_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_workflow_template_ratings_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("template_id", "user_id", name=op.f("pk_workflow_template_ratings")),
    )
    op.create_index(
        op.f("ix_workflow_template_ratings_user_id"), "workflow_template_ratings", ["user_id"], unique=False
    )
