"""Tables of calendars, and of the targets that were picked for them."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsconductor.kit.database import Base, CreatedAt, Id, UpdatedAt

KINDS = ("allow", "blackout")
SCOPES = ("all", "tags", "targets")
ENFORCEMENTS = ("block", "warn")
ENDS = ("run_on", "stop")


class CalendarTarget(Base):
    """A target that was picked for a calendar; it leaves with the target."""

    __tablename__ = "calendar_targets"

    calendar_id: Mapped[UUID] = mapped_column(
        ForeignKey("calendars.id", ondelete="CASCADE"), primary_key=True
    )
    target_id: Mapped[UUID] = mapped_column(
        ForeignKey("targets.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Calendar(Base):
    """Windows of time, and the targets they hold for: work only inside of them, or none inside of them.

    `scope` says what chooses the targets: nothing (all), `tags` (any of them), or `picked`. `version` counts changes.
    """

    __tablename__ = "calendars"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint(f"scope in {SCOPES}", name="scope"),
        CheckConstraint(f"enforcement in {ENFORCEMENTS}", name="enforcement"),
        CheckConstraint(f"at_end in {ENDS}", name="at_end"),
        Index("uq_calendars_name", text("lower(name)"), unique=True),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(1000), default="")
    kind: Mapped[str] = mapped_column(String(20))
    time_zone: Mapped[str] = mapped_column(String(100))
    windows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    enabled: Mapped[bool]
    scope: Mapped[str] = mapped_column(String(20))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(50)))
    enforcement: Mapped[str] = mapped_column(String(20))
    at_end: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    changed_by_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    picked: Mapped[list[CalendarTarget]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True, order_by=CalendarTarget.target_id
    )

    @property
    def target_ids(self) -> list[UUID]:
        """Return the ids of the picked targets."""
        return [row.target_id for row in self.picked]


FIELDS = (
    *("name", "description", "kind", "time_zone", "windows", "enabled"),
    *("scope", "tags", "target_ids", "enforcement", "at_end"),
)
"""What people write; the rest follows from it."""
