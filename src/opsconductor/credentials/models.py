"""The table of credentials: what is secret is sealed, and has no other form here."""

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsconductor.kit.database import Base, CreatedAt, Id, UpdatedAt

KINDS = ("password", "ssh_key")


class Credential(Base):
    """A user name with a password or a private key; a certificate goes with the key, and is not secret.

    `become_password` is for a command that becomes somebody else (sudo), not for signing in.
    """

    __tablename__ = "credentials"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        Index("uq_credentials_name", text("lower(name)"), unique=True),
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
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


SEALED = ("password", "private_key", "passphrase", "become_password")
"""Columns that hold sealed values; a test compares them with the table."""
