"""A real core for tests: uvicorn on a free loopback port over a database of its own, and a worker process."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import event, text

from opsconductor.apps.core import create_app
from opsconductor.kit.settings import Settings
from opsconductor.stack import sockets

SECRET_KEY = "5b0c1e7a94d2f36881ab7de0c35f92644e8d70a1b2c3f4956d8e7f0a1b2c3d4e"
SETUP_SECRET = "setup-secret-of-the-tests"
PASSWORD = "correct horse battery"


@dataclass
class Core:
    """A core that answers, and its administrator."""

    url: str
    settings: Settings
    app: FastAPI
    environment: dict[str, str]
    clients: contextlib.AsyncExitStack
    admin: httpx.AsyncClient = field(init=False)

    async def client(self, token: str | None = None) -> httpx.AsyncClient:
        """Return a client of the API; without a token it is nobody's."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx.AsyncClient(base_url=f"{self.url}/api/v3", headers=headers, timeout=40)
        return await self.clients.enter_async_context(client)

    async def sign_in(self, username: str, password: str = PASSWORD) -> httpx.AsyncClient:
        """Return a client that is signed in by access token (no cookie)."""
        client = await self.client()
        answer = await client.post("/auth/login", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        return await self.client(answer.json()["access_token"])

    async def user(self, role: str, username: str | None = None) -> httpx.AsyncClient:
        """Add a user with this role, and return a client signed in as it."""
        name = username or f"{role}-{os.urandom(3).hex()}"
        wanted = {"username": name, "password": PASSWORD, "role": role}
        answer = await self.admin.post("/users", json=wanted)
        assert answer.status_code == 201, answer.text
        return await self.sign_in(name)


class _Server(uvicorn.Server):
    """Leaves signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: FastAPI, also_at: Path | None = None) -> AsyncIterator[str]:
    """Serve an application on a free loopback port, and at this Unix socket; yield its address."""
    bound = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio asks for it before it sets TCP_NODELAY
    bound.bind(("127.0.0.1", 0))
    at_socket = [sockets.listening(also_at)] if also_at else []
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound, *at_socket]))
    while not server.started:
        assert not task.done(), "the server ended before it began"
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        for one in (bound, *at_socket):
            one.close()


def environment_of(database_url: str, redis_url: str, home: Path) -> dict[str, str]:
    """Return the environment of our processes over these servers."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": SECRET_KEY,
        "OPSCONDUCTOR_STORAGE_DIR": str(home / "storage"),
        "OPSCONDUCTOR_SETUP_SECRET_FILE": str(home / "setup.secret"),
    }


@contextlib.asynccontextmanager
async def running_core(database_url: str, redis_url: str, home: Path, **more: str) -> AsyncIterator[Core]:
    """Run a core without users; its set-up secret is `SETUP_SECRET`."""
    environment = environment_of(database_url, redis_url, home) | more
    Path(environment["OPSCONDUCTOR_SETUP_SECRET_FILE"]).write_text(SETUP_SECRET)
    config = Settings.model_validate(environment)
    app = create_app(config)
    async with contextlib.AsyncExitStack() as clients, serving(app) as url:
        core = Core(url, config, app, environment, clients)
        try:
            yield core
        finally:
            await clients.aclose()


async def set_up(core: Core) -> None:
    """Make the first administrator, `admin`."""
    client = await core.client()
    wanted = {"setup_secret": SETUP_SECRET, "username": "admin", "password": PASSWORD}
    answer = await client.post("/setup", json=wanted)
    assert answer.status_code == 201, answer.text
    core.admin = await core.client(answer.json()["access_token"])


async def every_row(core: Core) -> list[str]:
    """Return every row of every table, as text."""
    await core.app.state.units.settle()
    async with core.app.state.units.sessions() as session:
        tables = "select table_name from information_schema.tables where table_schema = 'public'"
        names = (await session.scalars(text(tables))).all()
        rows = [
            f"{name} {row[0]}"
            for name in names
            for row in await session.execute(text(f'select t::text from "{name}" t'))  # noqa: S608
        ]
    return sorted(rows)


@pytest.fixture(scope="module")
async def core(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Core]:
    """A core with its administrator, one for each test module."""
    async with running_core(database_url, redis_url, tmp_path_factory.mktemp("core")) as running:
        await set_up(running)
        yield running


@pytest.fixture
def outage(core: Core) -> Iterator[None]:
    """The core's database ends all connections and takes no new ones."""
    url = urlsplit(core.environment["DATABASE_URL"])
    name = url.path.strip("/")
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f"alter database {name} allow_connections false")
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        yield
        server.execute(f"alter database {name} allow_connections true")


class Process:
    """A process of ours, beside the core."""

    def __init__(self, arguments: list[str], environment: dict[str, str], home: Path) -> None:
        self.ready = home / f"{os.urandom(4).hex()}.ready"
        self.log = self.ready.with_suffix(".log")
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        source = str(Path(__file__).parents[2] / "src")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                env={
                    **inherited,
                    **environment,
                    "PYTHONPATH": source,
                    "OPSCONDUCTOR_READY_FILE": str(self.ready),
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def wait_until_ready(self, seconds: float = 90) -> None:
        """Return once it works; end it, and raise with its log, where it does not."""
        deadline = time.monotonic() + seconds
        while not self.ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"not ready:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)

    def wait_until_said(self, event: str, seconds: float = 30) -> None:
        """Return once it has logged this; raise with its log where it does not."""
        deadline = time.monotonic() + seconds
        while not any(line["event"] == event for line in self.lines):
            assert time.monotonic() < deadline, f"did not say {event}:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 25) -> int:
        """Ask for its end; return its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it logged."""
        whole, _, _ = self.log.read_text().rpartition("\n")  # the last line may be on its way
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]


WORKER = [
    *("-m", "celery", "-A", "opsconductor.apps.worker:app", "worker", "-P", "threads", "-c", "2"),
    *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
]
BEAT = ["-m", "opsconductor.apps.beat"]


def start_worker(core: Core, home: Path, **more: str) -> Process:
    """Start a worker for this core."""
    return Process(WORKER, core.environment | more, home)


@pytest.fixture(scope="module")
def worker(core: Core, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A worker process for the module's core."""
    process = start_worker(core, tmp_path_factory.mktemp("worker"))
    process.wait_until_ready()
    yield process
    process.stop()


@pytest.fixture
def statements(core: Core) -> Iterator[list[str]]:
    """What the core says to its database, as it says it."""
    said: list[str] = []
    engine = core.app.state.units.sessions.kw["bind"].sync_engine

    def hear(*arguments: Any) -> None:
        said.append(arguments[2])

    event.listen(engine, "before_cursor_execute", hear)
    yield said
    event.remove(engine, "before_cursor_execute", hear)
