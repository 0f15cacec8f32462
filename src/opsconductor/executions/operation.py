"""The actions of one execution on one target, from claim to outcome."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog

from opsconductor.contracts.actions import Action
from opsconductor.contracts.attempts import Parameters
from opsconductor.executions import bring, detached
from opsconductor.executions.deeds import DEEDS, WITHOUT_SIGN_IN
from opsconductor.executions.outputs import Capture
from opsconductor.executions.protocol_repository import Outcome
from opsconductor.executions.site import Doors, Operation, Site, StopAsked, failure
from opsconductor.executions.steps import Ended, Step, decisive, passed_over
from opsconductor.kit.clock import now
from opsconductor.transports.detached_errors import OperationSuperseded
from opsconductor.transports.errors import TransportError

log = structlog.get_logger()

PAUSE = 1.0  # s before the second attempt, doubled for each further one
LONGEST_PAUSE = 60.0  # s
NO_TIME_LEFT = Ended(
    "timed_out",
    error_code="target_deadline",
    error_message="The time for all actions on this target was over before this one could begin.",
)
AGAIN = ("failed", "timed_out", "lost")
"""How an attempt of an idempotent action may have ended so that another one follows."""


class Superseded(Exception):
    """Somebody else decides about this result now (it was cancelled, or its lease had ended)."""


async def perform(operation: Operation, doors: Doors) -> Outcome:
    """Do it; return what to store. Raises Superseded where nothing may be stored."""
    claim = operation.claim
    with Capture(doors.folder, claim.result_id, claim.fence, secrets=operation.secrets) as capture:
        steps: list[Step] = []
        if operation.problem:
            status, code, sentence = operation.problem
            begun = operation.claim.earlier is not None
            end = Ended("lost" if begun else status, error_code=code, error_message=sentence)
        else:
            await _all(Site(operation, doors, capture), doors, steps)
            end = decisive([step.ended for step in steps])
    attempts = max((step.attempts for step in steps), default=0)
    facts = {**end.columns(), "attempts": attempts, "steps": _entries(operation, steps)}
    await doors.folder.hurry(capture.places)  # whoever hears of the result wants to read it
    return Outcome(claim, {**facts, **capture.columns()})


async def _all(site: Site, doors: Doors, steps: list[Step]) -> None:
    """Do the actions in order; each leaves a step. What is detached is cleared away after the store."""
    ended = False
    try:
        await _each(site, doors, steps)
        ended = True
    finally:
        if ended and site.places:
            site.operation.afterwards = partial(detached.clear_away, site)
        else:
            await bring.nothing_stays(site)
            await site.leave()


async def _each(site: Site, doors: Doors, steps: list[Step]) -> None:
    """Do the actions in order, up to the first that fails."""
    operation = site.operation
    for number, action in enumerate(operation.actions):
        if number < operation.first_action:
            continue
        steps.append(_step(operation, number, action))
        ended = await _one(site, doors, action, steps)
        if not ended.good and (
            ended.status == "cancelled" or not action.action_parameters.continue_on_failure
        ):
            return


def _step(operation: Operation, number: int, action: Action) -> Step:
    """Return a step; what an earlier worker has begun keeps its beginning."""
    step = Step(number, action.action_type, action.action_name)
    if entry := operation.claim.entry_of(number):
        step.started_at = entry["started_at"]
    return step


async def _one(site: Site, doors: Doors, action: Action, steps: list[Step]) -> Ended:
    """Do one action; its step says how it ended, whatever happened."""
    step, capture = steps[-1], site.capture
    site.action = step.action
    out, err = capture.out.size, capture.err.size
    try:
        step.ended = await _attempts(site, doors, action, steps)
    except StopAsked:
        if not site.dispatched:
            raise Superseded from None  # who asked has written down that it was never begun
        step.ended = Ended("cancelled")
    except Superseded:
        raise
    except Exception as error:  # door: one target must not stop the others
        log.exception("operation.failed_unexpectedly", result_id=str(site.operation.claim.result_id))
        sentence = f"OpsConductor itself failed here ({type(error).__name__}); its log says more."
        step.ended = Ended("failed", error_code="internal_error", error_message=sentence)
    if step.ended.exit_code is None:
        await site.leave()  # whatever hangs there, the next action begins on a connection of its own
    step.output, step.error = (out, capture.out.size), (err, capture.err.size)
    step.finished_at = now().isoformat()
    return step.ended


async def _attempts(site: Site, doors: Doors, action: Action, steps: list[Step]) -> Ended:
    """Try once, and again where that is wanted and certainly does no harm."""
    step, parameters = steps[-1], action.action_parameters
    begun, reruns = step.action < site.operation.claim.reached, 0
    site.place = (step.action, reruns)
    if begun and action.action_type not in detached.LASTING:
        return detached.remembered(site)
    while True:
        step.attempts += 1
        site.place = (step.action, reruns)
        if site.left(1) <= 0:
            return NO_TIME_LEFT
        try:
            if action.action_type not in WITHOUT_SIGN_IN and step.action > site.operation.claim.reached:
                await site.connection()  # before the intent: what can't be reached was never begun
                await bring.files(site, action)
            if not begun:
                await _intend(site, doors, steps)
                begun = True
            ended = await DEEDS[action.action_type](site, parameters)
            again = parameters.idempotent and ended.status in AGAIN
            reruns += again
        except OperationSuperseded:
            raise Superseded from None
        except TransportError as error:
            ended = failure(error)
            rerun = parameters.idempotent and error.kind in ("timed_out", "lost")
            again = error.retry or rerun
            reruns += rerun
        if not again or step.attempts > parameters.retry_count:
            return ended
        await site.leave()
        await site.pause(_pause(parameters, step.attempts))


def _pause(parameters: Parameters, attempts: int) -> float:
    return float(min(PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE))


async def _intend(site: Site, doors: Doors, steps: Sequence[Step]) -> None:
    """Write down that something is about to be sent, before a byte of it is."""
    claim = site.operation.claim
    if not site.dispatched:
        if not await doors.intend(claim):
            raise Superseded
        site.dispatched = True
    else:
        match await doors.progress(claim, [step.entry() for step in steps]):
            case "gone":
                raise Superseded
            case "cancelled" if steps[-1].action > claim.reached:
                raise StopAsked
            case "cancelled":
                site.operation.cancelled.set()  # an earlier worker may have sent it


def _entries(operation: Operation, steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return all entries, those of actions that were not begun last."""
    begun = [step.entry() for step in steps]
    first = steps[-1].action + 1 if steps else operation.first_action
    rest = [
        passed_over(number, action.action_type, action.action_name)
        for number, action in enumerate(operation.actions)
        if number >= first
    ]
    return begun + rest
