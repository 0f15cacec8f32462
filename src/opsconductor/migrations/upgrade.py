"""Running migrations: under a lock, in one transaction, so that a failed one changes nothing."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, text

from opsconductor.migrations import roles

LOCK = 7_311_000  # two migrators at once: the second waits, and finds nothing to do
HERE = Path(__file__).parent


def configuration() -> Config:
    """Return alembic's configuration; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return config


def newest() -> str | None:
    """Return the newest revision this code knows."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def upgrade(engine: Engine, services: URL | None = None) -> str | None:
    """Bring the database to the newest revision, and return it.

    `services` is the address that services have: where it names another role than the engine's, that one is let in.
    """
    config = configuration()
    with engine.begin() as connection:
        connection.execute(text("set local lock_timeout = '10s'"))
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if services is not None and services.username != engine.url.username:
            roles.let_in(connection, services)
        return MigrationContext.configure(connection).get_current_revision()
