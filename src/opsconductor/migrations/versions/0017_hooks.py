"""hooks, each closed until somebody says how requests to it prove themselves."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SERVED = r"""
insert into hooks (id, method, path, flow_id, flow_name, node_id, node_name, user_id, served)
select distinct on (method, path)
    gen_random_uuid(), method, path, flow_id, flow_name, left(node ->> 'id', 255),
    left(coalesce(node ->> 'name', ''), 255), user_id, true
from nodered_flows
cross join lateral jsonb_array_elements(flow_data) as node
cross join lateral (
    select upper(node ->> 'method') as method, '/' || ltrim(node ->> 'url', '/') as path
) as served
where is_active and node ->> 'type' = 'http in' and node ->> 'url' <> '' and length(path) <= 500
    and method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE') and node ->> 'url' !~ '^\$\{\S+\}$'
    and not coalesce((node ->> 'd')::boolean, false)
    and not exists (
        select from jsonb_array_elements(flow_data) as tab
        where tab ->> 'type' = 'tab' and coalesce((tab ->> 'disabled')::boolean, false)
    )
order by method, path, flow_name
"""
"""What is deployed appears at once, not only with the next deploy."""


def _instant(name: str, *, always: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not always)


def _created() -> sa.Column[Any]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "hooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("protection", sa.String(length=10), nullable=True),
        sa.Column("flow_id", sa.String(length=255), nullable=True),
        sa.Column("flow_name", sa.String(length=255), nullable=True),
        sa.Column("node_id", sa.String(length=255), nullable=True),
        sa.Column("node_name", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("served", sa.Boolean(), nullable=False),
        _instant("last_used_at"),
        _instant("last_refused_at"),
        sa.Column("last_refusal", sa.String(length=30), nullable=True),
        _created(),
        sa.CheckConstraint("method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')", name="ck_hooks_method"),
        sa.CheckConstraint("protection in ('token', 'hmac', 'github', 'open')", name="ck_hooks_protection"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_hooks_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hooks")),
        sa.UniqueConstraint("method", "path", name=op.f("uq_hooks_method")),
    )
    op.create_index("ix_hooks_flow_id", "hooks", ["flow_id"], unique=False)
    op.create_index("ix_hooks_user_id", "hooks", ["user_id"], unique=False)
    op.create_table(
        "hook_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hook_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        _created(),
        _instant("last_used_at"),
        _instant("ends_at"),
        sa.CheckConstraint("(token_hash is null) <> (sealed is null)", name="ck_hook_secrets_one_form"),
        sa.ForeignKeyConstraint(
            ["hook_id"], ["hooks.id"], name=op.f("fk_hook_secrets_hook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_secrets")),
    )
    op.create_index("ix_hook_secrets_hook_id", "hook_secrets", ["hook_id"], unique=False)
    op.create_table(
        "hook_deliveries",
        sa.Column("hook_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _instant("expires_at", always=True),
        sa.ForeignKeyConstraint(
            ["hook_id"], ["hooks.id"], name=op.f("fk_hook_deliveries_hook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hook_id", "digest", name=op.f("pk_hook_deliveries")),
    )
    op.create_index("ix_hook_deliveries_expires_at", "hook_deliveries", ["expires_at"], unique=False)
    op.execute(SERVED)
