"""Use cases of notifications: write them down with a delivery for each channel, list them, note who has read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from opsconductor import audit
from opsconductor.contracts.reporting import NewNotification, NotificationTemplate
from opsconductor.kit.errors import KeyUsedForOther
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.kit.wire import sha256_of
from opsconductor.notifications import delivery_repository, figures, repository, templates
from opsconductor.notifications.errors import (
    BELOW_SEVERITY,
    CHANNEL_OFF,
    TOO_MANY,
    NotificationNotFound,
    UnknownChannels,
)
from opsconductor.notifications.models import (
    SEVERITIES,
    Notification,
    NotificationChannel,
    NotificationDelivery,
)


@dataclass(frozen=True)
class Source:
    """The place in a flow that a notification comes from."""

    flow_id: str | None = None
    node_id: str | None = None
    run_id: str | None = None


async def send(
    uow: UnitOfWork, wanted: NewNotification, *, key: str | None = None, source: Source = Source()
) -> Notification:
    """Write down a notification with a delivery for each channel, once per idempotency key. It is sent by others."""
    digest = _digest(wanted, source)
    if key and (earlier := await _earlier(uow, key, digest)):
        return earlier
    title, body = templates.filled(wanted.title, wanted.body, wanted.data)
    channels = await _channels(uow, wanted.channel_ids)
    notification = Notification(
        id=new_id(),
        title=title,
        body=body,
        severity=wanted.severity,
        owner=uow.actor.owner,
        idempotency_key=key,
        request_sha256=digest,
        created_by=uow.actor.id,
        created_by_name=uow.actor.name,
        flow_id=source.flow_id,
        node_id=source.node_id,
        run_id=source.run_id,
    )
    uow.session.add(notification)
    await uow.session.flush()  # deliveries refer to it
    at = notification.created_at
    uow.session.add_all([await _delivery(uow, notification, channel, at) for channel in channels])
    audit.record(
        uow,
        "notification.sent",
        "notification",
        notification.id,
        title,
        after={"severity": wanted.severity, "channels": [channel.name for channel in channels]},
    )
    await uow.session.flush()  # deliveries are read back for the answer
    return notification


def preview(wanted: NotificationTemplate) -> tuple[str, str]:
    """Return title and body as they would be sent."""
    return templates.filled(wanted.title, wanted.body, wanted.data)


async def _delivery(
    uow: UnitOfWork, notification: Notification, channel: NotificationChannel, at: datetime
) -> NotificationDelivery:
    """Return what is to be done by a channel, which nobody else counts at the same time: its row is locked."""
    delivery = NotificationDelivery(
        id=new_id(),
        notification_id=notification.id,
        channel_id=channel.id,
        channel_name=channel.name,
        status="pending",
        next_attempt_at=at,
    )
    if reason := await _reason_to_drop(uow, notification, channel):
        delivery.status, delivery.finished_at, delivery.next_attempt_at = "dropped", at, None
        delivery.error_code, delivery.error_message = reason
        channel.dropped += reason == TOO_MANY
    else:
        delivery.dropped_before, channel.dropped = channel.dropped, 0
    if channel.kind == "in_app" and delivery.status == "pending":
        notification.in_app = True
        delivery.status, delivery.finished_at, delivery.next_attempt_at = "delivered", at, None
    figures.ACCEPTED.labels(channel.kind, delivery.status).inc()
    return delivery


async def _reason_to_drop(
    uow: UnitOfWork, notification: Notification, channel: NotificationChannel
) -> tuple[str, str] | None:
    if not channel.enabled:
        return CHANNEL_OFF
    if SEVERITIES.index(notification.severity) < SEVERITIES.index(channel.min_severity):
        return BELOW_SEVERITY
    if await delivery_repository.taken_lately(uow.session, channel.id) >= channel.per_minute:
        return TOO_MANY
    return None


async def _channels(uow: UnitOfWork, ids: Sequence[UUID]) -> list[NotificationChannel]:
    wanted = list(dict.fromkeys(ids))
    found = await repository.channels_by_id(uow.session, wanted, lock=True)
    if missing := [str(id) for id in wanted if id not in found]:
        text = ", ".join(missing[:5])
        raise UnknownChannels(ids=text, errors=[{"field": "channel_ids", "message": f"unknown: {text}"}])
    return [found[id] for id in wanted]


async def _earlier(uow: UnitOfWork, key: str, digest: bytes) -> Notification | None:
    await repository.lock_key(uow.session, uow.actor.owner, key)
    earlier = await repository.notification_with_key(uow.session, uow.actor.owner, key)
    if earlier is not None and earlier.request_sha256 != digest:
        raise KeyUsedForOther
    return earlier


def _digest(wanted: NewNotification, source: Source) -> bytes:
    fields = set(NewNotification.model_fields)
    content: dict[str, Any] = {
        "wanted": wanted.model_dump(mode="json", include=fields),
        "flow": source.flow_id,
    }
    return sha256_of(content)


async def get(uow: UnitOfWork, notification_id: UUID) -> Notification:
    """Return a notification."""
    found = await repository.notification(uow.session, notification_id)
    if found is None:
        raise NotificationNotFound
    return found


async def deliveries(uow: UnitOfWork, notification_id: UUID) -> Sequence[NotificationDelivery]:
    """Return what became of a notification by each of its channels."""
    return await delivery_repository.deliveries(uow.session, [notification_id])


async def listed(
    uow: UnitOfWork,
    user_id: UUID,
    limit: int,
    cursor: str | None,
    *,
    severities: Sequence[str],
    search: str | None,
    unread: bool | None,
) -> tuple[Rows, set[UUID]]:
    """Return a page of the list in the web app, newest first, and which of it this user has read."""
    query = repository.in_app(user_id, severities, search, unread=unread)
    rows = await page_of(uow.session, query, [Order(Notification.id, descending=True)], limit, cursor)
    return rows, await repository.read_ones(uow.session, user_id, [row.id for row in rows.items])


async def mark_read(uow: UnitOfWork, user_id: UUID, ids: Sequence[UUID] | None) -> int:
    """Note that a user has read these notifications, or all; return how many are left unread."""
    await repository.mark_read(uow.session, user_id, ids)
    return await repository.unread_count(uow.session, user_id)
