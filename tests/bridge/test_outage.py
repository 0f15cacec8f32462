"""The circuit breaker, before a real core that is a process of its own: killed, stopped, and started again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from tests.bridge.conftest import Door, command_on, figure, open_door
from tests.support.core import Core
from tests.support.servers import free_port

from opsconductor.bridge import breaker
from opsconductor.bridge.breaker import Breaker, State
from opsconductor.bridge.errors import CoreUnavailable

TARGETS, HEALTH = "/api/workflow/targets", "/api/workflow/health"
SOME_ID = "00000000-0000-4000-8000-000000000000"
SOURCE = str(Path(__file__).parents[2] / "src")

pytestmark = pytest.mark.crash


class CoreProcess:
    """A core over the database of the tests, which can be killed and started again on its port."""

    def __init__(self, core: Core) -> None:
        self.port = free_port()
        self._environment = {"PATH": os.environ["PATH"], "PYTHONPATH": SOURCE, **core.environment}
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._run()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client, asyncio.timeout(60):
            while True:
                try:
                    (await client.get("/health")).raise_for_status()
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    return

    def _run(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "--factory", "opsconductor.apps.core:app"]
        command += ["--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)

    def send(self, number: int) -> None:
        assert self.process
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()


@pytest.fixture
async def backend(core: Core) -> AsyncIterator[CoreProcess]:
    process = CoreProcess(core)
    await process.start()
    yield process
    process.send(signal.SIGCONT)
    process.send(signal.SIGKILL)


@pytest.fixture
async def before(core: Core, backend: CoreProcess) -> AsyncIterator[Door]:
    async with open_door(core, OPSCONDUCTOR_BACKEND_URL=f"http://127.0.0.1:{backend.port}") as door:
        yield door


async def _circuit(door: Door) -> str:
    return str((await (await door.client()).get("/health")).json()["circuit"])


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float) -> float:
    since = time.monotonic()
    while not await condition():
        assert time.monotonic() - since < seconds
        await asyncio.sleep(0.05)
    return time.monotonic() - since


async def test_where_the_core_is_gone_requests_are_refused_at_once_and_go_through_once_it_is_back(
    backend: CoreProcess, before: Door
) -> None:
    client = await before.client(await before.token_of("operator"))
    assert (await client.get(TARGETS)).status_code == 200
    opened = await figure(before, "opsconductor_bridge_circuit_transitions_total", state="open")
    backend.send(signal.SIGKILL)
    wanted = command_on([SOME_ID])
    answers = [await client.post("/api/workflow/execute", json=wanted) for _ in range(breaker.FAILURES)]
    state = await _circuit(before)
    since = time.monotonic()
    refused = await client.get("/api/workflow/state/" + SOME_ID)
    seconds = time.monotonic() - since
    shown = await figure(before, "opsconductor_bridge_circuit", state="open")
    half_open = await figure(before, "opsconductor_bridge_circuit", state="half_open")
    await backend.start()

    async def closed() -> bool:
        return await _circuit(before) == State.CLOSED

    await _until(closed, breaker.PAUSES[-1] + 2)
    again = await client.get(TARGETS)

    codes = {(answer.status_code, answer.json()["code"]) for answer in (*answers, refused)}
    assert codes == {(503, "core_unavailable")}
    assert state in (State.OPEN, State.HALF_OPEN)
    assert 1 <= int(refused.headers["retry-after"]) <= breaker.PAUSES[-1]
    assert seconds < 0.1
    assert shown + half_open == 1
    assert await figure(before, "opsconductor_bridge_circuit_transitions_total", state="open") > opened
    assert again.status_code == 200


async def test_a_core_that_hangs_is_found_out_by_a_probe_long_before_requests_time_out(
    backend: CoreProcess, before: Door
) -> None:
    client = await before.client()
    backend.send(signal.SIGSTOP)
    hanging = asyncio.create_task(client.get(HEALTH))

    async def open_() -> bool:
        return await _circuit(before) != State.CLOSED

    seconds = await _until(open_, 25)
    since = time.monotonic()
    refused = await client.get(HEALTH)
    refused_in = time.monotonic() - since
    backend.send(signal.SIGCONT)

    async def answered() -> bool:
        return (await client.get(HEALTH)).status_code == 200

    await _until(answered, breaker.PAUSES[-1] + 3)

    assert seconds < 20 < 30  # s; what a request may take
    assert (refused.status_code, refused.json()["code"]) == (503, "core_unavailable")
    assert refused_in < 0.5
    assert (await hanging).status_code == 200  # what was under way has not been given up


async def test_refusals_of_the_core_never_open_the_circuit(before: Door) -> None:
    client = await before.client("made-up")
    answers = [await client.get(TARGETS) for _ in range(3 * breaker.FAILURES)]

    assert {answer.status_code for answer in answers} == {401}
    assert await _circuit(before) == State.CLOSED


async def test_while_it_is_open_there_is_one_probe_at_a_time_and_no_request_gets_through() -> None:
    probes, answer = 0, False

    async def probe() -> bool:
        nonlocal probes
        probes += 1
        await asyncio.sleep(0.3)
        return answer

    circuit = Breaker(probe)
    circuit.start()
    for _ in range(breaker.FAILURES):
        circuit.failed()
    states = set[State]()
    for _ in range(30):
        states.add(circuit.state)
        with pytest.raises(CoreUnavailable), circuit.under_way():
            pass
        await asyncio.sleep(0.05)
    once = probes
    answer = True
    async with asyncio.timeout(breaker.PAUSES[1] + 2):
        while circuit.state is not State.CLOSED:
            await asyncio.sleep(0.05)
    await circuit.stop()

    assert once == 1
    assert states == {State.OPEN, State.HALF_OPEN}
    with circuit.under_way():
        pass


def test_failures_in_between_answers_do_not_open_it() -> None:
    async def probe() -> bool:
        return True

    circuit = Breaker(probe)
    for _ in range(3):
        for _ in range(breaker.FAILURES - 1):
            circuit.failed()
        circuit.succeeded()

    assert circuit.state is State.CLOSED
