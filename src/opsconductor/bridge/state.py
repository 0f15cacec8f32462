"""What the routes of the bridge share, and how they find out who asks."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from opsconductor.bridge.callers import Callers
from opsconductor.bridge.client import Answer
from opsconductor.bridge.core import NO_STORE, Core, asker_of, bearer_of, fingerprint
from opsconductor.bridge.nudges import Nudges
from opsconductor.bridge.recent import Recent
from opsconductor.bridge.target_lists import TargetLists
from opsconductor.bridge.turns import Turns
from opsconductor.contracts.workflow import WORKFLOW_PREFIX
from opsconductor.kit.callers import Caller
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.http import say_with_answer
from opsconductor.kit.live import Hints
from opsconductor.kit.rate import Limit, RateLimit
from opsconductor.kit.settings import Settings

SIGNED_IN = 1.0  # s; a session that has ended is refused after this at the latest
INSTANCE = 60.0  # s; Node-RED's own token changes with SECRET_KEY only


class Bridge:
    """The parts of one bridge process."""

    def __init__(self, settings: Settings, hints: Hints) -> None:
        self.settings = settings
        self.hints = hints
        self.callers = Callers()
        self.core = Core(settings, self.callers)
        self.rate = RateLimit(settings, "bridge")
        self.turns = Turns(settings.workflow_starts)
        self.nudges = Nudges(hints)
        self.target_lists = TargetLists(self.callers, hints)
        self.nudges.on("target", self.target_lists.forget)
        self.recent = RecentAnswers(
            Recent("editor_users", SIGNED_IN),
            Recent("editor_tickets", SIGNED_IN),
            Recent("instances", INSTANCE),
        )

    def start(self) -> None:
        """Begin to listen for what changes."""
        self.core.start()
        self.hints.start()
        self.nudges.start()

    async def stop(self) -> None:
        """Close everything."""
        await self.nudges.stop()
        await self.hints.stop()
        await self.rate.close()
        await self.core.close()


@dataclass(frozen=True)
class RecentAnswers:
    """The core's answers that are kept for a moment, by a hash of who asked."""

    editor_users: Recent[Answer]
    editor_tickets: Recent[str]
    instances: Recent[None]


async def bridge_of(request: Request) -> Bridge:
    """Return the application's bridge."""
    found: Bridge = request.app.state.bridge
    return found


TheBridge = Annotated[Bridge, Depends(bridge_of)]


async def token_of(request: Request) -> str:
    """Return the bearer token of a request, or refuse with 401. Whether it is a good one, the core knows."""
    token = bearer_of(request)
    if not token:
        raise NotSignedIn("Sign in first: there is no token in the request.", headers=NO_STORE)
    return token


Token = Annotated[str, Depends(token_of)]
Cursor = Annotated[str | None, Query(max_length=500)]


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


async def limited(request: Request, token: Token, bridge: TheBridge) -> None:
    """Let a request through if its token, its user and its flow have not sent too many."""
    caller = bridge.callers.of(asker_of(request))
    await count(request, bridge, _limits(bridge.settings, token, caller))


async def count(request: Request, bridge: Bridge, limits: list[Limit]) -> None:
    """Count a request, and tell with its answer what is left."""
    say_with_answer(request, await bridge.rate.take(*limits))


def _limits(settings: Settings, token: str, caller: Caller | None) -> list[Limit]:
    """Return what a request counts against.

    Node-RED itself speaks for all flows, so it counts as much as a user; what a flow's runs send counts for the flow.
    """
    if caller and caller.service:
        return [Limit("user", caller.service, settings.workflow_user_rate)]
    of_a_flow = caller and caller.flow and not token.startswith(WORKFLOW_PREFIX)
    limits = [] if of_a_flow else [Limit("token", fingerprint(token), settings.workflow_rate)]
    if caller:
        limits.append(Limit("user", caller.user, settings.workflow_user_rate))
    if caller and caller.flow:
        limits.append(Limit("flow", fingerprint(caller.flow), settings.workflow_flow_rate))
    return limits
