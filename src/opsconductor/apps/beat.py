"""Beat: looks after what nobody holds any more. Any number may run; each statement is safe beside its twin."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from opsconductor.audit import verifying
from opsconductor.auth import repository as auth
from opsconductor.credentials.vault import Vault
from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions import repository as executions
from opsconductor.executions import steering_repository as steering
from opsconductor.executions.retention import Retention
from opsconductor.hooks import repository as hooks
from opsconductor.kit import outbox
from opsconductor.kit.clock import now
from opsconductor.kit.database import connect, sessions
from opsconductor.kit.live import Hints
from opsconductor.kit.logs import set_up_logs
from opsconductor.kit.queue import CelerySender, celery_app
from opsconductor.kit.settings import Settings, settings
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.notifications.dispatch import Dispatcher, NotificationRetention, Senders
from opsconductor.runs import service as runs
from opsconductor.storage.courier import Courier
from opsconductor.storage.folder import Folder
from opsconductor.workflows import repository as workflows

log = structlog.get_logger()

LOST = "The worker that ran this fell silent; whether the command ended, and how, is not known."
OVERDUE = "Not begun: the time for the whole execution was over."
CLOSED = "Not begun: the window for this work was over."
UNSENT_AFTER = 2.0  # s a sender has for its own delivery
ENDED_FOR = timedelta(days=7)  # sessions and tokens are kept this long after their end


@dataclass(frozen=True)
class Duty:
    """Something to do again and again."""

    every: float
    """s"""
    do: Callable[[], Awaitable[None]]


class Beat:
    """The duties, with what they need."""

    def __init__(
        self,
        units: UnitsOfWork,
        hints: Hints,
        retention: Retention,
        dispatcher: Dispatcher,
        notification_retention: NotificationRetention,
        run_days: int,
    ) -> None:
        self._units = units
        self._run_days = run_days
        self._hints = hints
        self._retention = retention
        self._dispatcher = dispatcher
        self._notification_retention = notification_retention

    @property
    def duties(self) -> list[Duty]:
        """Return everything that has to be done, and how often."""
        return [
            Duty(1, self.lose_expired),
            Duty(1, self.stop_overdue),
            Duty(1, self.stop_closed),
            Duty(1, self._dispatcher.dispatch),
            Duty(2, self.relay),
            Duty(5, self.lose_silent_runs),
            Duty(600, self.sweep),
            Duty(3600, self.forget_old_runs),
            Duty(3600, self.verify_audit_log),
            Duty(3600, self._retention.enforce),
            Duty(3600, self._notification_retention.enforce_notifications),
            Duty(6 * 3600, self._retention.clear_orphans),
            Duty(24 * 3600, self._retention.clear_orphaned_objects),
        ]

    async def lose_expired(self) -> None:
        """Mark as lost what a silent worker had dispatched; what it had not is claimed again by others."""
        async with self._units.begin() as uow:
            touched = await protocol.lose_expired(uow.session, LOST)
        for execution_id in touched:
            log.warning("execution.results_lost", execution_id=str(execution_id))
            await self._hints.publish("execution", str(execution_id))

    async def stop_overdue(self) -> None:
        """Stop executions whose time is over, and let workers end what still runs of them."""
        async with self._units.begin() as uow:
            stopped = await steering.stop_overdue(uow.session, OVERDUE)
        for execution_id in stopped:
            log.warning("execution.deadline_passed", execution_id=str(execution_id))
            await self._hints.publish("cancel", str(execution_id))
            await self._hints.publish("execution", str(execution_id))

    async def stop_closed(self) -> None:
        """Stop executions whose window is over; what runs of them goes on."""
        async with self._units.begin() as uow:
            stopped = await steering.stop_closed(uow.session, CLOSED)
        for execution_id in stopped:
            log.info("execution.window_closed", execution_id=str(execution_id))
            await self._hints.publish("execution", str(execution_id))

    async def lose_silent_runs(self) -> None:
        """Mark as lost the runs of flows that Node-RED does not tell of any more."""
        async with self._units.begin() as uow:
            lost = await runs.lose_silent(uow)
        for run_id in lost:
            log.warning("run.lost", run_id=str(run_id))

    async def forget_old_runs(self) -> None:
        """Delete runs of flows that have been kept for long enough."""
        if not self._run_days:
            return
        forgotten = gone = await self._forget_some_runs()
        while gone:
            gone = await self._forget_some_runs()
            forgotten += gone
        log.info("runs.forgotten", runs=forgotten)

    async def _forget_some_runs(self) -> int:
        async with self._units.begin() as uow:
            return await runs.forget_old(uow, self._run_days)

    async def relay(self) -> None:
        """Send the messages of processes that died before they could."""
        async with self._units.begin() as uow:
            messages = await outbox.unsent(uow.session, older_than_seconds=UNSENT_AFTER)
            for message in messages:
                await self._units.sender.send(message.topic, message.payload)
            await outbox.forget(uow.session, [message.id for message in messages])

    async def verify_audit_log(self) -> None:
        """Say how the audit log stands: whoever collects logs elsewhere has its head's hash then."""
        verdict = await verifying.verify(self._units.sessions)
        head = {
            "position": verdict.head.position,
            "hash": verdict.head.hash.hex(),
            "entries": verdict.entries,
        }
        if verdict.intact:
            log.info("audit.verified", **head)
        else:
            first = [finding.detail for finding in verdict.findings[:10]]
            log.error("audit.broken", **head, findings=len(verdict.findings), first=first)

    async def sweep(self) -> None:
        """Delete what has served its time."""
        async with self._units.begin() as uow:
            gone = await auth.sweep(uow.session, now() - ENDED_FOR)
            gone += await hooks.sweep(uow.session, now() - ENDED_FOR)
            await executions.forget_old_keys(uow.session)
            await workflows.forget_old_audit_keys(uow.session)
        log.info("beat.swept", ended=gone)


async def keep_doing(duty: Duty) -> None:
    """Do a duty for ever; a failure is logged and the next round comes."""
    while True:
        try:
            await duty.do()
        except (DBAPIError, PoolTimeout, OSError) as error:
            log.warning("beat.duty_failed", duty=duty.do.__name__, reason=type(error).__name__)
        except Exception:  # door: one duty must not stop the others
            log.exception("beat.duty_failed", duty=duty.do.__name__)
        await asyncio.sleep(duty.every)


async def serve(config: Settings) -> None:
    """Run all duties until SIGTERM or SIGINT."""
    engine = connect(config, pool_size=3)
    hints = Hints(config)
    units = UnitsOfWork(sessions(engine), CelerySender(celery_app(config)))
    courier = Courier(Folder.of(config), config.storage_cache_bytes)
    retention = Retention(units, config, courier.folder)
    senders = Senders(config, Vault(config.secret_key.get_secret_value()))
    dispatcher = Dispatcher(units, hints, senders)
    beat = Beat(units, hints, retention, dispatcher, NotificationRetention(units, config), config.run_days)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(keep_doing(duty)) for duty in beat.duties]
    if config.ready_file:
        config.ready_file.touch()
    log.info("beat.ready")
    async with courier.at_work():
        await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await dispatcher.stop()
    await hints.stop()
    await engine.dispose()


def main() -> None:
    """Run beat for this process's environment."""
    config = settings().require("database_url", "redis_url", "secret_key")
    set_up_logs(config, "beat")
    asyncio.run(serve(config))


if __name__ == "__main__":
    main()
