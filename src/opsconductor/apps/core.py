"""The core service: composes the domains into one application. `app` is what uvicorn serves."""

import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from opsconductor import __version__
from opsconductor.audit import following
from opsconductor.audit.chain_routes import router as audit_chain
from opsconductor.audit.routes import router as audit
from opsconductor.auth.guard import Guard, guard
from opsconductor.auth.repository import administrator_exists
from opsconductor.auth.routes import internal as auth_internal
from opsconductor.auth.routes import router as auth
from opsconductor.auth.token_routes import router as workflow_tokens
from opsconductor.auth.tokens import random_token
from opsconductor.calendars.routes import of_targets as windows_of_targets
from opsconductor.calendars.routes import router as calendars
from opsconductor.contracts.hooks import HOOK_LIMIT
from opsconductor.credentials.routes import router as credentials
from opsconductor.credentials.vault import Vault
from opsconductor.executions.output_routes import router as outputs
from opsconductor.executions.routes import router as executions
from opsconductor.executions.service import Admission
from opsconductor.executions.watching import Lookout
from opsconductor.files.routes import router as files
from opsconductor.files.storage import Storage
from opsconductor.hooks.check_routes import internal as hooks_internal
from opsconductor.hooks.checking import Checker
from opsconductor.hooks.routes import router as hooks
from opsconductor.kit.access import public
from opsconductor.kit.branch import Branch
from opsconductor.kit.database import connect, each_statement_by_itself, sessions
from opsconductor.kit.errors import Unavailable
from opsconductor.kit.garbage import leave_out_what_is_here
from opsconductor.kit.http import only_known_parameters, problem, service_app
from opsconductor.kit.live import Hints
from opsconductor.kit.logs import set_up_logs
from opsconductor.kit.queue import CelerySender, celery_app
from opsconductor.kit.rate import RateLimit
from opsconductor.kit.refusals import unavailable
from opsconductor.kit.settings import Settings, settings
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.notifications.channel_routes import router as notification_channels
from opsconductor.notifications.dispatch import Senders
from opsconductor.notifications.routes import router as notifications
from opsconductor.runs.routes import internal as runs_internal
from opsconductor.runs.routes import router as runs
from opsconductor.runs.wait_routes import router as waits
from opsconductor.scripts.routes import router as scripts
from opsconductor.storage.courier import Courier
from opsconductor.storage.folder import Folder
from opsconductor.targets.repository import uses_of_credentials
from opsconductor.targets.routes import router as targets
from opsconductor.templates import shipping
from opsconductor.templates.routes import router as templates
from opsconductor.transports.ssh import SshTransport
from opsconductor.workflows.api_routes import router as workflow_api
from opsconductor.workflows.deploy_routes import router as deploys
from opsconductor.workflows.exchange_routes import router as exchange
from opsconductor.workflows.figures import BOX
from opsconductor.workflows.library_routes import router as workflow_library
from opsconductor.workflows.reporting_routes import router as workflow_reporting
from opsconductor.workflows.repository import owner_of
from opsconductor.workflows.routes import router as workflows
from opsconductor.workflows.storage_routes import router as workflow_storage

log = structlog.get_logger()

FLOWS_LIMIT = 16 * 1024 * 1024  # bytes; a deploy carries all flows
FILES = "/api/v3/files"
RUNS_LIMIT = 8 * 1024 * 1024  # bytes; a report of many runs with many steps
WAIT_LIMIT = 2 * 1024 * 1024  # bytes; a message that a node holds, of which it takes half as much
TAB_LIMIT = 3 * 1024 * 1024  # bytes; a tab with what it uses, of which documents.py takes 2 MiB
BODY_LIMITS = {
    "/internal/storage/": FLOWS_LIMIT,
    "/internal/runs": RUNS_LIMIT,
    "/internal/waits": WAIT_LIMIT,
    "/internal/hooks/": HOOK_LIMIT,
    "/api/v3/workflows/import": TAB_LIMIT,
    "/api/v3/workflow-templates": TAB_LIMIT,
}
NEEDED = ("database_url", "redis_url", "secret_key")

health = Branch(tags=["health"])


@health.get("/health")
@public
async def health_check(request: Request) -> dict[str, str]:
    """Tell whether the core and its database answer."""
    try:
        async with request.app.state.units.sessions() as session:
            await session.execute(text("select 1"))
    except Exception as error:
        log.warning("health.database_away", reason=type(error).__name__)
        raise Unavailable("The database does not answer.") from error
    return {"status": "ok", "service": "core", "version": __version__, **_storage(request.app.state.courier)}


def _storage(courier: Courier) -> dict[str, str]:
    """Say of a bucket whether it could be reached last: nothing is lost meanwhile, so the core is well all the same."""
    if courier.folder.bucket is None:
        return {}
    return {"storage": "away" if courier.trouble or courier.folder.unreachable else "ok"}


def create_app(config: Settings) -> FastAPI:
    """Return the core for these settings. Every route passes the guard; none is open by being forgotten."""
    app = service_app(
        "core",
        title="OpsConductor",
        body_limits=BODY_LIMITS | {FILES: config.file_limit},
        lifespan=lifespan,
    )
    app.state.settings = config
    for error in (OperationalError, PoolTimeout):
        app.add_exception_handler(error, _database_away)
    guarded = [Depends(guard), Depends(only_known_parameters)]
    # outputs before executions: /executions/compare is no execution's id
    people = (auth, workflow_tokens, notifications, notification_channels)
    nouns = (targets, windows_of_targets, calendars, credentials, scripts, files, outputs, executions)
    log_of_deeds = (audit_chain, audit)
    flows = (workflows, exchange, deploys, hooks, templates, runs)
    if config.enable_workflow_api:
        for router in (workflow_api, workflow_library, workflow_reporting):
            app.include_router(router, prefix="/api", dependencies=guarded)
    for router in (waits, runs_internal, hooks_internal, workflow_storage, auth_internal, health):
        app.include_router(router, dependencies=guarded)
    for router in (*people, *nouns, *log_of_deeds, *flows):
        app.include_router(router, prefix="/api/v3", dependencies=guarded)
    return app


async def _database_away(request: Request, error: Exception) -> JSONResponse:
    """Answer for what runs outside of a unit of work: finding out who asks."""
    away = unavailable(error)
    return problem(request, away.status, away.code, away.detail, headers=away.headers)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open what requests need, and close it in reverse order."""
    config: Settings = app.state.settings
    engine = connect(config)
    hints = Hints(config)
    hints.start()
    secret = config.secret_key.get_secret_value()
    units = UnitsOfWork(sessions(engine), CelerySender(celery_app(config)), hints)
    app.state.units = units
    rate = RateLimit(config, "core")
    reads = sessions(each_statement_by_itself(engine))
    app.state.guard = Guard(config, reads, owner_of, rate)
    app.state.vault = Vault(secret)
    app.state.hook_checker = Checker(app.state.vault, rate, config.hook_rate)
    app.state.transport = SshTransport()
    courier = Courier(Folder.of(config), config.storage_cache_bytes)
    app.state.courier, app.state.folder = courier, courier.folder
    app.state.files = Storage(courier.folder)
    app.state.files.sweep()
    app.state.senders = Senders(config, app.state.vault)
    app.state.hints = hints
    app.state.credential_uses = uses_of_credentials
    app.state.admission = Admission(config.open_executions, config.open_operations)
    app.state.lookout = Lookout(units, reads, hints, courier.folder)
    BOX.labels(config.nodered_box or "unknown").set(1)
    await _look_after_setup_secret(units, config)
    async with units.begin(shipping.BY_THE_PRODUCT) as uow:
        await shipping.bring_up_to_date(uow)
    async with courier.at_work(), following.at_work(reads):
        yield
    await units.settle()
    await rate.close()
    await hints.stop()
    await engine.dispose()


async def _look_after_setup_secret(units: UnitsOfWork, config: Settings) -> None:
    """Make the one-time set-up secret while there is no administrator; remove one that has done its work."""
    path = config.setup_secret_file
    if path is None:
        return
    async with units.begin() as uow:
        done = await administrator_exists(uow.session)
    if done:
        path.unlink(missing_ok=True)
        return
    with contextlib.suppress(FileExistsError):  # an earlier start's, or made by another core just now
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(random_token())


def app() -> FastAPI:
    """Return the core for this process's environment (uvicorn's --factory)."""
    config = settings().require(*NEEDED)
    set_up_logs(config, "core")
    made = create_app(config)
    leave_out_what_is_here()
    return made
