"""The table of credentials: what is secret is sealed, and has no other form here."""

from sqlalchemy import CheckConstraint, Index, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.kit.database import Base, CreatedAt, Id, UpdatedAt

KINDS = ("password", "ssh_key")


class Credential(Base):
    """A user name with a password or a private key; a certificate goes with the key, and is not secret.

    `become_password` is for a command that becomes somebody else (sudo), not for signing in.
    `max_parallel` is how many operations may be under way with it at once, over all targets; nothing there: any number.
    """

    __tablename__ = "credentials"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint("max_parallel between 1 and 1000", name="max_parallel"),
        Index("uq_credentials_name", text("lower(name)"), unique=True),
        Index("ix_credentials_limited", "id", postgresql_where=text("max_parallel is not null")),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    username: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(1000), default="")
    password: Mapped[bytes | None] = mapped_column(LargeBinary)
    private_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    passphrase: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate: Mapped[str | None] = mapped_column(String(8000))
    become_password: Mapped[bytes | None] = mapped_column(LargeBinary)
    public_key_fingerprint: Mapped[str | None] = mapped_column(String(100))
    max_parallel: Mapped[int | None] = mapped_column(SmallInteger)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


SEALED = ("password", "private_key", "passphrase", "become_password")
"""Columns that hold sealed values; a test compares them with the table."""
