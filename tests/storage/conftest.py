"""A core whose folder begins empty, beside a worker whose folder is elsewhere, and the bucket between them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from tests.support.core import Core, Process, running_core, set_up, start_worker
from tests.support.registered import Registered, register
from tests.support.s3 import TestBucket, private_folder
from tests.support.sshd import running_sshd


@pytest.fixture(scope="module")
async def core(
    database_url: str, redis_url: str, bucket: TestBucket, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Core]:
    home = tmp_path_factory.mktemp("core")
    async with running_core(database_url, redis_url, home, **bucket.environment) as running:
        await set_up(running)
        yield running


@pytest.fixture(scope="module")
async def fleet(core: Core) -> AsyncIterator[Registered]:
    async with running_sshd(2) as servers:
        yield await register(core, servers)


@pytest.fixture(scope="module")
def far_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The storage folder of the worker's machine."""
    return tmp_path_factory.mktemp("far") / "storage"


@pytest.fixture(scope="module")
def worker(core: Core, far_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A worker on another machine."""
    process = start_worker(core, tmp_path_factory.mktemp("worker"), **private_folder(far_folder))
    process.wait_until_ready()
    yield process
    process.stop()


async def until(wanted: Callable[[], bool], seconds: float = 40) -> None:
    """Return once something is so."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(wanted):
            await asyncio.sleep(0.05)
