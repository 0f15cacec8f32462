"""The workflow API, for Node-RED's nodes and for scripts; and the bridge's own health."""

import asyncio
from collections.abc import AsyncIterable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from redis.exceptions import RedisError

from opsconductor import __version__
from opsconductor.bridge.core import asker_of, fingerprint, passed_back, passed_on
from opsconductor.bridge.state import Bridge, TheBridge, Token, address_of, count, limited, token_of
from opsconductor.contracts.workflow import (
    WorkflowAccepted,
    WorkflowAuth,
    WorkflowExecute,
    WorkflowResults,
    WorkflowState,
    WorkflowTargets,
    WorkflowTokenOut,
)
from opsconductor.kit.branch import Branch
from opsconductor.kit.callers import ISSUED, Caller
from opsconductor.kit.http import only_known_parameters
from opsconductor.kit.rate import Limit
from opsconductor.kit.settings import Settings

LONGEST_WAIT = 60  # s; as in the core
REDIS_PATIENCE = 1.0  # s

health = Branch()
api = Branch(prefix="/api/workflow", dependencies=[Depends(only_known_parameters)])

IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=8, max_length=200, pattern=r"^[\x21-\x7e]+$"),
]
OnlyKnown = Annotated[Literal["*"] | None, Header(alias="If-Match")]
Flow = Annotated[str | None, Header(alias="X-OpsConductor-Flow", max_length=255)]
Word = Annotated[str | None, Query(max_length=200)]
Words = Annotated[str | None, Query(max_length=1000)]
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT)]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)]
Since = Annotated[str | None, Query(max_length=100)]
Limited = Depends(limited)


@health.get("/health")
async def health_check(bridge: TheBridge) -> dict[str, str]:
    """Tell how the bridge is. It answers 200 without core or Redis, too: starting it again would not help."""
    core, redis = await asyncio.gather(bridge.core.answers(), _redis_answers(bridge))
    return {
        "status": "ok" if core and redis else "degraded",
        "service": "bridge",
        "version": __version__,
        "core": "ok" if core else "away",
        "circuit": bridge.core.breaker.state,
        "redis": "ok" if redis else "away",
    }


async def _redis_answers(bridge: Bridge) -> bool:
    try:
        async with asyncio.timeout(REDIS_PATIENCE):
            await bridge.hints.redis.ping()
    except (RedisError, OSError, TimeoutError):
        return False
    return True


@api.get("/health", response_model=dict[str, str])
async def workflow_health(request: Request, bridge: TheBridge) -> Response:
    """Tell whether the workflow API answers, all the way to the core."""
    return passed_back(await bridge.core.ask(request, "GET", "/api/workflow/health", []))


@api.get("/targets", response_model=WorkflowTargets, dependencies=[Limited])
async def workflow_targets(
    request: Request,
    bridge: TheBridge,
    flow: Flow = None,
    os_type: Word = None,
    environment: Word = None,
    status: Word = None,
    tag: Word = None,
    tags: Words = None,
    q: Word = None,
) -> Response:
    """Return all targets that match, by name; kept until one changes, or for 2 s where nothing is heard of changes."""
    given = {
        "os_type": os_type,
        "environment": environment,
        "status": status,
        "tag": tag,
        "tags": tags,
        "q": q,
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    headers = passed_on(request)
    found = await bridge.target_lists.get(
        asker_of(request),
        wanted,
        ask=lambda: bridge.core.ask(request, "GET", "/api/workflow/targets", headers, params=wanted),
        vouch=lambda: bridge.core.ask(request, "GET", "/api/workflow/caller", headers),
    )
    return passed_back(found)


@api.post("/execute", status_code=202, response_model=WorkflowAccepted, dependencies=[Limited])
async def workflow_execute(
    wanted: WorkflowExecute,
    request: Request,
    bridge: TheBridge,
    idempotency_key: IdempotencyKey = None,
    only_known: OnlyKnown = None,
) -> Response:
    """Accept something to run; the same Idempotency-Key gives the same execution, with `If-Match: *` only that."""
    content = await request.body()
    async with bridge.turns.to_begin():
        return await bridge.core.pass_on(request, "POST", "/api/workflow/execute", content=content)


@api.get("/results/{execution_id}", response_model=WorkflowResults, dependencies=[Limited])
async def workflow_results(
    execution_id: UUID, request: Request, bridge: TheBridge, wait: Wait = 0, output: bool = True
) -> Response:
    """Return an execution with the results of all its targets; with `wait`, once it has ended."""
    params = {"wait": str(wait), "output": str(output).lower()}
    path = f"/api/workflow/results/{execution_id}"
    if wait:
        return await bridge.core.pass_on(request, "GET", path, params=params, wait=wait)
    with bridge.turns.to_read():
        return await bridge.core.pass_on(request, "GET", path, params=params)


@api.get("/state/{execution_id}", response_model=WorkflowState, dependencies=[Limited])
async def workflow_state(execution_id: UUID, request: Request, bridge: TheBridge) -> Response:
    """Return where an execution stands, without its results."""
    with bridge.turns.to_read():
        return await bridge.core.pass_on(request, "GET", f"/api/workflow/state/{execution_id}")


@api.post("/cancel/{execution_id}", status_code=202, response_model=WorkflowState, dependencies=[Limited])
async def workflow_cancel(execution_id: UUID, request: Request, bridge: TheBridge) -> Response:
    """Ask for the end of an execution."""
    return await bridge.core.pass_on(request, "POST", f"/api/workflow/cancel/{execution_id}")


@api.post("/auth", response_model=WorkflowTokenOut)
async def workflow_auth(wanted: WorkflowAuth, request: Request, bridge: TheBridge) -> Response:
    """Give a token: to Node-RED for one run of a flow, or to a person."""
    await count(request, bridge, [await _limit_of_tokens(wanted, request, bridge.settings)])
    path, headers, content = "/api/workflow/auth", passed_on(request), await request.body()
    # Past the line of what begins: all runs of a flow share one, and wait for it together.
    answer = await bridge.core.ask(request, "POST", path, headers, content=content)
    given = WorkflowTokenOut.model_validate_json(answer.content)
    if caller := Caller.read(answer.headers.get(ISSUED)):
        bridge.callers.learn(fingerprint(given.token, caller.flow), caller)
    return passed_back(answer)


async def _limit_of_tokens(wanted: WorkflowAuth, request: Request, settings: Settings) -> Limit:
    """Return what is counted: each flow for itself, so that a busy one does not keep the others from running."""
    if wanted.flow_id:
        return Limit(
            "flow", fingerprint(await token_of(request), wanted.flow_id), settings.workflow_flow_rate
        )
    return Limit("address", address_of(request), settings.workflow_rate)


async def nodered_only(request: Request, bridge: TheBridge, token: Token) -> None:
    """Let Node-RED itself through: whoever may read its storage."""

    async def ask() -> None:
        path, headers = "/internal/storage/library/flows", passed_on(request)
        await bridge.core.ask(request, "GET", path, headers, params={"path": ""})

    await bridge.recent.instances.get(fingerprint(token), ask)


@api.get("/events", response_class=EventSourceResponse, dependencies=[Limited, Depends(nodered_only)])
async def workflow_events(
    bridge: TheBridge, last_event_id: LastEventId = None, since: Since = None
) -> AsyncIterable[ServerSentEvent]:
    """Nudge Node-RED about every execution that changes. What became of it, a node asks in its run's name.

    With the id of the last event in `Last-Event-ID` or `since`, what came after it is sent first. Where that is not
    known any more, `resync` is: the reader then asks for everything it waits for.
    """
    async for event in bridge.nudges.events(last_event_id or since):
        yield event
