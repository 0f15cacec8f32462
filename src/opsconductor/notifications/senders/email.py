"""E-mail by SMTP: encrypted and verified, unless the channel says plainly that it shall not be."""

import asyncio
import socket
import ssl
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from opsconductor.notifications.addresses import resolved
from opsconductor.notifications.errors import (
    CertificateRefused,
    DeliveryError,
    EncryptionMissing,
    LoginRefused,
    NoAnswer,
    NotNow,
    Refused,
    Unreachable,
)
from opsconductor.notifications.senders.base import TIMEOUT, Message, Route


class Email:
    """Sends by the mail server of a channel, at the address its name had."""

    def __init__(self, trusted: ssl.SSLContext) -> None:
        self._trusted = trusted

    async def send(self, message: Message, route: Route) -> None:
        """Send once. Raises DeliveryError."""
        host, port = route.settings["host"], route.settings["port"]
        address = await resolved(host, port, allow_private=route.allow_private)
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._converse(message, route, await _connected(address, port))
        except (TimeoutError, aiosmtplib.SMTPTimeoutError) as error:
            raise NoAnswer(host=host) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _failure(error, host, port) from error

    async def _converse(self, message: Message, route: Route, connected: socket.socket) -> None:
        settings = route.settings
        client = aiosmtplib.SMTP(
            hostname=settings["host"],
            sock=connected,
            use_tls=settings["security"] == "tls",
            start_tls=False,
            tls_context=self._trusted,
            timeout=TIMEOUT,
            local_hostname="opsconductor",
        )
        try:
            await client.connect()
            if settings["security"] == "starttls":
                await _start_tls(client, settings["host"])
            if settings["username"]:
                await client.login(settings["username"], route.secrets.get("password", ""))
            letter = letter_of(message, settings)
            await client.send_message(letter, sender=settings["sender"], recipients=settings["recipients"])
            await client.quit()
        finally:
            if isinstance(client.transport, asyncio.WriteTransport):
                client.transport.abort()  # a server that does not say goodbye must not hold the connection
            client.close()


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connected = socket.socket(family, socket.SOCK_STREAM)
    connected.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connected, (address, port))
    except BaseException:
        connected.close()
        raise
    return connected


async def _start_tls(client: aiosmtplib.SMTP, host: str) -> None:
    await client.ehlo()
    if not client.supports_extension("starttls"):
        raise EncryptionMissing(host=host)
    await client.starttls(server_hostname=host)


def letter_of(message: Message, settings: dict[str, object]) -> EmailMessage:
    """Return the letter for a message; its id tells doubles of the same delivery."""
    letter = EmailMessage()
    letter["From"] = settings["sender"]
    letter["To"] = settings["recipients"]
    letter["Subject"] = f"[{message.severity}] {message.title}"
    letter["Date"] = format_datetime(message.created_at)
    letter["Message-ID"] = f"<{message.delivery_id}@opsconductor>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    return letter


def _failure(error: Exception, host: str, port: int) -> DeliveryError:
    """Return what went wrong in our words; what the server said is not repeated, it may hold anything."""
    problem: BaseException | None = error
    while problem is not None:
        if isinstance(problem, ssl.SSLCertVerificationError):
            return CertificateRefused(host=host, reason=problem.verify_message)
        problem = problem.__cause__ or problem.__context__
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return LoginRefused(host=host)
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        kind = NotNow if 400 <= error.code < 500 else Refused
        return kind(host=host, status=error.code)
    return Unreachable(host=host, port=port)
