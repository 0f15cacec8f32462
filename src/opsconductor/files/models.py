"""The table of files. Where the content is was decided here, and has nothing of the file's name in it."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.kit.database import Base, CreatedAt, Id

PURPOSES = ("upload", "download")


class File(Base):
    """A file in our storage: uploaded by a person, or fetched from a target for a result."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint(f"purpose in {PURPOSES}", name="purpose"),
        CheckConstraint("size >= 0", name="size"),
        Index("ix_files_purpose", "purpose"),
        Index(
            "uq_files_key",
            "created_by",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key is not null"),
        ),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(255))
    purpose: Mapped[str] = mapped_column(String(20))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(300))
    execution_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("executions.id", ondelete="SET NULL"), index=True
    )
    result_id: Mapped[UUID | None]
    target_id: Mapped[UUID | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_by_name: Mapped[str] = mapped_column(String(200))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[CreatedAt]
