"""Called by alembic: runs migrations on the connection it is given."""

from alembic import context

from opsconductor.migrations.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    transaction_per_migration=False,
    compare_type=True,
)
context.run_migrations()
