"""The workflow API for what flows tell: passed on to the core in the name of whoever asks."""

from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response

from opsconductor.bridge.routes import IdempotencyKey, Wait
from opsconductor.bridge.state import TheBridge, limited
from opsconductor.contracts.reporting import (
    NotificationTemplate,
    WorkflowAudit,
    WorkflowAudited,
    WorkflowChannels,
    WorkflowNotified,
    WorkflowNotify,
    WorkflowPreview,
)
from opsconductor.kit.branch import Branch
from opsconductor.kit.http import only_known_parameters

router = Branch(prefix="/api/workflow", dependencies=[Depends(only_known_parameters), Depends(limited)])


@router.get("/notification-channels", response_model=WorkflowChannels)
async def workflow_notification_channels(request: Request, bridge: TheBridge) -> Response:
    """Return all channels by name, as much of them as a dialog needs."""
    return await bridge.core.pass_on(request, "GET", "/api/workflow/notification-channels")


@router.post("/notifications/preview", response_model=WorkflowPreview)
async def workflow_notification_preview(
    wanted: NotificationTemplate, request: Request, bridge: TheBridge
) -> Response:
    """Fill in a template's placeholders and send nothing."""
    content = await request.body()
    return await bridge.core.pass_on(request, "POST", "/api/workflow/notifications/preview", content=content)


@router.post("/notify", status_code=202, response_model=WorkflowNotified)
async def workflow_notify(
    wanted: WorkflowNotify, request: Request, bridge: TheBridge, idempotency_key: IdempotencyKey = None
) -> Response:
    """Accept a notification; the same Idempotency-Key gives the same one."""
    content = await request.body()
    return await bridge.core.pass_on(request, "POST", "/api/workflow/notify", content=content)


@router.get("/notifications/{notification_id}", response_model=WorkflowNotified)
async def workflow_notification(
    notification_id: UUID, request: Request, bridge: TheBridge, wait: Wait = 0
) -> Response:
    """Return what became of a notification; with `wait`, once nothing of it is pending any more."""
    path = f"/api/workflow/notifications/{notification_id}"
    return await bridge.core.pass_on(request, "GET", path, params={"wait": str(wait)}, wait=wait)


@router.post("/audit", status_code=201, response_model=WorkflowAudited)
async def workflow_audit(
    wanted: WorkflowAudit, request: Request, bridge: TheBridge, idempotency_key: IdempotencyKey = None
) -> Response:
    """Write down in the audit log what a flow says has happened; the same Idempotency-Key gives the same entry."""
    content = await request.body()
    return await bridge.core.pass_on(request, "POST", "/api/workflow/audit", content=content)
