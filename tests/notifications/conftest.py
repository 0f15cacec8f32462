"""A core, somebody who sends, and receivers on loopback."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.core import Core
from tests.support.receivers import Hook, Mailbox, hook_server, mail_server

from opsconductor.notifications.dispatch import Dispatcher, Senders

SIGNING_KEY = "signing-key-canary-0123"


@dataclass
class Desk:
    """Adds channels, sends, and lets a sender of its own do its rounds."""

    core: Core

    def dispatcher(self, **more: Any) -> Dispatcher:
        state = self.core.app.state
        return Dispatcher(state.units, state.hints, Senders(self.core.settings, state.vault), **more)

    async def channel(self, **wanted: Any) -> dict[str, Any]:
        answer = await self.core.admin.post("/notification-channels", json=wanted)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def webhook(self, name: str, url: str, **more: Any) -> dict[str, Any]:
        block = {"url": url, "signing_key": SIGNING_KEY}
        return await self.channel(
            **{"name": name, "kind": "webhook", "allow_private": True, "webhook": block, **more}
        )

    async def email(self, name: str, mailbox: Mailbox, block: dict[str, Any] | None = None) -> dict[str, Any]:
        whole = {
            **{"host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "ops@example.org"},
            **{"recipients": ["on-call@example.org", "lead@example.org"], **(block or {})},
        }
        return await self.channel(name=name, kind="email", allow_private=True, email=whole)

    async def send(self, *channel_ids: str, **more: Any) -> dict[str, Any]:
        body = {"title": "Disk full", "body": "on web-1", "channel_ids": channel_ids, **more}
        answer = await self.core.admin.post("/notifications", json=body)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def now(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Return the first delivery of a notification as it is now."""
        answer = await self.core.admin.get(f"/notifications/{sent['id']}")
        return dict(answer.json()["deliveries"][0])

    async def sent(self, *channel_ids: str, **more: Any) -> dict[str, Any]:
        """Send, let a sender do one round, and return the first delivery."""
        accepted = await self.send(*channel_ids, **more)
        dispatcher = self.dispatcher()
        await dispatcher.dispatch()
        await dispatcher.settle()
        return await self.now(accepted)

    async def until(self, sent: dict[str, Any], status: str, seconds: float = 15) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            while (found := await self.now(sent))["status"] != status:
                await asyncio.sleep(0.05)
        return found


@pytest.fixture(scope="module")
async def desk(core: Core) -> Desk:
    return Desk(core)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with hook_server() as serving:
        yield serving


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running
