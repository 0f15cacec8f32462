"""What the routes of the bridge share, and how they find out who asks."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

import httpx
from fastapi import Depends, Request

from opsconductor.bridge.core import NO_STORE, Core
from opsconductor.bridge.nudges import Nudges
from opsconductor.bridge.rate import RateLimit
from opsconductor.bridge.recent import Recent
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.live import Hints
from opsconductor.kit.settings import Settings

SIGNED_IN = 1.0  # s; a session that has ended is refused after this at the latest
TARGETS = 2.0  # s
INSTANCE = 60.0  # s; Node-RED's own token changes with SECRET_KEY only


class Bridge:
    """The parts of one bridge process."""

    def __init__(self, settings: Settings, hints: Hints) -> None:
        self.settings = settings
        self.hints = hints
        self.core = Core(settings)
        self.rate = RateLimit(settings)
        self.nudges = Nudges(hints)
        self.recent = RecentAnswers(Recent(SIGNED_IN), Recent(SIGNED_IN), Recent(TARGETS), Recent(INSTANCE))

    def start(self) -> None:
        """Begin to listen for what changes."""
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

    editor_users: Recent[httpx.Response]
    editor_tickets: Recent[str]
    targets: Recent[httpx.Response]
    instances: Recent[None]


def bridge_of(request: Request) -> Bridge:
    """Return the application's bridge."""
    found: Bridge = request.app.state.bridge
    return found


TheBridge = Annotated[Bridge, Depends(bridge_of)]


def token_of(request: Request) -> str:
    """Return the bearer token of a request, or refuse with 401. Whether it is a good one, the core knows."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise NotSignedIn("Sign in first: there is no token in the request.", headers=NO_STORE)
    return bearer.strip()


Token = Annotated[str, Depends(token_of)]


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


def fingerprint(*secrets: str) -> str:
    """Return what secrets are known by in caches and counters: never themselves."""
    return hashlib.sha256("\0".join(secrets).encode()).hexdigest()


async def limited(token: Token, bridge: TheBridge) -> None:
    """Let a request through if its token has not sent too many."""
    await bridge.rate.take(fingerprint(token))
