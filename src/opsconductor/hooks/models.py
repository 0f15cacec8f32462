"""Tables of hooks: what flows serve, what requests prove themselves by, and which of them were there already."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opsconductor.auth.models import User
from opsconductor.contracts.hooks import HOOK_METHODS, LONGEST_PATH, PROTECTIONS, HookMethod, Protection
from opsconductor.kit.database import Base, CreatedAt, Id, Instant

MaybeInstant = Mapped[datetime | None]


class Hook(Base):
    """A method and a path under /hooks/. Without a protection every request to it is refused.

    Which tab serves it, and whom that tab runs as, is as of the newest deploy; of a hook that Node-RED asked about
    and that is in no flow as it was deployed (its path is a variable), both are unknown.
    """

    __tablename__ = "hooks"
    __table_args__ = (
        UniqueConstraint("method", "path"),
        CheckConstraint(f"method in {HOOK_METHODS}", name="method"),
        CheckConstraint(f"protection in {PROTECTIONS}", name="protection"),
        Index("ix_hooks_flow_id", "flow_id"),
        Index("ix_hooks_user_id", "user_id"),
    )

    id: Mapped[Id]
    method: Mapped[HookMethod] = mapped_column(String(10))
    path: Mapped[str] = mapped_column(String(LONGEST_PATH))
    protection: Mapped[Protection | None] = mapped_column(String(10))
    flow_id: Mapped[str | None] = mapped_column(String(255))
    flow_name: Mapped[str | None] = mapped_column(String(255))
    node_id: Mapped[str | None] = mapped_column(String(255))
    node_name: Mapped[str] = mapped_column(String(255), default="")
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    served: Mapped[bool] = mapped_column(default=True)
    last_used_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    last_refused_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    last_refusal: Mapped[str | None] = mapped_column(String(30))
    created_at: Mapped[CreatedAt]

    user: Mapped[User | None] = relationship(lazy="raise")


class HookSecret(Base):
    """What requests to a hook prove themselves by: of a token its SHA-256, of a signature the sealed key."""

    __tablename__ = "hook_secrets"
    __table_args__ = (
        CheckConstraint("(token_hash is null) <> (sealed is null)", name="one_form"),
        Index("ix_hook_secrets_hook_id", "hook_id"),
    )

    id: Mapped[Id]
    hook_id: Mapped[UUID] = mapped_column(ForeignKey("hooks.id", ondelete="CASCADE"))
    prefix: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[CreatedAt]
    last_used_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    ends_at: MaybeInstant = mapped_column(DateTime(timezone=True))
    """When another took its place, or it was revoked."""


class HookDelivery(Base):
    """A signed request that was let in, by a hash of what makes it this one: the same is refused until it expires."""

    __tablename__ = "hook_deliveries"
    __table_args__ = (Index("ix_hook_deliveries_expires_at", "expires_at"),)

    hook_id: Mapped[UUID] = mapped_column(ForeignKey("hooks.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[Instant]
