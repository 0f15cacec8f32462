"""The embedded stack as a list of services: what runs, with which settings, after what."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT

from opsconductor.stack import bucket, given, nginx, nodered, ports, postgres, probes, user, valkey
from opsconductor.stack.folders import DataDir, write_private
from opsconductor.stack.services import Service

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE")
"""What services may know of our own environment; everything else, secrets above all, stays here."""
MIGRATION_DATABASE_URL = "OPSCONDUCTOR_MIGRATION_DATABASE_URL"
PYTHON = [sys.executable, "-m"]
UVICORN = ["--no-access-log", "--timeout-graceful-shutdown", "2", "--log-level", "warning"]
CELERY = ["-P", "threads", "-c", "2", "--without-gossip", "--without-mingle", "--without-heartbeat"]


@dataclass(frozen=True)
class Layout:
    """A prepared installation: its folder, its ports, and where its two servers are."""

    data: DataDir
    ports: Mapping[str, int]
    database_url: str
    migration_database_url: str
    """The same as the owner of its tables; empty where nobody gave one."""
    redis_url: str
    own_postgres: bool
    own_valkey: bool
    nodered: nodered.Plan
    bucket: Mapping[str, str] = field(default_factory=dict)
    """What those that use a bucket are told of it."""
    given: Mapping[str, str] = field(default_factory=dict)
    """What our own environment gives every Python service."""

    @property
    def public_url(self) -> str:
        """Where people find it."""
        return f"http://{ports.LOOPBACK}:{self.ports['public']}"


def lay_out(data: DataDir, wanted_port: int | None = None) -> Layout:
    """Choose ports, make secrets and the database cluster. Raises StackProblem."""
    wanted = {"public": wanted_port} if wanted_port else {}
    chosen = ports.choose(data.run / ports.MEMORY, wanted)
    given_database, given_redis = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if not given_database:
        postgres.initialise(data.root / "postgres", data.secret("postgres_password"))
    database_url, migration_database_url = _databases(data, chosen["postgres"])
    layout = Layout(
        data,
        chosen,
        database_url,
        migration_database_url,
        given_redis or valkey.url(chosen["valkey"], data.secret("valkey_password")),
        own_postgres=not given_database,
        own_valkey=not given_redis,
        nodered=nodered.plan(data),
        bucket=bucket.environment(data),
        given=given.environment(),
    )
    write_private(data.secrets / "database_url", layout.database_url)
    write_private(data.secrets / MIGRATION_DATABASE_URL.lower(), layout.migration_database_url)
    write_private(data.secrets / "redis_url", layout.redis_url)
    data.secret("secret_key")
    return layout


def _databases(data: DataDir, port: int) -> tuple[str, str]:
    """Return the address of the database for services, and the one for migrations."""
    if given_database := os.environ.get("DATABASE_URL"):
        return given_database, os.environ.get(MIGRATION_DATABASE_URL, "")
    services = postgres.url(port, data.secret("postgres_services_password"), role=postgres.SERVICES)
    return services, postgres.url(port, data.secret("postgres_password"))


def services(layout: Layout, *, with_fleet: bool = False) -> list[Service]:
    """Return everything the stack is made of, in the order of its start."""
    servers = [*_postgres(layout), *_valkey(layout)]
    after_servers = [service.name for service in servers]
    found = [*servers, _migrations(layout, after_servers)]
    found += [_core(layout), _bridge(layout, after_servers), _worker(layout), _beat(layout)]
    found += [_nodered(layout), _nginx(layout)]
    if with_fleet:
        found.append(fleet(layout))
    return found


def _postgres(layout: Layout) -> list[Service]:
    if not layout.own_postgres:
        return []
    return [
        Service(
            "postgres",
            postgres.command(layout.data.root / "postgres", layout.ports["postgres"]),
            _environment(layout),
            ready=probes.postgres(layout.migration_database_url),
            stop_signal=SIGINT,
        )
    ]


def _valkey(layout: Layout) -> list[Service]:
    if not layout.own_valkey:
        return []
    password, port = layout.data.secret("valkey_password"), layout.ports["valkey"]
    command = valkey.command(layout.data.root / "valkey", port, password)
    return [Service("valkey", command, _environment(layout), ready=probes.valkey(port, password))]


def _migrations(layout: Layout, after: list[str]) -> Service:
    environment = _environment(layout, "DATABASE_URL", MIGRATION_DATABASE_URL)
    return Service("migrations", [*PYTHON, "opsconductor.migrations"], environment, after=after)


def _core(layout: Layout) -> Service:
    port = layout.ports["core"]
    return Service(
        "core",
        [*PYTHON, "uvicorn", "--factory", "opsconductor.apps.core:app", "--port", str(port), *UVICORN],
        _environment(
            layout,
            "DATABASE_URL",
            "REDIS_URL",
            "SECRET_KEY",
            OPSCONDUCTOR_SETUP_SECRET_FILE=str(layout.data.setup_secret),
            **layout.nodered.environment(),
            **layout.bucket,
        ),
        ready=probes.http(port),
        after=["migrations"],
    )


def _bridge(layout: Layout, after: list[str]) -> Service:
    port = layout.ports["bridge"]
    return Service(
        "bridge",
        [*PYTHON, "opsconductor.apps.serve", "opsconductor.apps.bridge:app", "--port", str(port)],
        _environment(layout, "REDIS_URL"),
        ready=probes.http(port),
        listen=layout.nodered.bridge_socket,
        after=after,
    )


def _worker(layout: Layout) -> Service:
    ready = layout.data.run / "worker.ready"
    return Service(
        "worker",
        [*PYTHON, "celery", "-A", "opsconductor.apps.worker:app", "worker", *CELERY, "--loglevel", "WARNING"],
        _environment(
            layout,
            *("DATABASE_URL", "REDIS_URL", "SECRET_KEY"),
            OPSCONDUCTOR_READY_FILE=str(ready),
            **layout.bucket,
        ),
        ready=probes.file(ready),
        forget=ready,
        after=["migrations"],
        stop_seconds=20,
    )


def _beat(layout: Layout) -> Service:
    ready = layout.data.run / "beat.ready"
    return Service(
        "beat",
        [*PYTHON, "opsconductor.apps.beat"],
        _environment(
            layout,
            *("DATABASE_URL", "REDIS_URL", "SECRET_KEY"),
            OPSCONDUCTOR_READY_FILE=str(ready),
            **layout.bucket,
        ),
        ready=probes.file(ready),
        forget=ready,
        after=["migrations"],
    )


def _nodered(layout: Layout) -> Service:
    return nodered.service(layout.data, layout.nodered, layout.ports["bridge"], layout.public_url)


def _nginx(layout: Layout) -> Service:
    home, port = layout.data.root / "nginx", layout.ports["public"]
    home.mkdir(mode=0o700, exist_ok=True)
    config = home / "nginx.conf"
    # Named as seen from its folder: an address has little room.
    socket = nodered.socket_of(layout.data)
    config.write_text(nginx.local(home, nginx.web_app(), layout.ports, f"unix:{socket.name}"))
    return Service(
        "nginx",
        nginx.command(config),
        _environment(layout),
        ready=probes.http(port, "/"),
        folder=socket.parent,
        after=["core"],
    )


def fleet(layout: Layout) -> Service:
    """Return the demo fleet as a service."""
    ready = layout.data.run / "fleet.ready"
    return Service(
        "fleet",
        [*PYTHON, "opsconductor.stack.fleet", "--data-dir", str(layout.data.root)],
        _environment(layout, OPSCONDUCTOR_READY_FILE=str(ready)),
        ready=probes.file(ready),
        forget=ready,
    )


def _environment(layout: Layout, *secrets: str, **more: str) -> dict[str, str]:
    """Return the environment of a Python service; secrets come as names of private files."""
    known = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **known,
        **layout.given,
        "LOGNAME": user.name(),  # the SSH library insists on one
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONUNBUFFERED": "1",
        "OPSCONDUCTOR_BACKEND_URL": f"http://{ports.LOOPBACK}:{layout.ports['core']}",
        "OPSCONDUCTOR_API_URL": f"http://{ports.LOOPBACK}:{layout.ports['bridge']}",
        "OPSCONDUCTOR_PUBLIC_URL": layout.public_url,
        "OPSCONDUCTOR_STORAGE_DIR": str(layout.data.root / "storage"),
        **{f"{name}_FILE": str(layout.data.secrets / name.lower()) for name in secrets},
        **more,
    }
