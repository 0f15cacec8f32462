"""Real receivers of notifications on loopback: a web server that keeps what it gets, and a mail server."""

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Request, Response

from tests.support.core import serving
from tests.support.servers import free_port

MAIL_USER, MAIL_PASSWORD = "ops", "mail-pa55word-canary"


@dataclass(frozen=True)
class Received:
    """One POST, byte by byte."""

    headers: dict[str, str]
    content: bytes


@dataclass
class Hook:
    """A web server that takes notifications, or answers otherwise when told to."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[], Response] = lambda: Response(status_code=204)
    delay: float = 0

    async def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        async with asyncio.timeout(seconds):
            while len(self.received) < count:
                await asyncio.sleep(0.02)
        return self.received


@contextlib.asynccontextmanager
async def hook_server() -> AsyncIterator[Hook]:
    """Serve a hook on a free port."""
    hook, app = Hook(), FastAPI()

    @app.post("/{path:path}")
    async def take(request: Request) -> Response:
        hook.received.append(Received(dict(request.headers), await request.body()))
        await asyncio.sleep(hook.delay)
        return hook.answer()

    async with serving(app) as url:
        hook.url = f"{url}/hook/t0ken-in-the-path-canary"
        yield hook


@dataclass
class Mailbox:
    """What a mail server got, and where it is."""

    port: int
    letters: list[Any] = field(default_factory=list)
    refuse_with: str | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.refuse_with:
            return self.refuse_with
        self.letters.append(envelope)
        return "250 OK"


def _sign_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and data == LoginPassword(
        MAIL_USER.encode(), MAIL_PASSWORD.encode()
    )
    return AuthResult(success=right, handled=False)


@contextlib.contextmanager
def mail_server(tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> Iterator[Mailbox]:
    """Run a mail server: with STARTTLS, with TLS from the first byte, or with neither."""
    mailbox = Mailbox(free_port())
    sign_in = {"authenticator": _sign_in, "auth_require_tls": not implicit and tls is not None}
    encryption = (
        {"ssl_context": tls} if implicit else {"tls_context": tls, "require_starttls": tls is not None}
    )
    server = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **encryption, **sign_in)
    server.start()
    try:
        yield mailbox
    finally:
        server.stop()


def make_authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make an authority and a certificate of it for loopback; return the authority's file, and what servers use."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("authority", "server")}
    names = {name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in keys}
    now = datetime.datetime.now(datetime.UTC)
    for number, (name, key) in enumerate(keys.items(), 1):
        made = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["authority"])
            .public_key(key.public_key())
            .serial_number(number)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(name == "authority", None), True)
            .sign(keys["authority"], hashes.SHA256())
        )
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return folder / "authority.pem", context
