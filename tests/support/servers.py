"""Real servers for tests: PostgreSQL and Valkey from the embedded stack, one of each per test run."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from opsconductor.kit.database import driver_url
from opsconductor.migrations.upgrade import upgrade
from opsconductor.stack import ports, postgres, valkey

TEMPLATE = "template_of_tests"
UNSAFE_BUT_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with ports.reserve() as bound:
        return ports.port_of(bound)


@pytest.fixture(scope="session")
def postgres_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A PostgreSQL server with a migrated template database."""
    home = tmp_path_factory.mktemp("postgres")
    postgres.initialise(home / "data", "pw")
    port = free_port()
    with (home / "log").open("wb") as log:
        command = postgres.command(home / "data", port, UNSAFE_BUT_QUICK)
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, server, home / "log")
        _make_template(port)
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with psycopg.connect(postgres.url(port, "pw"), connect_timeout=2):
                return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(log.read_text()) from None
            time.sleep(0.02)


def _make_template(port: int) -> None:
    _administer(port, f"create database {TEMPLATE}")
    engine = create_engine(driver_url(postgres.url(port, "pw", TEMPLATE)))
    upgrade(engine)
    engine.dispose()


def _administer(port: int, statement: str) -> None:
    with psycopg.connect(postgres.url(port, "pw", "postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="module")
def database_url(postgres_port: int) -> Iterator[str]:
    """An empty, migrated database of its own for each test module."""
    name = f"test_{secrets.token_hex(6)}"
    _administer(postgres_port, f"create database {name} template {TEMPLATE}")
    yield postgres.url(postgres_port, "pw", name)
    _administer(postgres_port, f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey server."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@contextlib.contextmanager
def running_valkey(home: Path, *more: str) -> Iterator[str]:
    """Run a Valkey server whose configuration ends with these words; yield its address."""
    port = free_port()
    server = subprocess.Popen(
        [*valkey.command(home, port, "pw"), *more],
        stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"]},
    )
    try:
        wait_for_port(port, server, "Valkey")
        yield valkey.url(port, "pw")
    finally:
        server.terminate()
        server.wait(10)


def wait_for_port(port: int, server: subprocess.Popen[bytes], name: str, seconds: float = 10) -> None:
    """Return once a server takes connections."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert server.poll() is None, f"{name} ended"
            assert time.monotonic() < deadline, f"{name} does not answer"
            time.sleep(0.02)
        else:
            return
