"""The bridge as a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
from tests.support.core import Core
from tests.support.servers import free_port

SOURCE = str(Path(__file__).parents[2] / "src")


def _environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": SOURCE, **more}


def test_it_loads_neither_what_reaches_the_database_nor_a_second_http_client() -> None:
    check = (
        "import opsconductor.apps.bridge as b, sys; b.app();"
        "assert not {'sqlalchemy', 'psycopg', 'celery', 'asyncssh', 'httpx'} & set(sys.modules)"
    )
    environment = _environment(REDIS_URL="redis://127.0.0.1:1/0")
    subprocess.run([sys.executable, "-c", check], env=environment, check=True, timeout=60)


def test_it_starts_with_the_address_of_redis_alone_and_not_without(core: Core) -> None:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "opsconductor.apps.bridge:app"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    refused = subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=60)
    redis_url = core.environment["REDIS_URL"]
    process = subprocess.Popen(
        command,
        env=_environment(REDIS_URL=redis_url, PYTHONWARNINGS="always"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        health = _health(port)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=15)

    assert refused.returncode != 0
    assert "REDIS_URL is not set" in refused.stderr
    assert health["service"] == "bridge"
    assert process.returncode in (0, -15)
    assert "Unclosed" not in said


def _health(port: int) -> dict[str, str]:
    deadline = time.monotonic() + 20
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health").json()
        except httpx.ConnectError:
            assert time.monotonic() < deadline, "the bridge does not answer"
            time.sleep(0.1)
