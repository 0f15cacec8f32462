"""What a request would do, without doing it; and the hash that ties a run to what was looked at."""

from collections.abc import Sequence
from uuid import UUID

from opsconductor.calendars.applying import Applied
from opsconductor.contracts.actions import Action, CommandAction, ScriptAction
from opsconductor.executions import windows
from opsconductor.executions.parameters import masked_values
from opsconductor.executions.preparation import problem_of
from opsconductor.executions.schemas import NewExecution, Preview, PreviewAction, PreviewTarget
from opsconductor.executions.strategy import Course
from opsconductor.kit.wire import sha256_of
from opsconductor.targets.models import Target

NOT_HASHED = {"preview_sha256", "name", "description", "values", "window_override"}
"""What does not change what is run, or is hashed in another form; an override is given once a preview was seen."""


def preview(wanted: NewExecution, order: Sequence[Target], course: Course, calendars: Applied) -> Preview:
    """Return what the request means for these targets, which stand in the order of the work."""
    closed = {id: [rule.name for rule in rules] for id, rules in calendars.closed.items()}
    targets = [
        _target(target, _batch(wanted, course, place), closed.get(target.id, []))
        for place, target in enumerate(order)
    ]
    return Preview(
        sha256=_digest(wanted, order, calendars),
        target_count=len(targets),
        will_run=sum(target.problem is None for target in targets),
        batches=course.batches,
        parallelism=wanted.strategy.parallelism,
        max_failures=course.max_failures,
        longest_seconds=course.longest_seconds,
        actions=[_action(action) for action in wanted.actions],
        targets=targets,
        windows=windows.shown(calendars),
    )


def _batch(wanted: NewExecution, course: Course, place: int) -> int | None:
    """Return a target's batch; a random order is drawn anew when the run begins."""
    return None if wanted.strategy.order == "random" else course.batch_of(place)


def _target(target: Target, batch: int | None, closed_by: list[str]) -> PreviewTarget:
    problem = problem_of(target)
    return PreviewTarget(
        id=target.id,
        name=target.name,
        host=target.host,
        port=target.port,
        batch=batch,
        credential_name=target.credential.name if target.credential else None,
        max_parallel=target.max_parallel,
        credential_max_parallel=target.credential.max_parallel if target.credential else None,
        problem=problem[2] if problem else None,
        closed_by=closed_by,
    )


def _action(action: Action) -> PreviewAction:
    parameters = action.action_parameters
    command, run_as = None, None
    if isinstance(action, CommandAction):
        command = action.action_parameters.command
    elif isinstance(action, ScriptAction):
        command = action.action_parameters.content
    if isinstance(action, CommandAction | ScriptAction) and action.action_parameters.become:
        run_as = action.action_parameters.become.user
    return PreviewAction(
        action_type=action.action_type,
        action_name=action.action_name,
        command=command,
        run_as=run_as,
        timeout=parameters.timeout,
    )


def _digest(wanted: NewExecution, order: Sequence[Target], calendars: Applied) -> str:
    """Hash the request and what it would meet: where each target is, its key, who signs in, whether it may begin."""
    request = wanted.model_dump(mode="json", exclude=NOT_HASHED)
    request["values"] = masked_values(wanted.parameters, wanted.values)
    met: list[tuple[UUID | str | int | None, ...]] = sorted(
        (
            str(target.id),
            target.name,
            target.host,
            target.port,
            target.status,
            target.host_key,
            str(target.credential_id),
            target.credential.username if target.credential else None,
        )
        for target in order
    )
    return sha256_of([request, met, windows.decided(calendars)]).hex()
