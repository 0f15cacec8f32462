"""Chat and paging services by the Apprise library. It connects by itself, so what it may be told is limited."""

import asyncio
import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import structlog

from opsconductor.notifications.errors import NoAnswer, ServiceRefused
from opsconductor.notifications.senders.base import TIMEOUT, Message, Route

if TYPE_CHECKING:
    from apprise import AppriseAsset

log = structlog.get_logger()

THREADS = 4
KNOWN = frozenset(
    {
        *("discord", "dingtalk", "feishu", "flock", "gchat", "ilert", "incidentio", "lark", "msteams"),
        *("opsgenie", "pagerduty", "pagertree", "pbul", "pover", "ryver", "sendgrid", "signl4", "slack"),
        *(
            "splunk",
            "squadcast",
            "tgram",
            "twilio",
            "vonage",
            "webex",
            "wecombot",
            "wxteams",
            "zcliq",
            "zulip",
        ),
    }
)
"""Services at an address that is fixed in the library: no URL of them leads anywhere else."""
HERE = frozenset({"dbus", "glib", "gnome", "growl", "kde", "macosx", "qt", "syslog", "windows"})
"""Services that act on the machine they are called on."""
FILES = frozenset({"attach", "config", "keyfile", "pgpprv", "pgppub", "subfile", "template"})
"""Options that name a file of this machine or a document to be fetched."""
TYPES = {"info": "info", "warning": "warning", "error": "failure", "critical": "failure"}


def service_of(url: str) -> str:
    """Return the service of an Apprise URL, e.g. `slack`."""
    return urlsplit(url).scheme.lower()


def problem_with(url: str, *, allow_private: bool) -> str | None:
    """Return why an Apprise URL can't be used, or None. Imports the library: call it in a thread."""
    service = service_of(url)
    if not service or service in HERE:
        return "it names no service that can be sent to"
    if service not in KNOWN and not allow_private:
        return f"{service} leads to a host of your choice, which only an administrator may allow"
    options = {
        name.strip(" +-:").lower() for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)
    }
    if options & FILES:
        return f"the option {min(options & FILES)} is not allowed"
    return None if _instance(url) else f"it is not a URL of {service} that Apprise understands"


def _instance(url: str) -> Any:
    from apprise import Apprise  # 0.2 s and some MB, only where such a channel is

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it logs URLs
    try:
        return Apprise.instantiate(url, asset=_asset())
    except Exception as error:  # noqa: BLE001  # door: over a hundred parsers of what a person typed
        log.warning("notification.service_unreadable", reason=type(error).__name__)
        return None


def _asset() -> "AppriseAsset":
    from apprise import AppriseAsset

    return AppriseAsset(
        app_id="OpsConductor",
        app_desc="OpsConductor",
        plugin_paths=[],
        storage_mode="memory",
        secure_logging=True,
        allow_templates=False,
        service_timeout=TIMEOUT,
        async_mode=False,
    )


class Services:
    """Sends in threads of its own: one that hangs must not hold up the others, nor the end of the process."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(THREADS)

    async def send(self, message: Message, route: Route) -> None:
        """Send once. Raises DeliveryError."""
        service = service_of(route.secrets["url"])
        try:
            async with asyncio.timeout(TIMEOUT), self._free:
                taken = await _in_thread(route.secrets["url"], message, allow_private=route.allow_private)
        except TimeoutError as error:
            raise NoAnswer(host=service) from error
        if not taken:
            raise ServiceRefused(service=service)


async def _in_thread(url: str, message: Message, *, allow_private: bool) -> bool:
    """Call the library in a daemon thread, which a process that ends does not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def tell(taken: bool) -> None:
        if not done.done():
            done.set_result(taken)

    def work() -> None:
        taken = False
        try:
            taken = _notify(url, message, allow_private=allow_private)
        finally:
            with contextlib.suppress(RuntimeError):  # the process ended meanwhile
                loop.call_soon_threadsafe(tell, taken)

    threading.Thread(target=work, name="apprise", daemon=True).start()
    return await done


def _notify(url: str, message: Message, *, allow_private: bool) -> bool:
    if problem_with(url, allow_private=allow_private):
        return False
    instance = _instance(url)
    return bool(
        instance.notify(
            title=message.title, body=message.text, notify_type=TYPES[message.severity], body_format="text"
        )
    )
