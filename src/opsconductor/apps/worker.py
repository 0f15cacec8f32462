"""The worker: a Celery process whose engine works on targets in one event loop. `app` is what Celery loads."""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import structlog
import uvloop
from celery.signals import setup_logging, worker_ready, worker_shutting_down

from opsconductor.auth import models as _users  # noqa: F401  # what is stored here refers to its table
from opsconductor.credentials.vault import Vault
from opsconductor.executions.engine import Engine
from opsconductor.executions.service import WAKE
from opsconductor.kit.database import connect, each_statement_by_itself, sessions
from opsconductor.kit.garbage import leave_out_what_is_here
from opsconductor.kit.live import Hints
from opsconductor.kit.logs import set_up_logs
from opsconductor.kit.queue import CelerySender, celery_app
from opsconductor.kit.settings import Settings, settings
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.storage.courier import Courier
from opsconductor.storage.folder import Folder
from opsconductor.transports import PooledTransport, PoolLimits
from opsconductor.transports.base import Transport
from opsconductor.transports.ssh import SshTransport

log = structlog.get_logger()

config = settings().require("database_url", "redis_url", "secret_key")
app = celery_app(config)


class EngineThread:
    """Runs the engine beside Celery's own threads."""

    def __init__(self, config: Settings, transport: Callable[[], Transport] = SshTransport) -> None:
        self._config = config
        self._transport = transport
        self._thread = threading.Thread(target=self._run, name="engine")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine: Engine | None = None

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Look for work now; callable from any thread."""
        if self._loop and self._engine and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._engine.wake)

    def stop(self) -> None:
        """Stop claiming; the process ends when what is under way has ended or was handed over."""
        if self._loop and self._engine and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._engine.stop)

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            uvloop.run(self._serve())  # an eighth less CPU for an operation than asyncio's own loop
        except BaseException:  # the door of the thread: without its engine the worker is useless
            log.exception("engine.died")
            os._exit(1)  # the supervisor starts a new one; leases end by themselves

    async def _serve(self) -> None:
        database = connect(self._config)
        hints = Hints(self._config)
        hints.start()
        vault = Vault(self._config.secret_key.get_secret_value())
        units = UnitsOfWork(sessions(database), CelerySender(app))
        # 0 s keep nothing: whatever comes back is too old at once.
        warm = PooledTransport(self._transport(), PoolLimits(idle=self._config.warm_seconds))
        courier = Courier(Folder.of(self._config), self._config.storage_cache_bytes)
        reads = sessions(each_statement_by_itself(database))
        self._engine = Engine(self._config, units, reads, warm, vault, hints, courier.folder)
        self._loop = asyncio.get_running_loop()
        if self._config.ready_file:
            self._config.ready_file.touch()
        log.info("worker.ready", worker=self._engine.name)
        async with warm, courier.at_work():
            await self._engine.run()
        log.info("worker.connections", opened=warm.figures.opened, reused=warm.figures.reused)
        await hints.stop()
        await database.dispose()


engine = EngineThread(config)


@app.task(name=WAKE)
def wake(execution_id: str) -> None:
    """There is something to claim; what it is, PostgreSQL knows."""
    engine.wake()


@setup_logging.connect
def log_our_way(**_: Any) -> None:
    """Keep Celery from setting up logs its own way."""
    set_up_logs(config, "worker")


@worker_ready.connect
def begin(**_: Any) -> None:
    leave_out_what_is_here()
    engine.start()


@worker_shutting_down.connect
def end(**_: Any) -> None:
    engine.stop()
