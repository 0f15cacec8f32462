"""What goes in and out of the auth domain."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from opsconductor.auth.policy import Role
from opsconductor.kit.wire import In

Username = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100, pattern=r"^[A-Za-z0-9._@-]+$")
]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
DisplayName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Credentials(In):
    """A user name and a password."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    password: Password


class FirstAdministrator(In):
    """What the set-up page asks for."""

    setup_secret: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    username: Username
    password: Password
    display_name: DisplayName | None = None


class SetupState(BaseModel):
    """Whether the first administrator still has to be made."""

    needed: bool


class UserOut(BaseModel):
    """A user, without anything secret."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    display_name: str
    role: Role
    is_active: bool
    has_password: bool
    last_sign_in_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Me(BaseModel):
    """The person who is signed in."""

    id: UUID
    username: str
    display_name: str
    role: Role
    permissions: list[str]


class SessionInfo(BaseModel):
    """The sign-in behind a request."""

    id: UUID
    expires_at: datetime


class SignedIn(BaseModel):
    """A fresh sign-in: a short token for API clients; browsers get the cookie beside it."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # a word, not a secret
    expires_at: datetime
    user: Me


class WhoAmI(BaseModel):
    """Who is asking, and by which session."""

    user: Me
    session: SessionInfo | None


class NewUser(In):
    """A user to add. Without a password nobody can sign in as it; flows can still run as it."""

    username: Username
    role: Role
    display_name: DisplayName | None = None
    password: Password | None = None


class UserChange(In):
    """What to change of a user; keys left away stay as they are."""

    role: Role | None = None
    is_active: bool | None = None
    display_name: DisplayName | None = None
    password: Password | None = None


class OpenSession(In):
    """Whose session one of our own services wants to open."""

    user_id: UUID


class OpenedSession(BaseModel):
    """A session opened by a service: the cookie's value."""

    session_token: str
    expires_at: datetime


class EditorTicket(BaseModel):
    """What Node-RED gets to see of a session."""

    ticket: str
    expires_at: datetime
