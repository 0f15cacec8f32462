"""limits per target and per credential."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for table in ("targets", "credentials"):
        op.add_column(table, sa.Column("max_parallel", sa.SmallInteger(), nullable=True))
        op.create_check_constraint(op.f(f"ck_{table}_max_parallel"), table, "max_parallel between 1 and 1000")
        op.create_index(
            f"ix_{table}_limited",
            table,
            ["id"],
            unique=False,
            postgresql_where=sa.text("max_parallel is not null"),
        )
