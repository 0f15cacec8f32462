"""Running a program of a detached execution: whatever is lost on the way, the same process is attached to again.

Every name is made of the result, the action and how often that was run again, so that a worker that takes over
does what the one before did, step by step, and meets the results of what is over: outputs included.
"""

import asyncio
from collections.abc import Sequence

import structlog

from opsconductor.executions.site import HARD_END, Site
from opsconductor.executions.steps import Ended
from opsconductor.transports.base import Command, Running
from opsconductor.transports.detached import (
    Detaching,
    NeverStarted,
    OperationKey,
    OperationSuperseded,
    OutcomeUnknown,
    Received,
    unsupported,
)
from opsconductor.transports.errors import ConnectionLost, TransportError

log = structlog.get_logger()

LASTING = frozenset({"command", "script"})
"""Actions that can be attached to again; the others are short, or wait, and are done anew."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # s between attempts to reach a target on which something runs


async def run(site: Site, command: Command, expected: Sequence[int] = (0,)) -> Ended:
    """Run a command, or attend the one that runs already. Raises a `TransportError`."""
    loop = asyncio.get_running_loop()
    ends, pause = loop.time() + command.timeout + HARD_END, FIRST_PAUSE
    received = Received(site.capture)
    site.places.append(site.place)
    sent = site.place[0] <= site.operation.claim.reached
    while True:
        try:
            running = await _running(site, command, received)
            sent = True
            return await site.attend(running, command.timeout, expected, _stop(site))
        except NeverStarted:  # asked only where it shall be ended
            return Ended("cancelled")
        except (OperationSuperseded, OutcomeUnknown):
            raise
        except TransportError as error:
            sent = sent or isinstance(error, ConnectionLost)
            if not sent:
                raise
            if loop.time() + pause > ends:
                raise ConnectionLost(host=_host(site)) from error
        await site.leave()
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _running(site: Site, command: Command, received: Received) -> Running:
    connection = _detaching(site, await site.connection())
    key = _key(site, *site.place)
    if _stop(site).is_set():
        return await connection.attach(received, key, command.timeout)
    return await connection.start_detached(command, received, key)


def _stop(site: Site) -> asyncio.Event:
    """Return what is to be heeded: what was over before an earlier worker fell silent is only read again."""
    return asyncio.Event() if site.place[0] < site.operation.claim.reached else site.operation.cancelled


def _key(site: Site, action: int, reruns: int) -> OperationKey:
    claim = site.operation.claim
    return OperationKey(f"{claim.result_id}-{action}-{reruns}", claim.fence)


def _detaching(site: Site, connection: object) -> Detaching:
    if not isinstance(connection, Detaching):
        raise unsupported(_host(site), "transport")
    return connection


def _host(site: Site) -> str:
    assert site.operation.endpoint is not None
    return site.operation.endpoint.host


async def clear_away(site: Site, stored: bool) -> None:
    """Remove what is on the target, once the result is kept elsewhere. What can't be removed is swept later."""
    try:
        for place in site.places if stored else ():
            connection = _detaching(site, await site.connection())
            if not await connection.release(_key(site, *place)):
                log.warning("operation.still_runs", result_id=str(site.operation.claim.result_id))
    except TransportError as error:
        result_id = str(site.operation.claim.result_id)
        log.warning("operation.not_released", result_id=result_id, reason=error.code)
    finally:
        await site.leave()
