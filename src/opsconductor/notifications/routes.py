"""Notifications over HTTP: send, preview, and the list of the web app."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from opsconductor.auth.routes import Current
from opsconductor.contracts.reporting import Severity
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import IdempotencyKey, Uow
from opsconductor.notifications import service
from opsconductor.notifications.models import Notification
from opsconductor.notifications.schemas import (
    DeliveryOut,
    InAppOut,
    NewNotification,
    NotificationOut,
    NotificationsRead,
    NotificationTemplate,
    PreviewOut,
    UnreadOut,
)

router = Branch(prefix="/notifications", tags=["notifications"])


@router.get("")
@allowed("notifications.read")
async def list_notifications(
    uow: Uow,
    current: Current,
    severity: Annotated[list[Severity] | None, Query()] = None,
    unread: bool | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[InAppOut]:
    """List what was sent to the web app, newest first; `unread` is about whoever asks, `q` looks in title and text."""
    assert current.user is not None  # services have no such permission
    rows, read = await service.listed(
        uow, current.user.id, limit, cursor, severities=severity or [], search=q, unread=unread
    )
    items = [InAppOut(**_facts(row, InAppOut), read=row.id in read) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.post("", status_code=202)
@allowed("notifications.send")
async def send_notification(
    wanted: NewNotification, uow: Uow, idempotency_key: IdempotencyKey = None
) -> NotificationOut:
    """Accept a notification. The answer comes once it is durable; what became of it, its deliveries say."""
    return await notification_out(uow, await service.send(uow, wanted, key=idempotency_key))


@router.post("/preview")
@allowed("notifications.read")
async def preview_notification(wanted: NotificationTemplate) -> PreviewOut:
    """Fill in a template's placeholders and send nothing."""
    title, body = service.preview(wanted)
    return PreviewOut(title=title, body=body)


@router.post("/read")
@allowed("notifications.read")
async def mark_notifications_read(wanted: NotificationsRead, uow: Uow, current: Current) -> UnreadOut:
    """Note that whoever asks has read these notifications; others have not."""
    assert current.user is not None
    return UnreadOut(unread=await service.mark_read(uow, current.user.id, None if wanted.all else wanted.ids))


@router.get("/{notification_id}")
@allowed("notifications.send")
async def get_notification(notification_id: UUID, uow: Uow) -> NotificationOut:
    """Return a notification with what became of it by each channel."""
    return await notification_out(uow, await service.get(uow, notification_id))


async def notification_out(uow: Uow, notification: Notification) -> NotificationOut:
    """Return a notification with its deliveries."""
    rows = await service.deliveries(uow, notification.id)
    deliveries = [DeliveryOut.model_validate(row) for row in rows]
    return NotificationOut(**_facts(notification, NotificationOut), deliveries=deliveries)


def _facts(notification: Notification, shown: type[InAppOut] | type[NotificationOut]) -> dict[str, object]:
    computed = {"read", "deliveries"}
    return {name: getattr(notification, name) for name in shown.model_fields if name not in computed}
