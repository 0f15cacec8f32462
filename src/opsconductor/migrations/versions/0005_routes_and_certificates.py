"""routes and certificates: jump hosts and outdated algorithms of targets, certificates and sudo passwords."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("targets", sa.Column("jump_target_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_targets_jump_target_id"),
        "targets",
        "targets",
        ["jump_target_id"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_index(op.f("ix_targets_jump_target_id"), "targets", ["jump_target_id"])
    op.add_column(
        "targets", sa.Column("legacy_algorithms", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.alter_column("targets", "legacy_algorithms", server_default=None)  # it was for the present rows
    op.add_column("credentials", sa.Column("certificate", sa.String(length=8000), nullable=True))
    op.add_column("credentials", sa.Column("become_password", sa.LargeBinary(), nullable=True))
