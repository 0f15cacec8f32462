"""What an execution's commands and scripts are given: parameters, their values, secret ones sealed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    jsonb = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("executions", sa.Column("parameters", jsonb, nullable=False, server_default="{}"))
    op.add_column("executions", sa.Column("variables", jsonb, nullable=False, server_default="{}"))
    op.add_column("executions", sa.Column("secret_variables", sa.LargeBinary()))


def downgrade() -> None:
    for name in ("parameters", "variables", "secret_variables"):
        op.drop_column("executions", name)
