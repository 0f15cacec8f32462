"""who deployed what, and why."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    table = "nodered_deploys"
    op.add_column(table, sa.Column("username", sa.String(length=200), nullable=True))
    op.execute("update nodered_deploys d set username = u.username from users u where u.id = d.user_id")
    op.execute("update nodered_deploys set username = '' where username is null")
    op.alter_column(table, "username", nullable=False)
    op.add_column(table, sa.Column("message", sa.Text(), server_default="", nullable=False))
    changes = postgresql.JSONB(astext_type=sa.Text())
    op.add_column(table, sa.Column("changes", changes, server_default=sa.text("'[]'"), nullable=False))
