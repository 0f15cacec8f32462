"""The one gate of the core: finds out who asks, and refuses what the table does not allow."""

import hmac
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.auth import principal, repository, token_repository
from opsconductor.auth.errors import PermissionMissing, TokenOfAnotherFlow
from opsconductor.auth.models import User
from opsconductor.auth.policy import EDITOR_TICKET, FLOW_RUN, NODERED_INSTANCE, WORKFLOW_TOKEN, permissions_of
from opsconductor.auth.principal import Principal
from opsconductor.auth.tokens import Signer, digest
from opsconductor.contracts.workflow import WORKFLOW_PREFIX
from opsconductor.kit.access import PUBLIC, rule_of
from opsconductor.kit.callers import HEADER, Caller
from opsconductor.kit.database import Sessions
from opsconductor.kit.errors import ForeignOrigin, NotSignedIn
from opsconductor.kit.http import say_with_answer
from opsconductor.kit.keys import derive
from opsconductor.kit.rate import Limit, RateLimit
from opsconductor.kit.settings import Settings
from opsconductor.kit.unit_of_work import ANONYMOUS

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
FLOW_HEADER = "x-opsconductor-flow"


class FlowOwners(Protocol):
    """Somebody who knows whom a flow runs as (the workflows domain, put in by the composition root)."""

    async def __call__(self, session: AsyncSession, flow_id: str) -> User | None: ...


class Guard:
    """Authenticates requests. One per process."""

    def __init__(
        self, settings: Settings, sessions: Sessions, flow_owners: FlowOwners, rate: RateLimit
    ) -> None:
        self._settings = settings
        self._rate = rate
        self.signer = Signer(settings.secret_key.get_secret_value())
        self.public_origin = settings.public_origin
        self.cookie = cookie_name(settings)
        self._instance_token = derive(settings.secret_key.get_secret_value(), "nodered-instance").hex()
        self._sessions = sessions
        self._flow_owners = flow_owners

    async def principal_of(self, request: Request) -> Principal:
        """Return who asks, or refuse with 401."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        async with self._sessions() as session:
            if scheme.lower() == "bearer" and bearer:
                found = await self._by_bearer(session, bearer.strip(), request)
            elif token := request.cookies.get(self.cookie):
                found = await self._by_cookie(session, token)
            else:
                raise NotSignedIn
            await session.commit()  # the note that a token was used
        return found

    async def principal_of_token(self, token: str, request: Request) -> Principal:
        """Return whose token this is, or refuse with 401 (for tokens inside a body)."""
        async with self._sessions() as session:
            return await self._by_bearer(session, token, request)

    async def count(self, request: Request, found: Principal) -> None:
        """Count a request with a workflow token, from wherever it comes; refuse it when there were too many.

        Flows are counted by the bridge, which they can't pass by.
        """
        via = found.actor.via or ""
        if found.user is None or not via.startswith("token:"):
            return
        limits = [
            Limit("token", f"{found.user.id}:{via}", self._settings.workflow_rate),
            Limit("user", str(found.user.id), self._settings.workflow_user_rate),
        ]
        if found.flow_id:
            limits.append(Limit("flow", found.flow_id, self._settings.workflow_flow_rate))
        say_with_answer(request, await self._rate.take(*limits))

    async def _by_cookie(self, session: AsyncSession, token: str) -> Principal:
        found = await repository.open_session(session, digest(token))
        if found is None:
            raise NotSignedIn
        return principal.of_user(found.user, session_id=found.id, expires_at=found.expires_at, by_cookie=True)

    async def _by_bearer(self, session: AsyncSession, token: str, request: Request) -> Principal:
        if hmac.compare_digest(token.encode(), self._instance_token.encode()):
            return principal.of_service("nodered", NODERED_INSTANCE)
        flow = request.headers.get(FLOW_HEADER)
        if token.startswith(WORKFLOW_PREFIX):
            return await self._by_workflow_token(session, token, flow)
        claims = self.signer.read(token)
        if claims["kind"] == "service":
            return principal.of_service(claims["sub"], frozenset(claims["permissions"]))
        if claims["kind"] == "run":
            return await self._by_run_token(session, claims, flow)
        return await self._by_session_token(session, claims)

    async def _by_workflow_token(self, session: AsyncSession, token: str, flow: str | None) -> Principal:
        found = await token_repository.live_workflow_token(session, digest(token))
        if found is None:
            raise NotSignedIn
        if found.flow_id not in (None, flow):
            raise TokenOfAnotherFlow
        await token_repository.note_use(session, found.id)
        scopes = WORKFLOW_TOKEN & frozenset(found.scopes)
        via = f"token:{found.prefix}"
        return principal.of_user(found.user, scopes=scopes, via=via, flow_id=found.flow_id)

    async def _by_session_token(self, session: AsyncSession, claims: Mapping[str, Any]) -> Principal:
        found = await repository.open_session_by_id(session, UUID(claims["sid"]))
        if found is None:
            raise NotSignedIn
        scopes = EDITOR_TICKET if claims["kind"] == "editor" else None
        return principal.of_user(found.user, scopes=scopes, session_id=found.id, expires_at=found.expires_at)

    async def _by_run_token(
        self, session: AsyncSession, claims: Mapping[str, Any], executing: str | None
    ) -> Principal:
        """A run may do what the owners of both tabs may: of the one it started in, and of the one it is in."""
        starter = await self._flow_owners(session, claims["flow"])
        executor = starter  # of most runs, which stay in the tab they started in
        if executing != claims["flow"]:
            executor = await self._flow_owners(session, executing) if executing else None
        for owner in (starter, executor):
            if owner is None or not owner.is_active:
                raise NotSignedIn("The owner of this flow is deactivated or unknown; deploy it again.")
        assert starter is not None
        assert executor is not None
        if str(starter.id) != claims["sub"]:
            raise NotSignedIn("This flow has another owner since it was started.")
        scopes = FLOW_RUN & permissions_of(executor.role)
        via = f"flow:{executing}"
        return principal.of_user(starter, scopes=scopes, via=via, flow_id=executing)


def caller_of(found: Principal) -> Caller:
    """Return what the bridge is told of who asks."""
    return Caller(
        user=str(found.user.id) if found.user else "",
        service="" if found.user else found.actor.name,
        flow=found.flow_id or "",
        rights=digest(" ".join(sorted(found.permissions))).hex()[:16],
    )


def cookie_name(settings: Settings) -> str:
    """Return the session cookie's name; under TLS the browser itself holds it to this host (`__Host-`)."""
    return "__Host-opsc_session" if settings.public_url.scheme == "https" else "opsc_session"


async def guard(request: Request) -> None:
    """Let a request through, or refuse it: what a route does not say it allows is not allowed."""
    rule = rule_of(request.scope["route"].endpoint)
    if rule is None:
        raise PermissionMissing(permission="a rule of its own")
    gate: Guard = request.app.state.guard
    if rule == PUBLIC:
        _same_origin(request, gate.public_origin)
        request.state.actor = ANONYMOUS
        return
    found = await gate.principal_of(request)
    if found.by_cookie:
        _same_origin(request, gate.public_origin)
    await gate.count(request, found)
    if rule not in found.permissions:
        raise PermissionMissing(permission=rule)
    if not found.by_cookie:
        say_with_answer(request, {HEADER: str(caller_of(found))})
    request.state.principal = found
    request.state.actor = found.actor


def _same_origin(request: Request, public_origin: str) -> None:
    """Refuse a browser's unsafe request from a foreign page; other clients send no Origin."""
    origin = request.headers.get("origin")
    if request.method in SAFE_METHODS or origin is None:
        return
    here = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if origin not in (public_origin, here):
        raise ForeignOrigin
