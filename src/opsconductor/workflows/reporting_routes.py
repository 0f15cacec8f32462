"""The workflow API for what flows tell: notifications to people, and entries of the audit log."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from opsconductor.auth.principal import Principal
from opsconductor.auth.routes import Current
from opsconductor.contracts.reporting import (
    NotificationTemplate,
    WorkflowAudit,
    WorkflowAudited,
    WorkflowChannel,
    WorkflowChannels,
    WorkflowDelivery,
    WorkflowNotified,
    WorkflowNotify,
    WorkflowPreview,
)
from opsconductor.contracts.workflow import WorkflowContext
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.live import Hints
from opsconductor.kit.requests import IdempotencyKey, Uow
from opsconductor.kit.unit_of_work import UnitOfWork, UnitsOfWork
from opsconductor.notifications import repository as notifications
from opsconductor.notifications import service
from opsconductor.notifications.models import Notification
from opsconductor.notifications.service import Source
from opsconductor.workflows import reporting

LONGEST_WAIT = 60  # s
TICK = 1.0  # s; how late an end is noticed when Redis is away

router = Branch(prefix="/workflow", tags=["workflow API"])

Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait until nothing is pending.")]


async def hints_of(request: Request) -> Hints:
    """Return the application's hints."""
    found: Hints = request.app.state.hints
    return found


@router.get("/notification-channels")
@allowed("notifications.read")
async def workflow_notification_channels(uow: Uow) -> WorkflowChannels:
    """Return all channels by name, as much of them as a dialog needs."""
    found = await notifications.all_channels(uow.session)
    return WorkflowChannels(
        channels=[WorkflowChannel.model_validate(one, from_attributes=True) for one in found]
    )


@router.post("/notifications/preview")
@allowed("notifications.read")
async def workflow_notification_preview(wanted: NotificationTemplate) -> WorkflowPreview:
    """Fill in a template's placeholders and send nothing."""
    title, body = service.preview(wanted)
    return WorkflowPreview(title=title, body=body)


@router.post("/notify", status_code=202)
@allowed("notifications.send")
async def workflow_notify(
    wanted: WorkflowNotify, uow: Uow, current: Current, idempotency_key: IdempotencyKey = None
) -> WorkflowNotified:
    """Accept a notification; the same Idempotency-Key gives the same one."""
    place = wanted.workflow_context
    flow_id = _flow(current, place)
    source = Source(flow_id, place.node_id, place.run_id) if place else Source(flow_id)
    return await _notified(uow, await service.send(uow, wanted, key=idempotency_key, source=source))


@router.get("/notifications/{notification_id}")
@allowed("notifications.send")
async def workflow_notification(
    notification_id: UUID, request: Request, hints: Annotated[Hints, Depends(hints_of)], wait: Wait = 0
) -> WorkflowNotified:
    """Return what became of a notification; with `wait`, once nothing of it is pending any more."""
    units: UnitsOfWork = request.app.state.units
    deadline = time.monotonic() + wait
    async with hints.watching(str(notification_id)) as changed:
        while True:
            changed.clear()
            async with units.begin() as uow:
                found = await _notified(uow, await service.get(uow, notification_id))
            left = deadline - time.monotonic()
            if found.finished or left <= 0:
                return found
            await _pause(changed, min(TICK, left))


@router.post("/audit", status_code=201)
@allowed("audit.write")
async def workflow_audit(
    wanted: WorkflowAudit, uow: Uow, current: Current, idempotency_key: IdempotencyKey = None
) -> WorkflowAudited:
    """Write down in the audit log what a flow says has happened; what looks like a secret is masked.

    The same Idempotency-Key gives the same entry.
    """
    flow_id = _flow(current, wanted.workflow_context)
    return WorkflowAudited(audit_id=await reporting.record(uow, wanted, flow_id, key=idempotency_key))


def _flow(current: Principal, place: WorkflowContext | None) -> str | None:
    """Return the flow that speaks: what the token proves counts more than what is said."""
    return current.flow_id or (place.node_red_flow_id if place else None)


async def _notified(uow: UnitOfWork, notification: Notification) -> WorkflowNotified:
    rows = await service.deliveries(uow, notification.id)
    return WorkflowNotified(
        notification_id=notification.id,
        finished=all(row.status != "pending" for row in rows),
        title=notification.title,
        deliveries=[WorkflowDelivery.model_validate(row, from_attributes=True) for row in rows],
    )


async def _pause(changed: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(changed.wait(), seconds)
    except TimeoutError:
        return
