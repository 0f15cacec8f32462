"""workflow tokens have a name."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # Until now there were only those that come of a user name and a password.
    name = sa.Column("name", sa.String(length=100), server_default="Sign-in by password", nullable=False)
    op.add_column("workflow_tokens", name)
    op.alter_column("workflow_tokens", "name", server_default=None)
