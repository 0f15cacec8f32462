"""Set-up, sign-in, and users over HTTP."""

from typing import Annotated, Literal, TypedDict
from uuid import UUID

from fastapi import Depends, Request, Response

from opsconductor.auth import service
from opsconductor.auth.guard import Guard
from opsconductor.auth.models import Session, User
from opsconductor.auth.policy import permissions_of
from opsconductor.auth.principal import Principal
from opsconductor.auth.repository import administrator_exists
from opsconductor.auth.schemas import (
    Credentials,
    EditorTicket,
    FirstAdministrator,
    Me,
    NewUser,
    OpenedSession,
    OpenSession,
    SessionInfo,
    SetupState,
    SignedIn,
    UserChange,
    UserOut,
    WhoAmI,
)
from opsconductor.auth.tokens import ACCESS_LIFE
from opsconductor.kit.access import allowed, public
from opsconductor.kit.branch import Branch
from opsconductor.kit.clock import now
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow
from opsconductor.kit.settings import Settings

router = Branch()
internal = Branch(prefix="/internal", include_in_schema=False)


async def current_principal(request: Request) -> Principal:
    """Return who asks, as the guard found out."""
    found: Principal = request.state.principal
    return found


async def settings_of(request: Request) -> Settings:
    """Return the settings of the application that serves this request."""
    found: Settings = request.app.state.settings
    return found


async def guard_of(request: Request) -> Guard:
    """Return the application's guard."""
    found: Guard = request.app.state.guard
    return found


Current = Annotated[Principal, Depends(current_principal)]
Config = Annotated[Settings, Depends(settings_of)]
Gate = Annotated[Guard, Depends(guard_of)]


@router.get("/setup", tags=["auth"])
@public
async def setup_state(uow: Uow) -> SetupState:
    """Tell whether the first administrator still has to be made."""
    return SetupState(needed=not await administrator_exists(uow.session))


@router.post("/setup", status_code=201, tags=["auth"])
@public
async def set_up(
    wanted: FirstAdministrator, uow: Uow, response: Response, config: Config, gate: Gate
) -> SignedIn:
    """Make the first administrator, and sign in as it."""
    user = await service.make_first_administrator(uow, wanted, config.setup_secret_file)
    return _signed_in(*service.open_session(uow, user, config.session_hours), response, config, gate)


@router.post("/auth/login", tags=["auth"])
@public
async def login(wanted: Credentials, uow: Uow, response: Response, config: Config, gate: Gate) -> SignedIn:
    """Sign in: the answer has a short access token, and sets the session cookie for browsers."""
    user = await service.sign_in(uow, wanted.username, wanted.password.get_secret_value())
    return _signed_in(*service.open_session(uow, user, config.session_hours), response, config, gate)


@router.post("/auth/logout", status_code=204, tags=["auth"])
@allowed("session.read")
async def logout(uow: Uow, current: Current, response: Response, config: Config, gate: Gate) -> None:
    """End the session, with every token that came from it."""
    if current.session_id:
        await service.sign_out(uow, current.session_id)
    response.delete_cookie(gate.cookie, **_cookie_attributes(config))


@router.get("/auth/me", tags=["auth"])
@allowed("session.read")
async def who_am_i(current: Current) -> WhoAmI:
    """Tell who is signed in, and what they may do."""
    if current.user is None:
        raise NotSignedIn
    info = None
    if current.session_id and current.expires_at:
        info = SessionInfo(id=current.session_id, expires_at=current.expires_at)
    return WhoAmI(user=_me(current.user, current.permissions), session=info)


@router.post("/auth/token", tags=["auth"])
@allowed("session.read")
async def fresh_token(current: Current, gate: Gate) -> SignedIn:
    """Return another short access token for the session of this request's cookie."""
    if current.user is None or current.session_id is None or not current.by_cookie:
        raise NotSignedIn("A new access token needs the session cookie; sign in again.")
    expires_at = now() + ACCESS_LIFE
    token = gate.signer.sign("access", str(current.user.id), expires_at, sid=str(current.session_id))
    return SignedIn(
        access_token=token, expires_at=expires_at, user=_me(current.user, permissions_of(current.user.role))
    )


@router.get("/users", tags=["users"])
@allowed("users.read")
async def list_users(uow: Uow, limit: Limit = 50, cursor: Cursor = None) -> Page[UserOut]:
    """List users by name."""
    rows = await service.users(uow, limit, cursor)
    return Page(items=[_out(user) for user in rows.items], total=rows.total, next_cursor=rows.next_cursor)


@router.post("/users", status_code=201, tags=["users"])
@allowed("users.write")
async def add_user(wanted: NewUser, uow: Uow) -> UserOut:
    """Add a user."""
    return _out(await service.add_user(uow, wanted))


@router.patch("/users/{user_id}", tags=["users"])
@allowed("users.write")
async def change_user(user_id: UUID, change: UserChange, uow: Uow) -> UserOut:
    """Change a user; deactivating ends all sessions and stops the flows that run as it."""
    return _out(await service.change_user(uow, user_id, change))


@internal.post("/sessions", status_code=201)
@allowed("sessions.open")
async def open_session(wanted: OpenSession, uow: Uow, config: Config) -> OpenedSession:
    """Open a session of a user, for one of our own services on this machine."""
    token, opened = await service.open_session_for(uow, wanted.user_id, config.session_hours)
    return OpenedSession(session_token=token, expires_at=opened.expires_at)


@internal.get("/editor-ticket")
@allowed("session.read")
async def editor_ticket(current: Current, gate: Gate) -> EditorTicket:
    """Return what Node-RED gets to see of a browser's session: a ticket that says who it is, and little more."""
    if current.user is None or current.session_id is None or current.expires_at is None:
        raise NotSignedIn
    user = str(current.user.id)
    ticket = gate.signer.sign("editor", user, current.expires_at, sid=str(current.session_id))
    return EditorTicket(ticket=ticket, expires_at=current.expires_at)


def _signed_in(
    session_token: str, opened: Session, response: Response, config: Settings, gate: Guard
) -> SignedIn:
    response.set_cookie(
        gate.cookie,
        session_token,
        max_age=config.session_hours * 3600,
        **_cookie_attributes(config),
    )
    expires_at = now() + ACCESS_LIFE
    token = gate.signer.sign("access", str(opened.user_id), expires_at, sid=str(opened.id))
    me = _me(opened.user, permissions_of(opened.user.role))
    return SignedIn(access_token=token, expires_at=expires_at, user=me)


class CookieAttributes(TypedDict):
    """What a browser checks when a cookie is set, and again when it is removed."""

    path: str
    httponly: bool
    samesite: Literal["lax"]
    secure: bool


def _cookie_attributes(config: Settings) -> CookieAttributes:
    secure = config.public_url.scheme == "https"
    return {"path": "/", "httponly": True, "samesite": "lax", "secure": secure}


def _me(user: User, permissions: frozenset[str]) -> Me:
    return Me(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        role=user.role,
        permissions=sorted(permissions),
    )


def _out(user: User) -> UserOut:
    facts = {name: getattr(user, name) for name in UserOut.model_fields if name != "has_password"}
    return UserOut(**facts, has_password=user.password_hash is not None)
