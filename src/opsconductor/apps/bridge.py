"""The bridge service: between Node-RED and the core. `app` is what uvicorn serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from opsconductor.bridge import (
    deploy_routes,
    editor_routes,
    hook_routes,
    library_routes,
    reporting_routes,
    routes,
    run_routes,
    storage_routes,
    template_routes,
    wait_routes,
)
from opsconductor.bridge.core import Refused, refused
from opsconductor.bridge.state import Bridge
from opsconductor.contracts.hooks import HOOK_LIMIT
from opsconductor.kit.garbage import leave_out_what_is_here
from opsconductor.kit.http import service_app
from opsconductor.kit.live import Hints
from opsconductor.kit.logs import set_up_logs
from opsconductor.kit.settings import Settings, settings

FLOWS_LIMIT = 16 * 1024 * 1024  # bytes; a deploy carries all flows, and the core takes as many; so with runs
RUNS_LIMIT = 8 * 1024 * 1024  # bytes
WAIT_LIMIT = 2 * 1024 * 1024  # bytes
MESSAGE_LIMIT = 64 * 1024 * 1024  # bytes of a message that becomes a file; it was in Node-RED's memory before
BODY_LIMITS = {
    "/api/nodered/storage/": FLOWS_LIMIT,
    "/api/nodered/runs": RUNS_LIMIT,
    "/api/nodered/waits": WAIT_LIMIT,
    "/api/nodered/hooks/": HOOK_LIMIT,
    "/api/workflow/files": MESSAGE_LIMIT,
}
NEEDED = ("redis_url",)


def create_app(config: Settings) -> FastAPI:
    """Return the bridge for these settings. Who may do what, the core decides, request by request."""
    app = service_app(
        "bridge",
        title="OpsConductor bridge",
        body_limits=BODY_LIMITS,
        lifespan=lifespan,
    )
    app.state.settings = config
    app.add_exception_handler(Refused, refused)
    for router in (
        routes.health,
        editor_routes.router,
        storage_routes.router,
        run_routes.router,
        wait_routes.router,
        hook_routes.router,
        template_routes.storage,
    ):
        app.include_router(router)
    if config.enable_workflow_api:
        app.include_router(routes.api)
        app.include_router(library_routes.router)
        app.include_router(reporting_routes.router)
        app.include_router(template_routes.router)
        app.include_router(deploy_routes.router)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the connections, and close them in the end."""
    config: Settings = app.state.settings
    bridge = Bridge(config, Hints(config))
    bridge.start()
    app.state.bridge = bridge
    yield
    await bridge.stop()


def app() -> FastAPI:
    """Return the bridge for this process's environment (uvicorn's --factory)."""
    config = settings().require(*NEEDED)
    set_up_logs(config, "bridge")
    made = create_app(config)
    leave_out_what_is_here()
    return made
