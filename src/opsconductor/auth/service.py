"""Use cases of the auth domain: set-up, sign-in, sign-out, users."""

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from opsconductor import audit
from opsconductor.audit.service import changes
from opsconductor.auth import passwords, repository
from opsconductor.auth.errors import (
    LastAdministrator,
    SetupDone,
    SetupSecretWrong,
    SignInRefused,
    TooManySignIns,
    UsernameTaken,
    UserNotFound,
)
from opsconductor.auth.models import Session, User
from opsconductor.auth.schemas import FirstAdministrator, NewUser, UserChange
from opsconductor.auth.tokens import digest, random_token
from opsconductor.kit.clock import now
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import Actor, UnitOfWork

FREE_TRIES = 5
LONGEST_WAIT = 15 * 60  # s


async def make_first_administrator(
    uow: UnitOfWork, wanted: FirstAdministrator, secret_file: Path | None
) -> User:
    """Make the first administrator for whoever knows the set-up secret; the secret is used up by it."""
    await repository.lock_setup(uow.session)
    if await repository.administrator_exists(uow.session):
        raise SetupDone
    if not _secret_fits(wanted.setup_secret.get_secret_value(), secret_file):
        audit.record(uow, "setup.refused", "user", object_name=wanted.username, outcome="refused")
        raise SetupSecretWrong
    new = NewUser(
        username=wanted.username,
        role="administrator",
        display_name=wanted.display_name,
        password=wanted.password,
    )
    return await add_user(uow, new)


def _secret_fits(given: str, secret_file: Path | None) -> bool:
    if secret_file is None or not secret_file.is_file():
        return False
    secret = secret_file.read_text().strip()  # an empty file is no secret, not an empty one
    return bool(secret) and hmac.compare_digest(given.strip().encode(), secret.encode())


async def sign_in(uow: UnitOfWork, username: str, password: str) -> User:
    """Return the user whose name and password these are; slow down whoever guesses."""
    key = hashlib.sha256(f"{username.lower()}\0{uow.origin.address}".encode()).digest()
    await repository.lock_sign_in(uow.session, key)
    await _refuse_guessers(uow, key, username)
    user = await repository.user_named(uow.session, username)
    fits = await passwords.matches(password, user.password_hash if user else None)
    if user is None or not fits or not user.is_active:
        await repository.count_failure(uow.session, key)
        audit.record(uow, "session.refused", "user", user and user.id, username, outcome="refused")
        raise SignInRefused
    await repository.forget_failures(uow.session, key)
    user.last_sign_in_at = now()
    audit.record(
        uow, "session.opened", "user", user.id, user.username, actor=Actor("user", user.id, user.username)
    )
    return user


async def _refuse_guessers(uow: UnitOfWork, key: bytes, username: str) -> None:
    count, seconds = await repository.failures(uow.session, key)
    if count < FREE_TRIES:
        return
    left = min(2.0 ** (count - FREE_TRIES + 1), LONGEST_WAIT) - seconds
    if left > 0:
        audit.record(uow, "session.refused", "user", None, username, outcome="refused")
        wait = int(left) + 1
        raise TooManySignIns(seconds=wait, headers={"Retry-After": str(wait)})


def open_session(uow: UnitOfWork, user: User, hours: int) -> tuple[str, Session]:
    """Open a session for a user; return the token that only the browser keeps, and the row."""
    token = random_token()
    opened = Session(
        id=new_id(),  # signed into the access token before the row is flushed
        token_hash=digest(token),
        user_id=user.id,
        user=user,
        address=uow.origin.address,
        expires_at=now() + timedelta(hours=hours),
    )
    uow.session.add(opened)
    return token, opened


async def open_session_for(uow: UnitOfWork, user_id: UUID, hours: int) -> tuple[str, Session]:
    """Open a session of a user for one of our own services (the demo acts as the demo user)."""
    user = await _user(uow, user_id)
    token, opened = open_session(uow, user, hours)
    audit.record(uow, "session.opened", "user", user.id, user.username)
    return token, opened


async def sign_out(uow: UnitOfWork, session_id: UUID) -> None:
    """End a session at once, with everything that was derived from it."""
    found = await repository.open_session_by_id(uow.session, session_id)
    if found:
        found.revoked_at = now()
        audit.record(uow, "session.closed", "user", found.user_id, found.user.username)


async def add_user(uow: UnitOfWork, wanted: NewUser) -> User:
    """Add a user."""
    if await repository.user_named(uow.session, wanted.username):
        raise UsernameTaken
    user = User(
        username=wanted.username,
        display_name=wanted.display_name or wanted.username,
        role=wanted.role,
        password_hash=None,
    )
    if wanted.password:
        password = wanted.password.get_secret_value()
        passwords.refuse_weak(password, wanted.username)
        user.password_hash = await passwords.hashed(password)
    uow.session.add(user)
    await uow.session.flush()  # the id is needed below
    audit.record(uow, "user.added", "user", user.id, user.username, after=_facts(user))
    return user


async def change_user(uow: UnitOfWork, user_id: UUID, change: UserChange) -> User:
    """Change a user; deactivating or a new password ends all sessions."""
    user = await _user(uow, user_id, lock=True)
    before = _facts(user)
    for name, value in change.model_dump(exclude_unset=True, exclude={"password"}).items():
        if value is not None:
            setattr(user, name, value)
    if before["role"] == "administrator" and before["is_active"]:
        await _keep_an_administrator(uow, user)
    if change.password:
        password = change.password.get_secret_value()
        passwords.refuse_weak(password, user.username)
        user.password_hash = await passwords.hashed(password)
    if not user.is_active or change.password:
        await repository.revoke_sessions_of(uow.session, user.id)
    old, new = changes(before, _facts(user))
    audit.record(
        uow,
        "user.changed",
        "user",
        user.id,
        user.username,
        before=old,
        after={**new, **({"password": "changed"} if change.password else {})},
    )
    await uow.session.flush()  # updated_at is shown in the answer
    return user


async def _keep_an_administrator(uow: UnitOfWork, user: User) -> None:
    if user.role == "administrator" and user.is_active:
        return
    await repository.lock_setup(uow.session)
    if not await repository.other_administrator_exists(uow.session, user.id):
        raise LastAdministrator


async def users(uow: UnitOfWork, limit: int, cursor: str | None) -> Rows:
    """Return a page of users by name."""
    order = [Order(User.username), Order(User.id)]
    return await page_of(uow.session, repository.users(), order, limit, cursor)


async def _user(uow: UnitOfWork, user_id: UUID, *, lock: bool = False) -> User:
    found = await repository.user(uow.session, user_id, lock=lock)
    if found is None:
        raise UserNotFound
    return found


def _facts(user: User) -> dict[str, object]:
    return {"display_name": user.display_name, "role": user.role, "is_active": user.is_active}
