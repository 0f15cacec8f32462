"""What each type of action does on a target. Every deed returns how it ended, or raises a `TransportError`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from fastapi.encoders import jsonable_encoder

from opsconductor.contracts.actions import (
    CommandParameters,
    HealthCheckParameters,
    ScriptParameters,
    WaitParameters,
)
from opsconductor.contracts.files import FileTransferParameters
from opsconductor.executions import detached, health
from opsconductor.executions.rendering import Rendered, is_plain, render
from opsconductor.executions.site import Site, failure
from opsconductor.executions.steps import Ended
from opsconductor.executions.transfer import TransferCancelled, transfer
from opsconductor.transports.base import Command
from opsconductor.transports.errors import CommandTimedOut, HostKeyRefused, KeyUnusable, TransportError

FILES_TOLD = 20  # files whose outcome a step tells one by one
FIRST_LOOK, LONGEST_LOOK = 2.0, 10.0  # s between attempts to reach a target that is away
POSIX_ONLY = Ended(
    "failed",
    error_code="posix_only",
    error_message="On Windows only a plain command can be run, without folder, environment or other user.",
)


async def run_program(site: Site, parameters: CommandParameters | ScriptParameters) -> Ended:
    """Run a command or a script."""
    plain = isinstance(parameters, CommandParameters) and is_plain(parameters)
    if not site.operation.posix and not (plain and not site.operation.variables):
        return POSIX_ONLY
    sent = render(parameters, site.operation.variables, site.operation.become_password)
    command = _command(site, sent, parameters.timeout)
    run = detached.run if site.operation.detached else Site.run
    ended = await run(site, command, parameters.expected_exit_codes)
    if parameters.become and ended.status == "failed" and ended.exit_code == 1 and _sudo_refused(site):
        sentence = "sudo did not let the command run as {user}: see what it wrote."
        return Ended("failed", 1, None, "become_failed", sentence.format(user=parameters.become.user))
    return ended


def _command(site: Site, sent: Rendered, timeout: float) -> Command:
    return Command(sent.text, site.left(timeout), sent.stdin)


def _sudo_refused(site: Site) -> bool:
    """Tell by what sudo wrote whether the command never began; both end with status 1."""
    said = bytes(site.capture.err.head[-2000:])
    return any(line.startswith((b"sudo: ", b"Sorry, ")) for line in said.splitlines()[-3:])


async def move_files(site: Site, parameters: FileTransferParameters) -> Ended:
    """Send files to the target, or fetch them."""
    limited = parameters.model_copy(update={"timeout": site.left(parameters.timeout)})
    operation = site.operation
    try:
        done = await transfer(
            await site.connection(),
            limited,
            site.shelf,
            operation_id=f"{operation.claim.result_id.hex}-{site.action}",
            cancelled=operation.cancelled,
        )
    except TransferCancelled:
        return Ended("cancelled")
    facts = {**asdict(done), "outcomes": [asdict(outcome) for outcome in done.outcomes[:FILES_TOLD]]}
    return Ended("completed", 0, detail=jsonable_encoder(facts))


async def wait(site: Site, parameters: WaitParameters) -> Ended:
    """Wait some time, or until the target is back."""
    if parameters.seconds is not None:
        seconds = site.left(parameters.seconds)
        await site.pause(seconds)
        if seconds < parameters.seconds:
            return failure(CommandTimedOut(seconds=seconds))
        return Ended("completed", 0)
    return await _wait_until_reachable(site, site.left(parameters.timeout))


async def _wait_until_reachable(site: Site, seconds: float) -> Ended:
    loop = asyncio.get_running_loop()
    ends, pause, looks = loop.time() + seconds, FIRST_LOOK, 0
    await site.leave()  # a connection that is there says nothing about a target that is going down
    while True:
        looks += 1
        try:
            async with asyncio.timeout_at(ends):
                await site.connection()
        except (HostKeyRefused, KeyUnusable):
            raise
        except (TransportError, TimeoutError) as error:  # logins too are refused for a while during a start
            if loop.time() + pause >= ends:
                return _not_back(error, seconds, looks)
            await site.pause(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)
        else:
            return Ended("completed", 0, detail={"looks": looks})


def _not_back(error: Exception, seconds: float, looks: int) -> Ended:
    last = f" {error.detail}" if isinstance(error, TransportError) else ""
    sentence = f"The target was not back within {seconds:g} seconds.{last}"
    return Ended("timed_out", error_code="not_back", error_message=sentence, detail={"looks": looks})


async def check_health(site: Site, parameters: HealthCheckParameters) -> Ended:
    """Sign in anew, measure how long that takes, and look at what was asked for."""
    await site.connection()  # pins the first key, and is warm for what follows
    found = await site.transport.check(*site.way.arguments)
    checks = [health.latency(found.latency_ms, parameters.latency_ms)]
    if health.needs_look(parameters):
        if not site.operation.posix:
            return POSIX_ONLY
        ended = await site.run(Command(health.script(parameters), site.left(parameters.timeout)))
        if not ended.good:
            return ended
        checks += health.judged(site.capture.out.head.decode(errors="replace"), parameters)
    return health.verdict(checks)


Deed = Callable[[Site, Any], Awaitable[Ended]]
DEEDS: dict[str, Deed] = {
    "command": run_program,
    "script": run_program,
    "file_transfer": move_files,
    "wait": wait,
    "health_check": check_health,
}
"""By `action_type`."""
WITHOUT_SIGN_IN = frozenset({"wait"})
"""Actions that begin without a connection."""
