"""Running a program of a detached execution: whatever is lost on the way, the same process is attached to again.

Every name is made of the result, the action and how often that was run again, so that a worker that takes over
does what the one before did, step by step, and meets the results of what is over: outputs included.
"""

import asyncio
from collections.abc import Sequence

import structlog

from opsconductor.executions import bring
from opsconductor.executions.site import HARD_END, Site, StopRequest
from opsconductor.executions.steps import Ended, ended_of
from opsconductor.transports.base import Command, Running
from opsconductor.transports.detached import OperationKey, Received, detaching
from opsconductor.transports.detached_errors import (
    NeverStarted,
    OperationSuperseded,
    OutcomeUnknown,
)
from opsconductor.transports.errors import ConnectionLost, TransportError

log = structlog.get_logger()

LASTING = frozenset({"command", "script"})
"""Actions that can be attached to again; the others can be done anew."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # s between attempts to reach a target on which something runs


async def run(site: Site, command: Command, expected: Sequence[int] = (0,)) -> Ended:
    """Run a command, or attend the one that runs already. Raises a `TransportError`."""
    loop = asyncio.get_running_loop()
    ends, pause = loop.time() + command.timeout + HARD_END, FIRST_PAUSE
    received = Received(site.capture)
    claim = site.operation.claim
    site.places.append(site.place)
    sent_at = loop.time() - claim.begun_ago if site.place[0] <= claim.reached else None
    while True:
        before = loop.time()
        try:
            running = await _running(site, command, received, sent_at and before - sent_at)
            sent_at = sent_at or before
            return await site.attend(running, command.timeout, expected, _stop(site))
        except NeverStarted:  # asked only where it shall not be started any more
            return remembered(site) if _is_settled(site) else Ended("cancelled")
        except (OperationSuperseded, OutcomeUnknown):
            raise
        except TransportError as error:
            if isinstance(error, ConnectionLost):
                sent_at = sent_at or before
            if sent_at is None:
                raise
            if loop.time() + pause > ends:
                raise ConnectionLost(host=_host(site)) from error
        await site.leave()
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _running(site: Site, command: Command, received: Received, sent_ago: float | None) -> Running:
    connection = detaching(await site.connection(), _host(site))
    key = _key(site, *site.place)
    if _is_settled(site) or site.operation.cancelled.is_set():
        return await connection.attach(received, key, command.timeout, sent_ago)
    return await connection.start_detached(command, received, key, sent_ago)


def _is_settled(site: Site) -> bool:
    """Tell whether this was over before an earlier worker fell silent, so that it is only read again."""
    return site.place[0] < site.operation.claim.reached


def _stop(site: Site) -> StopRequest:
    return StopRequest() if _is_settled(site) else site.operation.cancelled


def remembered(site: Site) -> Ended:
    """Return the end that an earlier worker wrote down."""
    entry = site.operation.claim.entry_of(site.place[0])
    assert entry is not None
    return ended_of(entry)


def _key(site: Site, action: int, reruns: int) -> OperationKey:
    claim = site.operation.claim
    return OperationKey(f"{claim.result_id}-{action}-{reruns}", claim.fence)


def _host(site: Site) -> str:
    return site.way.endpoint.host


async def clear_away(site: Site, stored: bool) -> None:
    """Remove what is on the target, once the result is kept elsewhere. What can't be removed is swept later."""
    try:
        for place in site.places if stored else ():
            connection = detaching(await site.connection(), _host(site))
            if not await connection.release(_key(site, *place)):
                log.warning("operation.still_runs", result_id=str(site.operation.claim.result_id))
        if stored:
            await bring.nothing_stays(site)
    except TransportError as error:
        result_id = str(site.operation.claim.result_id)
        log.warning("operation.not_released", result_id=result_id, reason=error.code)
    finally:
        await site.leave()
