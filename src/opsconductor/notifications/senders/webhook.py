"""Webhooks: a POST of JSON that the receiver can tell to be ours by its signature."""

import hashlib
import hmac
import ssl
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
import orjson

from opsconductor.notifications.addresses import resolved
from opsconductor.notifications.errors import (
    CertificateRefused,
    NoAnswer,
    NotNow,
    Redirected,
    Refused,
    Unreachable,
)
from opsconductor.notifications.senders.base import TIMEOUT, Message, Route

LATER = {408, 425, 429}
"""Refusals that may end by themselves, beside everything from 500 on."""
SIGNATURE, TIMESTAMP = "X-OpsConductor-Signature", "X-OpsConductor-Timestamp"
DELIVERY = "X-OpsConductor-Delivery"


class Webhook:
    """Sends by HTTP POST to the address the name had, without redirects and without a proxy."""

    def __init__(self, trusted: ssl.SSLContext) -> None:
        self._trusted = trusted

    async def send(self, message: Message, route: Route) -> None:
        """Send once. Raises DeliveryError."""
        parts = urlsplit(route.secrets["url"])
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = await resolved(host, port, allow_private=route.allow_private)
        content = body_of(message)
        request = httpx.Request(
            "POST",
            httpx.URL(route.secrets["url"]).copy_with(host=address, username=None, password=None),
            content=content,
            headers={
                "Host": parts.netloc.rpartition("@")[2],
                "Content-Type": "application/json",
                "User-Agent": "OpsConductor",
                DELIVERY: str(message.delivery_id),
                **signed(content, route.secrets["signing_key"], int(time.time())),
            },
            extensions={"timeout": httpx.Timeout(TIMEOUT).as_dict(), **_verified_as(host)},
        )
        _judge(await self._answer(request, host, port), host)

    async def _answer(self, request: httpx.Request, host: str, port: int) -> int:
        try:
            async with httpx.AsyncHTTPTransport(verify=self._trusted, trust_env=False) as transport:
                answer = await transport.handle_async_request(request)
                await answer.aclose()  # its body is none of our business, however long it is
                return answer.status_code
        except httpx.TimeoutException as error:
            raise NoAnswer(host=host) from error
        except httpx.TransportError as error:
            if found := _certificate_problem(error):
                raise CertificateRefused(host=host, reason=found.verify_message) from error
            raise Unreachable(host=host, port=port) from error


def body_of(message: Message) -> bytes:
    """Return the JSON of a message; the same delivery has the same bytes each time."""
    return orjson.dumps(
        {
            "delivery_id": message.delivery_id,
            "notification_id": message.notification_id,
            "title": message.title,
            "body": message.body,
            "severity": message.severity,
            "created_at": message.created_at,
            "source": message.source,
            "dropped_before": message.dropped_before,
        }
    )


def signed(content: bytes, key: str, timestamp: int) -> dict[str, str]:
    """Return the headers that prove who sent this content, and when: HMAC-SHA256 over `<timestamp>.<content>`."""
    digest = hmac.new(key.encode(), b"%d." % timestamp + content, hashlib.sha256).hexdigest()
    return {TIMESTAMP: str(timestamp), SIGNATURE: f"v1={digest}"}


def _verified_as(host: str) -> dict[str, str]:
    """Return for whom the certificate must be: the name, although the connection goes to its address."""
    try:
        ip_address(host)
    except ValueError:
        return {"sni_hostname": host}
    return {}


def _judge(status: int, host: str) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise Redirected(host=host, status=status)
    if status in LATER or status >= 500:
        raise NotNow(host=host, status=status)
    raise Refused(host=host, status=status)


def _certificate_problem(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
