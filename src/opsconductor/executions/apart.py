"""Calculation in a process of its own, for what might take for ever: it is ended at a deadline."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import structlog

log = structlog.get_logger()

AT_ONCE = 2  # processes; more would take the machine away from everybody else
LONGEST_ANSWER = 32 * 1024 * 1024  # bytes of one line of JSON

_places = asyncio.Semaphore(AT_ONCE)


@dataclass(frozen=True)
class Said:
    """What a process said until its end, or until its time was up."""

    answers: list[dict[str, Any]]
    complete: bool


async def run(module: ModuleType, request: dict[str, Any], seconds: float) -> Said:
    """Give a request to a module of ours that only needs the standard library; take its lines of JSON."""
    async with _places:
        return await _run(str(Path(str(module.__file__))), request, seconds)


async def _run(program: str, request: dict[str, Any], seconds: float) -> Said:
    # Neither our environment (it has secrets) nor the folders of our packages: -I and -S start in 20 ms.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", program),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
        limit=LONGEST_ANSWER,
    )
    answers: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(seconds):
            await _converse(process, request, answers)
            return Said(answers, complete=await process.wait() == 0)
    except TimeoutError:
        return Said(answers, complete=False)
    finally:
        await _end(process)


async def _converse(
    process: asyncio.subprocess.Process, request: dict[str, Any], answers: list[dict[str, Any]]
) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(orjson.dumps(request))
    process.stdin.close()
    async for line in process.stdout:
        answers.append(orjson.loads(line))
    if complaint := await process.stderr.read():
        log.error("apart.failed", last=complaint.decode(errors="replace").strip().splitlines()[-1][:300])


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
