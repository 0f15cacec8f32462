"""What goes in and out of the notifications domain. Secrets only go in."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from opsconductor.contracts.reporting import NewNotification, NotificationTemplate, Severity
from opsconductor.kit.wire import In

__all__ = ["NewNotification", "NotificationTemplate"]

Kind = Literal["email", "webhook", "apprise", "in_app"]
Status = Literal["pending", "delivered", "failed", "dropped"]
Security = Literal["starttls", "tls", "none"]
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def be_an_address(value: str) -> str:
    """Refuse what is no plain address: with commas or line ends in it, one would become several."""
    if not ADDRESS.fullmatch(value) or not value.isascii():
        raise ValueError("give one e-mail address, such as ops@example.org")
    return value


def be_a_web_address(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in ("https", "http") and parts.hostname and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        usable = False
    if not usable or not url.isascii() or any(sign <= " " for sign in url) or "@" in parts.netloc:
        raise ValueError("give an address that begins with https:// and has no user name in it")
    return value


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
MailAddress = Annotated[str, StringConstraints(max_length=320), AfterValidator(be_an_address)]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=2000)]
WebAddress = Annotated[Secret, AfterValidator(be_a_web_address)]
SigningKey = Annotated[SecretStr, Field(min_length=16, max_length=200)]
PerMinute = Annotated[int, Field(ge=1, le=1000)]


class EmailIn(In):
    """A mail server and who is written to. `security` none sends in the clear: only for a relay next door.

    A password that is left away in a change stays as long as the server stays.
    """

    host: Host
    port: Port = 587
    security: Security = "starttls"
    username: Annotated[str, StringConstraints(max_length=200)] = ""
    password: Secret | None = None
    sender: MailAddress
    recipients: Annotated[list[MailAddress], Field(min_length=1, max_length=50)]


class EmailOut(BaseModel):
    """A mail server and who is written to, without the password."""

    host: str
    port: int
    security: Security
    username: str
    has_password: bool
    sender: str
    recipients: list[str]


class WebhookIn(In):
    """Where to POST, and the key that each request is signed with; what is left away in a change stays."""

    url: WebAddress | None = None
    signing_key: SigningKey | None = None


class WebhookOut(BaseModel):
    """Only the host: the rest of an address may be a secret."""

    host: str


class AppriseIn(In):
    """A URL of the Apprise library, such as `slack://…`; it has the service's tokens in it."""

    url: Secret | None = None


class AppriseOut(BaseModel):
    """Only the name of the service."""

    service: str


class NewChannel(In):
    """A channel to add, with the block that belongs to its kind; `in_app` needs none."""

    name: Name
    kind: Kind
    enabled: bool = True
    min_severity: Severity = "info"
    per_minute: PerMinute = 60
    allow_private: bool = False
    email: EmailIn | None = None
    webhook: WebhookIn | None = None
    apprise: AppriseIn | None = None

    @model_validator(mode="after")
    def have_what_the_kind_needs(self) -> Self:
        for kind in ("email", "webhook", "apprise"):
            if (getattr(self, kind) is not None) != (kind == self.kind):
                raise ValueError(f"a channel of kind {self.kind} has the block of its kind, and no other")
        if self.webhook and not (self.webhook.url and self.webhook.signing_key):
            raise ValueError("a webhook needs `url` and `signing_key`")
        if self.apprise and not self.apprise.url:
            raise ValueError("an Apprise channel needs `url`")
        return self


class ChannelChange(In):
    """What to change; what is left away stays as it is."""

    name: Name | None = None
    enabled: bool | None = None
    min_severity: Severity | None = None
    per_minute: PerMinute | None = None
    allow_private: bool | None = None
    email: EmailIn | None = None
    webhook: WebhookIn | None = None
    apprise: AppriseIn | None = None


class ChannelOut(BaseModel):
    """A channel, without its secrets. `dropped` waits to be said by the next delivery."""

    id: UUID
    name: str
    kind: Kind
    enabled: bool
    min_severity: Severity
    per_minute: int
    allow_private: bool
    email: EmailOut | None
    webhook: WebhookOut | None
    apprise: AppriseOut | None
    dropped: int
    last_delivery: "DeliveryOut | None"
    created_at: datetime
    updated_at: datetime


class DeliveryOut(BaseModel):
    """What became of a notification by one channel. `error_message` is null where there was no error."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    notification_id: UUID
    channel_id: UUID | None
    channel_name: str
    status: Status
    attempts: int
    next_attempt_at: datetime | None
    error_code: str | None
    error_message: str | None
    created_at: datetime
    finished_at: datetime | None


class SentOut(DeliveryOut):
    """A delivery with the title of what was sent."""

    title: str


class NotificationOut(BaseModel):
    """A notification with its deliveries."""

    id: UUID
    title: str
    body: str
    severity: Severity
    flow_id: str | None
    created_by_name: str
    created_at: datetime
    deliveries: list[DeliveryOut]


class InAppOut(BaseModel):
    """A notification as the list of the web app shows it to somebody."""

    id: UUID
    title: str
    body: str
    severity: Severity
    flow_id: str | None
    created_by_name: str
    created_at: datetime
    read: bool


class NotificationsRead(In):
    """Which notifications somebody has read: some, or with `all` every one there is."""

    ids: Annotated[list[UUID], Field(max_length=500)] = Field(default_factory=list)
    all: bool = False

    @model_validator(mode="after")
    def name_some(self) -> Self:
        if bool(self.ids) == self.all:
            raise ValueError("give either `ids` or `all`")
        return self


class UnreadOut(BaseModel):
    """How many notifications somebody has not read yet."""

    unread: int


class PreviewOut(BaseModel):
    """A text with its placeholders filled in."""

    title: str
    body: str


class TestOut(BaseModel):
    """What happened when a channel was tried."""

    delivered: bool
    seconds: float
    error_code: str | None
    error_message: str | None


def settings_of(wanted: EmailIn | WebhookIn | AppriseIn) -> dict[str, Any]:
    """Return what of a block may be shown."""
    if isinstance(wanted, EmailIn):
        return wanted.model_dump(exclude={"password"})
    url = wanted.url.get_secret_value() if wanted.url else ""
    if isinstance(wanted, WebhookIn):
        return {"host": urlsplit(url).netloc} if url else {}
    return {"service": urlsplit(url).scheme.lower()} if url else {}


def secrets_of(wanted: EmailIn | WebhookIn | AppriseIn) -> dict[str, str]:
    """Return what of a block is sealed."""
    fields = {name: getattr(wanted, name) for name in type(wanted).model_fields}
    return {name: value.get_secret_value() for name, value in fields.items() if isinstance(value, SecretStr)}
