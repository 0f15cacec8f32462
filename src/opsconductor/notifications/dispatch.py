"""Sending: takes deliveries that are due, sends each by its channel, and writes down what became of it."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from opsconductor import audit
from opsconductor.credentials.vault import Vault
from opsconductor.kit.clock import now
from opsconductor.kit.errors import Unavailable
from opsconductor.kit.ids import new_id
from opsconductor.kit.live import Hints
from opsconductor.kit.settings import Settings
from opsconductor.kit.unit_of_work import Actor, UnitOfWork, UnitsOfWork
from opsconductor.notifications import delivery_repository, figures, repository
from opsconductor.notifications.errors import CHANNEL_OFF, DeliveryError, SecretsUnreadable, SendingFailed
from opsconductor.notifications.models import Notification, NotificationChannel, NotificationDelivery
from opsconductor.notifications.secrets import opened
from opsconductor.notifications.senders.base import Message, Route, trust
from opsconductor.notifications.senders.email import Email
from opsconductor.notifications.senders.services import Services
from opsconductor.notifications.senders.webhook import Webhook

log = structlog.get_logger()

AT_ONCE = 20
OF_A_CHANNEL = 4  # one that hangs holds no more places than these
FIRST_PAUSE = 10.0  # s; each further one is four times as long
LONGEST_PAUSE = 3600.0  # s
MOST_ATTEMPTS = 7  # over about 2 h
PATIENCE = 5.0  # s at the end of the process
ACTOR = Actor("service", name="notifications")


class Sender(Protocol):
    """A way out."""

    async def send(self, message: Message, route: Route) -> None:
        """Send once. Raises DeliveryError."""


@dataclass(frozen=True)
class Item:
    """A delivery with all that is needed for it."""

    delivery: NotificationDelivery
    notification: Notification
    channel: NotificationChannel


class Senders:
    """All ways out, by kind of channel."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        trusted = trust(settings.notify_ca_file)
        self._vault = vault
        self._by_kind: dict[str, Sender] = {
            "email": Email(trusted),
            "webhook": Webhook(trusted),
            "apprise": Services(),
        }

    async def send(self, message: Message, channel: NotificationChannel) -> None:
        """Send once by a channel. Raises DeliveryError, whatever goes wrong."""
        try:
            await self._send(message, channel)
        except DeliveryError as error:
            figures.ATTEMPTS.labels(channel.kind, error.code).inc()
            raise
        except Exception as error:  # door: one channel must not stop the others
            figures.ATTEMPTS.labels(channel.kind, SendingFailed.code).inc()
            log.warning("notification.sending_failed", channel=channel.name, reason=type(error).__name__)
            raise SendingFailed from error
        figures.ATTEMPTS.labels(channel.kind, "delivered").inc()

    async def _send(self, message: Message, channel: NotificationChannel) -> None:
        if channel.kind == "in_app":
            return
        secrets = opened(self._vault, channel)
        if not secrets and (channel.kind != "email" or channel.settings["username"]):
            raise SecretsUnreadable
        route = Route(channel.name, channel.settings, secrets, channel.allow_private)
        await self._by_kind[channel.kind].send(message, route)


class Dispatcher:
    """Sends what is due. Any number may run: the database gives each delivery to one of them."""

    def __init__(
        self, units: UnitsOfWork, hints: Hints, senders: Senders, *, first_pause: float = FIRST_PAUSE
    ) -> None:
        self._units = units
        self._hints = hints
        self._senders = senders
        self._first_pause = first_pause
        self._at_work: dict[asyncio.Task[None], UUID] = {}

    async def dispatch(self) -> None:
        """Begin to send what is due, as far as there are free places; does not wait for the end of it."""
        of_channels = Counter(self._at_work.values())
        busy = [channel for channel, count in of_channels.items() if count >= OF_A_CHANNEL]
        free = AT_ONCE - len(self._at_work)
        if free <= 0:
            return
        async with self._units.begin(ACTOR) as uow:
            mine = await delivery_repository.claim(uow.session, busy, free, OF_A_CHANNEL)
            items = await _items(uow, mine)
        for item in items:
            task = asyncio.create_task(self._deliver(item))
            self._at_work[task] = item.channel.id
            task.add_done_callback(self._at_work.pop)

    async def settle(self) -> None:
        """Wait for the end of what is being sent."""
        while self._at_work:
            await asyncio.gather(*self._at_work)

    async def stop(self) -> None:
        """Wait a little for the end of what is being sent; what is not done by then, another one sends again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self.settle()

    async def _deliver(self, item: Item) -> None:
        try:
            await self._attempt(item)
        except (DBAPIError, Unavailable) as error:  # the claim ends, and another attempt comes
            log.warning("notification.not_settled", reason=type(error).__name__)

    async def _attempt(self, item: Item) -> None:
        if not item.channel.enabled:
            await self._settle(item, "dropped", CHANNEL_OFF)
            return
        try:
            await self._senders.send(message_of(item.notification, item.delivery), item.channel)
        except DeliveryError as error:
            await self._failed(item, error)
        else:
            await self._settle(item, "delivered")

    async def _failed(self, item: Item, error: DeliveryError) -> None:
        said = (error.code, error.detail[:500])
        attempts = item.delivery.attempts
        log.warning(
            "notification.not_delivered", channel=item.channel.name, code=error.code, attempt=attempts
        )
        if not error.retry or attempts >= MOST_ATTEMPTS:
            await self._settle(item, "failed", said)
            return
        async with self._units.begin(ACTOR) as uow:
            pause = pause_after(attempts, self._first_pause) * random.uniform(0.9, 1.1)  # noqa: S311
            await delivery_repository.postpone(uow.session, item.delivery, pause, said)
        await self._tell(item)

    async def _settle(self, item: Item, status: str, error: tuple[str, str] | None = None) -> None:
        async with self._units.begin(ACTOR) as uow:
            await delivery_repository.settle(uow.session, item.delivery, status, error)
        await self._tell(item)

    async def _tell(self, item: Item) -> None:
        await self._hints.publish("notification", str(item.notification.id))


class NotificationRetention:
    """Deletes what is older than the settings say."""

    def __init__(self, units: UnitsOfWork, settings: Settings) -> None:
        self._units = units
        self._days = settings.notification_days

    async def enforce_notifications(self) -> None:
        """Delete batch by batch until nothing is too old."""
        while self._days:
            async with self._units.begin(ACTOR) as uow:
                if not await repository.take_turn(uow.session):
                    return
                gone = await repository.delete_older(uow.session, self._days)
                if gone:
                    after = {"notifications": gone, "days": self._days}
                    audit.record(uow, "notifications.deleted", "notifications", after=after)
            if not gone:
                return


def pause_after(attempts: int, first: float) -> float:
    """Return how long to wait after so many attempts, in s."""
    return float(min(first * 4 ** (attempts - 1), LONGEST_PAUSE))


def message_of(notification: Notification, delivery: NotificationDelivery) -> Message:
    """Return what is sent for a delivery."""
    return Message(
        delivery_id=delivery.id,
        notification_id=notification.id,
        title=notification.title,
        body=notification.body,
        severity=notification.severity,
        created_at=notification.created_at,
        source={
            "by": notification.created_by_name,
            "flow_id": notification.flow_id,
            "node_id": notification.node_id,
            "run_id": notification.run_id,
        },
        dropped_before=delivery.dropped_before,
    )


def trial_of(channel: NotificationChannel, by: str) -> Message:
    """Return what is sent to try a channel."""
    source = {"by": by, "flow_id": None, "node_id": None, "run_id": None}
    body = f"This is a test of the notification channel “{channel.name}”, sent by {by}."
    id = new_id()
    return Message(id, id, f"Test of {channel.name}"[:200], body, "info", now(), source)


async def _items(uow: UnitOfWork, mine: Sequence[NotificationDelivery]) -> list[Item]:
    channels = await repository.channels_by_id(
        uow.session, [one.channel_id for one in mine if one.channel_id]
    )
    told = await repository.notifications_by_id(uow.session, [one.notification_id for one in mine])
    return [Item(one, told[one.notification_id], channels[one.channel_id]) for one in mine if one.channel_id]
