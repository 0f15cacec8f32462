"""Use cases of channels: add, change, remove, try."""

import asyncio
import time
from typing import Any
from uuid import UUID

from opsconductor import audit
from opsconductor.audit.service import changes
from opsconductor.credentials.vault import Vault
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.notifications import delivery_repository, repository
from opsconductor.notifications.errors import (
    CHANNEL_REMOVED,
    ChannelNameTaken,
    ChannelNotFound,
    ChannelNotUsable,
    DeliveryError,
    PrivateAddressNotAllowed,
)
from opsconductor.notifications.models import NotificationChannel, NotificationDelivery
from opsconductor.notifications.schemas import (
    AppriseIn,
    ChannelChange,
    EmailIn,
    NewChannel,
    TestOut,
    WebhookIn,
    secrets_of,
    settings_of,
)
from opsconductor.notifications.secrets import opened, sealed
from opsconductor.notifications.senders.services import problem_with

PLAIN = ("name", "enabled", "min_severity", "per_minute", "allow_private")
SERVER = ("host", "port", "security", "username")
"""Where a password goes: with another of these, it has to be given again."""

Block = EmailIn | WebhookIn | AppriseIn


async def add(
    uow: UnitOfWork, wanted: NewChannel, vault: Vault, *, may_allow_private: bool
) -> NotificationChannel:
    """Add a channel; its secrets are sealed before they reach the database."""
    if wanted.allow_private and not may_allow_private:
        raise PrivateAddressNotAllowed
    if await repository.name_is_taken(uow.session, wanted.name):
        raise ChannelNameTaken
    channel = NotificationChannel(
        id=new_id(), kind=wanted.kind, **{name: getattr(wanted, name) for name in PLAIN}
    )
    if block := _block(wanted):
        channel.settings = settings_of(block)
        await _check(channel, secrets_of(block))
        channel.secrets = sealed(vault, channel.id, secrets_of(block))
    uow.session.add(channel)
    await uow.session.flush()  # times are shown in the answer
    _record(uow, "notification_channel.added", channel, after=_facts(channel))
    return channel


async def change(
    uow: UnitOfWork, channel_id: UUID, wanted: ChannelChange, vault: Vault, *, may_allow_private: bool
) -> NotificationChannel:
    """Change a channel; a secret left away stays, unless it would go to another server."""
    channel = await get(uow, channel_id, lock=True)
    before = _facts(channel)
    if wanted.name and await repository.name_is_taken(uow.session, wanted.name, except_id=channel_id):
        raise ChannelNameTaken
    for name in PLAIN:
        if (value := getattr(wanted, name)) is not None:
            setattr(channel, name, value)
    block = _block_of_kind(channel, wanted)
    replaced = await _lead(channel, block, vault) if block else False
    if block is None and wanted.allow_private is not None:
        await _check(channel, opened(vault, channel))
    leads_elsewhere = replaced or before["settings"] != channel.settings or not before["allow_private"]
    if channel.allow_private and leads_elsewhere and not may_allow_private:
        raise PrivateAddressNotAllowed
    old, new = changes(before, _facts(channel))
    said = {**new, **({"secrets": "replaced"} if replaced else {})}
    _record(uow, "notification_channel.changed", channel, before=old, after=said)
    await uow.session.flush()  # updated_at is shown in the answer
    return channel


async def remove(uow: UnitOfWork, channel_id: UUID) -> None:
    """Delete a channel; what it has not sent yet is failed, and says why."""
    channel = await get(uow, channel_id, lock=True)
    await delivery_repository.end_of_channel(uow.session, channel_id, *CHANNEL_REMOVED)
    _record(uow, "notification_channel.removed", channel, before=_facts(channel))
    await uow.session.delete(channel)


async def get(uow: UnitOfWork, channel_id: UUID, *, lock: bool = False) -> NotificationChannel:
    """Return a channel."""
    found = await repository.channel(uow.session, channel_id, lock=lock)
    if found is None:
        raise ChannelNotFound
    return found


async def listed(uow: UnitOfWork, search: str | None, limit: int, cursor: str | None) -> Rows:
    """Return a page of channels, by name."""
    order = [Order(NotificationChannel.name), Order(NotificationChannel.id)]
    return await page_of(uow.session, repository.channels_like(search), order, limit, cursor)


async def sent(
    uow: UnitOfWork, channel_id: UUID, status: str | None, limit: int, cursor: str | None
) -> tuple[Rows, dict[UUID, str]]:
    """Return a page of a channel's deliveries, newest first, and the titles of what was sent."""
    await get(uow, channel_id)
    query = delivery_repository.of_channel(channel_id, status)
    order = [Order(NotificationDelivery.id, descending=True)]
    rows = await page_of(uow.session, query, order, limit, cursor)
    return rows, await delivery_repository.titles(uow.session, [row.notification_id for row in rows.items])


async def record_test(
    uow: UnitOfWork, channel_id: UUID, began: float, error: DeliveryError | None
) -> TestOut:
    """Note how a try ended, and return it."""
    channel = await get(uow, channel_id)
    outcome = TestOut(
        delivered=error is None,
        seconds=round(time.monotonic() - began, 3),
        error_code=error and error.code,
        error_message=error and error.detail,
    )
    _record(uow, "notification_channel.tested", channel, after=outcome.model_dump(exclude={"seconds"}))
    return outcome


async def _lead(channel: NotificationChannel, block: Block, vault: Vault) -> bool:
    """Set where a channel leads; tell whether secrets were replaced."""
    given = secrets_of(block)
    if isinstance(block, EmailIn):
        _refuse_to_pass_on_password(channel, block)
    kept = opened(vault, channel)
    if isinstance(block, EmailIn) and not block.username:
        kept.pop("password", None)
    secrets = kept | given
    channel.settings = settings_of(block) or channel.settings
    await _check(channel, secrets)
    channel.secrets = sealed(vault, channel.id, secrets)
    return bool(given)


def _refuse_to_pass_on_password(channel: NotificationChannel, block: EmailIn) -> None:
    """Refuse to send a password that is known to us only to a server that somebody just named."""
    other = any(channel.settings[name] != getattr(block, name) for name in SERVER)
    if other and block.username and block.password is None:
        message = "give the password again: the server, its port, encryption or user name is another one"
        raise ChannelNotUsable(reason=message, errors=[{"field": "email.password", "message": message}])


async def _check(channel: NotificationChannel, secrets: dict[str, str]) -> None:
    """Refuse what could never be sent by."""
    if channel.kind == "apprise":
        reason = await asyncio.to_thread(
            problem_with, secrets.get("url", ""), allow_private=channel.allow_private
        )
        _refuse("apprise.url", reason)
    if (
        channel.kind == "webhook"
        and not secrets.get("url", "").startswith("https://")
        and not channel.allow_private
    ):
        _refuse("webhook.url", "an address without encryption (http://) needs `allow_private`")
    if channel.kind == "email" and channel.settings["username"] and "password" not in secrets:
        _refuse("email.password", "a user name needs its password")


def _refuse(field: str, reason: str | None) -> None:
    if reason:
        raise ChannelNotUsable(reason=reason, errors=[{"field": field, "message": reason}])


def _block(wanted: NewChannel | ChannelChange) -> Block | None:
    return wanted.email or wanted.webhook or wanted.apprise


def _block_of_kind(channel: NotificationChannel, wanted: ChannelChange) -> Block | None:
    """Return the block that belongs to the channel's kind, and refuse another one."""
    for kind in ("email", "webhook", "apprise"):
        if getattr(wanted, kind) is not None and kind != channel.kind:
            _refuse(kind, f"a channel of kind {channel.kind} has no block `{kind}`")
    return _block(wanted)


def _facts(channel: NotificationChannel) -> dict[str, Any]:
    return {**{name: getattr(channel, name) for name in ("kind", *PLAIN)}, "settings": dict(channel.settings)}


def _record(
    uow: UnitOfWork,
    action: str,
    channel: NotificationChannel,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(uow, action, "notification_channel", channel.id, channel.name, before=before, after=after)
