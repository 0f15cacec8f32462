"""Workers that are told to stop. Those that die without warning are in tests/chaos."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.core import Core, start_worker
from tests.support.registered import Registered, register
from tests.support.sshd import running_sshd


async def test_a_worker_told_to_stop_finishes_what_runs(core: Core, tmp_path: Path) -> None:
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="graceful ")
        worker = start_worker(core, tmp_path)
        await asyncio.to_thread(worker.wait_until_ready)
        accepted = await fleet.start("sleep 1.5; echo whole")
        await _running(fleet, accepted["id"])
        status = await asyncio.to_thread(worker.stop)
        [result] = await fleet.results(accepted["id"])

    assert (status, result["status"], result["output_text"]) == (0, "completed", "whole\n")


async def _running(fleet: Registered, execution_id: str) -> None:
    async with asyncio.timeout(10):
        while (await fleet.results(execution_id))[0]["status"] != "running":
            await asyncio.sleep(0.05)


async def test_a_worker_whose_database_is_gone_stops_all_the_same(core: Core, tmp_path: Path) -> None:
    async with _passage(core) as (url, close):
        worker = start_worker(core, tmp_path, DATABASE_URL=url)
        await asyncio.to_thread(worker.wait_until_ready)
        await close()
        await asyncio.to_thread(worker.wait_until_said, "engine.database_away")
        began = time.monotonic()
        await asyncio.to_thread(worker.stop, 60)

    assert time.monotonic() - began < 40
    assert any(line["event"] == "engine.stopped_without_database" for line in worker.lines)


@contextlib.asynccontextmanager
async def _passage(core: Core) -> AsyncIterator[tuple[str, Callable[[], Awaitable[None]]]]:
    """Yield another address of the core's database, and what makes it answer no more."""
    place = urlsplit(core.environment["DATABASE_URL"])
    open_ones: list[asyncio.StreamWriter] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(64 * 1024):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)
        there_reader, there_writer = await asyncio.open_connection(place.hostname, place.port)
        open_ones.append(there_writer)
        if not server.is_serving():  # closed while this one was on its way in
            await close()
        await asyncio.gather(pass_on(reader, there_writer), pass_on(there_reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)

    async def close() -> None:
        server.close()
        for writer in open_ones:
            writer.transport.abort()

    port = server.sockets[0].getsockname()[1]
    try:
        yield place._replace(netloc=place.netloc.replace(f":{place.port}", f":{port}")).geturl(), close
    finally:
        await close()
