"""The secrets of a channel: one sealed JSON object."""

import json
from uuid import UUID

from opsconductor.credentials.vault import SealBroken, SealedPlace, Vault
from opsconductor.notifications.models import NotificationChannel


def sealed(vault: Vault, channel_id: UUID, secrets: dict[str, str]) -> bytes:
    """Return what is stored."""
    return vault.seal(json.dumps(secrets), **_place(channel_id))


def opened(vault: Vault, channel: NotificationChannel) -> dict[str, str]:
    """Return the secrets of a channel; nothing where it has none, or none that can be opened with our key."""
    if channel.secrets is None:
        return {}
    try:
        found: dict[str, str] = json.loads(vault.open(channel.secrets, **_place(channel.id)))
    except SealBroken:
        return {}
    return found


def _place(channel_id: UUID) -> SealedPlace:
    return {"table": "notification_channels", "row": channel_id, "field": "secrets"}
