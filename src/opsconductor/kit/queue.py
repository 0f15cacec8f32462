"""The queue: Celery on Redis carries wake-ups of ids, never content; PostgreSQL decides what is run."""

import asyncio
from typing import Any

from celery import Celery

from opsconductor.kit.settings import Settings


def celery_app(settings: Settings, name: str = "opsconductor") -> Celery:
    """Return the Celery application that senders and workers share."""
    app = Celery(name, broker=settings.redis_url.get_secret_value())
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue="opsconductor",
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # Redis may come back at any time
        broker_transport_options={
            "socket_connect_timeout": 2,
            "socket_timeout": 10,
            "retry_on_timeout": False,
            "max_retries": 0,
        },
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,  # nothing may steer a worker through Redis
    )
    return app


class CelerySender:
    """Delivers messages as Celery tasks named like their topic."""

    def __init__(self, app: Celery) -> None:
        self.app = app

    async def send(self, topic: str, payload: dict[str, Any]) -> None:
        """Hand a message to Redis; raises when Redis can't be reached within about 2 s."""
        await asyncio.to_thread(self.app.send_task, topic, kwargs=payload, retry=False)
