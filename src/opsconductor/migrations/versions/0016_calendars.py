"""Calendars: windows in which work may begin, and executions that are bounded by them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

REASON = "ck_executions_stop_reason"


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("time_zone", sa.String(length=100), nullable=False),
        sa.Column("windows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String(length=50)), nullable=False),
        sa.Column("enforcement", sa.String(length=20), nullable=False),
        sa.Column("at_end", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by_name", sa.String(length=200), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        sa.CheckConstraint("kind in ('allow', 'blackout')", name=op.f("ck_calendars_kind")),
        sa.CheckConstraint("scope in ('all', 'tags', 'targets')", name=op.f("ck_calendars_scope")),
        sa.CheckConstraint("enforcement in ('block', 'warn')", name=op.f("ck_calendars_enforcement")),
        sa.CheckConstraint("at_end in ('run_on', 'stop')", name=op.f("ck_calendars_at_end")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
    )
    op.create_index("uq_calendars_name", "calendars", [sa.text("lower(name)")], unique=True)
    op.create_table(
        "calendar_targets",
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendars.id"],
            name=op.f("fk_calendar_targets_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["targets.id"], name=op.f("fk_calendar_targets_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("calendar_id", "target_id", name=op.f("pk_calendar_targets")),
    )
    op.create_index(op.f("ix_calendar_targets_target_id"), "calendar_targets", ["target_id"])
    op.add_column("executions", sa.Column("starts_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("executions", sa.Column("window_override", postgresql.JSONB(), nullable=True))
    op.drop_constraint(REASON, "executions")
    op.create_check_constraint(
        op.f(REASON), "executions", "stop_reason in ('cancelled', 'failures', 'deadline', 'window')"
    )
