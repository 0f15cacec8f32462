"""`python -m opsconductor.migrations`: bring the database to the newest schema, one process at a time."""

import sys

import structlog
from sqlalchemy import create_engine, make_url

from opsconductor.kit.database import driver_url
from opsconductor.kit.logs import set_up_logs
from opsconductor.kit.settings import settings
from opsconductor.migrations.upgrade import upgrade

log = structlog.get_logger()


def main() -> int:
    """Upgrade; return 0, or let the error end the process."""
    config = settings().require("database_url")
    set_up_logs(config, "migrate")
    services = config.database_url.get_secret_value()
    owner = config.migration_database_url.get_secret_value() or services
    engine = create_engine(driver_url(owner), hide_parameters=True)
    revision = upgrade(engine, make_url(services))
    log.info("migrations.done", revision=revision)
    return 0


if __name__ == "__main__":
    sys.exit(main())
