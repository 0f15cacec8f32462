"""Notification channels over HTTP."""

import time
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from opsconductor.auth.routes import Current
from opsconductor.credentials.routes import OpenVault
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow, origin_of
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.notifications import channels, delivery_repository
from opsconductor.notifications.dispatch import Senders, trial_of
from opsconductor.notifications.errors import DeliveryError
from opsconductor.notifications.models import NotificationChannel, NotificationDelivery
from opsconductor.notifications.schemas import (
    AppriseOut,
    ChannelChange,
    ChannelOut,
    DeliveryOut,
    EmailOut,
    NewChannel,
    SentOut,
    Status,
    TestOut,
    WebhookOut,
)

router = Branch(prefix="/notification-channels", tags=["notifications"])

ALLOW_PRIVATE = "notifications.allow_private"


async def senders_of(request: Request) -> Senders:
    """Return the application's ways out."""
    found: Senders = request.app.state.senders
    return found


@router.get("")
@allowed("notifications.send")
async def list_channels(
    uow: Uow,
    q: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ChannelOut]:
    """List channels by name, without their secrets; `q` looks in the name."""
    rows = await channels.listed(uow, q, limit, cursor)
    newest = await delivery_repository.newest_of(uow.session, [row.id for row in rows.items])
    items = [_out(row, newest.get(row.id)) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.post("", status_code=201)
@allowed("notifications.write")
async def add_channel(wanted: NewChannel, uow: Uow, vault: OpenVault, current: Current) -> ChannelOut:
    """Add a channel; its secrets are sealed and never shown again."""
    may = ALLOW_PRIVATE in current.permissions
    return _out(await channels.add(uow, wanted, vault, may_allow_private=may), None)


@router.get("/{channel_id}")
@allowed("notifications.send")
async def get_channel(channel_id: UUID, uow: Uow) -> ChannelOut:
    """Return a channel without its secrets."""
    return await _shown(uow, await channels.get(uow, channel_id))


@router.patch("/{channel_id}")
@allowed("notifications.write")
async def change_channel(
    channel_id: UUID, wanted: ChannelChange, uow: Uow, vault: OpenVault, current: Current
) -> ChannelOut:
    """Change a channel; a secret left away stays as it is, unless the server is another one."""
    may = ALLOW_PRIVATE in current.permissions
    return await _shown(uow, await channels.change(uow, channel_id, wanted, vault, may_allow_private=may))


@router.delete("/{channel_id}", status_code=204)
@allowed("notifications.write")
async def remove_channel(channel_id: UUID, uow: Uow) -> None:
    """Delete a channel; what it has not sent yet is failed."""
    await channels.remove(uow, channel_id)


@router.post("/{channel_id}/test")
@allowed("notifications.write")
async def try_channel(
    channel_id: UUID, request: Request, senders: Annotated[Senders, Depends(senders_of)]
) -> TestOut:
    """Send a test by a channel, switched on or not, and say what happened; answers within about 30 s."""
    units: UnitsOfWork = request.app.state.units
    actor, origin = request.state.actor, origin_of(request)
    async with units.begin(actor, origin) as uow:
        channel = await channels.get(uow, channel_id)
    began, problem = time.monotonic(), None
    try:
        await senders.send(trial_of(channel, actor.name), channel)
    except DeliveryError as error:
        problem = error
    async with units.begin(actor, origin) as uow:
        return await channels.record_test(uow, channel_id, began, problem)


@router.get("/{channel_id}/deliveries")
@allowed("notifications.send")
async def list_deliveries(
    channel_id: UUID, uow: Uow, status: Status | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[SentOut]:
    """List what was sent by a channel, newest first, and what became of it."""
    rows, titles = await channels.sent(uow, channel_id, status, limit, cursor)
    items = [
        SentOut(**DeliveryOut.model_validate(row).model_dump(), title=titles.get(row.notification_id, ""))
        for row in rows.items
    ]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


async def _shown(uow: Uow, channel: NotificationChannel) -> ChannelOut:
    newest = await delivery_repository.newest_of(uow.session, [channel.id])
    return _out(channel, newest.get(channel.id))


def _out(channel: NotificationChannel, newest: NotificationDelivery | None) -> ChannelOut:
    block = channel.settings
    computed = {"email", "webhook", "apprise", "last_delivery"}
    facts = {name: getattr(channel, name) for name in ChannelOut.model_fields if name not in computed}
    email = channel.kind == "email"
    return ChannelOut(
        **facts,
        email=EmailOut(**block, has_password=bool(block["username"])) if email else None,
        webhook=WebhookOut(**block) if channel.kind == "webhook" else None,
        apprise=AppriseOut(**block) if channel.kind == "apprise" else None,
        last_delivery=DeliveryOut.model_validate(newest) if newest else None,
    )
