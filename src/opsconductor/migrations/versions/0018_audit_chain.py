"""The audit log: chained by hashes, and only added to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TEXTS = {
    "id": "{0}.id::text",
    "created_at": "trunc(extract(epoch from {0}.created_at) * 1000000)::text",
    **{name: f"{{0}}.{name}" for name in ("action", "outcome", "actor_kind")},
    "actor_id": "{0}.actor_id::text",
    **{name: f"{{0}}.{name}" for name in ("actor_name", "actor_via")},
    **{name: f"{{0}}.{name}" for name in ("object_type", "object_id", "object_name")},
    "before": "nullif({0}.before, 'null')::text",
    "after": "nullif({0}.after, 'null')::text",
    **{name: f"{{0}}.{name}" for name in ("address", "request_id")},
}
"""Each column as text, in the order of the canonical form; as in `opsconductor.audit.chain` when this was written.

JSON's null and none at all are one: both are shown alike, and the application has written both.
"""


def _sealed(previous: str, position: str, entry: str) -> str:
    """Return SQL for the hash of an entry at a position after another's hash."""
    texts = [f"({position})::text", *(text.format(entry) for text in TEXTS.values())]
    parts = ", ".join(f"coalesce(length({text}) || ':' || {text} || ',', '-,')" for text in texts)
    return f"sha256({previous} || convert_to(concat({parts}), 'UTF8'))"


CHAIN_WHAT_IS_THERE = f"""
do $chain$
declare
    entry audit_entries;
    place bigint := 0;
    seal bytea := decode(repeat('00', 32), 'hex');
begin
    for entry in select * from audit_entries order by id loop
        place := place + 1;
        seal := {_sealed("seal", "place", "entry")};
        insert into audit_chain (position, entry_id, hash) values (place, entry.id, seal);
    end loop;
    insert into audit_head (position, hash) values (place, seal);
end $chain$
"""  # noqa: S608  # made of names

LINK = f"""
create function audit_link() returns trigger language plpgsql security definer
set search_path = pg_catalog, SCHEMA, pg_temp as $link$
declare
    place bigint;
    seal bytea;
begin
    update audit_head set position = position + 1, hash = {_sealed("hash", "position + 1", "new")}
    returning position, hash into place, seal;
    if place is null then
        raise exception 'the audit log has no head' using errcode = 'data_corrupted';
    end if;
    insert into audit_chain (position, entry_id, hash) values (place, new.id, seal);
    return null;
end $link$
"""  # noqa: S608  # made of names
"""Run at COMMIT: the head is locked from then on until the commit is durable, and no longer."""

REFUSE = """
create function audit_refuse() returns trigger language plpgsql as $refuse$
begin
    raise exception 'the audit log is only added to: % of %', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end $refuse$
"""

TRIGGERS = """
create constraint trigger audit_entries_link after insert on audit_entries
    deferrable initially deferred for each row execute function audit_link();
create trigger audit_entries_refuse before update or delete or truncate on audit_entries
    for each statement execute function audit_refuse();
create trigger audit_chain_refuse before update or delete or truncate on audit_chain
    for each statement execute function audit_refuse();
create trigger audit_chain_by_link_only before insert on audit_chain
    for each statement when (pg_trigger_depth() = 0) execute function audit_refuse();
create trigger audit_head_refuse before insert or delete or truncate on audit_head
    for each statement execute function audit_refuse();
create trigger audit_head_by_link_only before update on audit_head
    for each statement when (pg_trigger_depth() = 0) execute function audit_refuse();
"""


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_chain_entry_id")),
    )
    op.create_table(
        "audit_head",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_audit_head")),
    )
    op.execute("lock table audit_entries in share row exclusive mode")  # no entry may come in between
    op.execute(CHAIN_WHAT_IS_THERE)
    schema = op.get_bind().execute(sa.text("select quote_ident(current_schema())")).scalar_one()
    op.execute(LINK.replace("SCHEMA", schema))
    # A trigger function that anybody may use could be put on a table of theirs, to link what is no entry.
    op.execute("revoke all on function audit_link() from public")
    op.execute(REFUSE)
    op.execute(TRIGGERS)
