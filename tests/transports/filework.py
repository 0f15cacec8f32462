"""What tests of files need: content to send, and a session on a target."""

import asyncio
import contextlib
import hashlib
import io
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncssh
from tests.support.sshd import Target
from tests.transports.hostile import LOGIN

from opsconductor.stack import ports
from opsconductor.stack.fleet import keys
from opsconductor.transports import Endpoint, Files, Placement, Source, Transport

OPERATION = "0192f7c4-1111-7222-8333-444455556666"


def source(content: bytes, name: str = "sent.bin") -> Source:
    return Source(name, len(content), hashlib.sha256(content).hexdigest(), lambda: io.BytesIO(content))


def place(path: Path | str, **more: object) -> Placement:
    return Placement(str(path), **more)


def parts(folder: Path) -> list[str]:
    """Return what is unfinished in a folder, at any depth."""
    return sorted(path.name for path in folder.rglob("*.part"))


def random(size: int) -> bytes:
    return os.urandom(size)


@contextlib.asynccontextmanager
async def files_of(transport: Transport, target: Target) -> AsyncIterator[Files]:
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        async with connection.files() as files:
            yield files


@contextlib.asynccontextmanager
async def serving(kind: type[asyncssh.SFTPServer]) -> AsyncIterator[Target]:
    """Serve files by a server that behaves in its own way, to everybody, and no command."""
    host_key = asyncssh.generate_private_key("ssh-ed25519")

    class Open(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            served.append(conn)

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return True

    served: list[asyncssh.SSHServerConnection] = []
    acceptor = await asyncssh.listen(
        ports.LOOPBACK,
        0,
        config=None,
        server_factory=Open,
        server_host_keys=[host_key],
        sftp_factory=kind,
        gss_host=None,
    )
    endpoint = Endpoint(ports.LOOPBACK, acceptor.get_port())
    line = keys.public_line(host_key)
    try:
        yield Target("behaving", endpoint, LOGIN, line, Path(), "behaving")
    finally:
        acceptor.close()
        for connection in served:
            connection.abort()
        await acceptor.wait_closed()


class Cable:
    """A way to a target that is cut after some bytes have gone through it towards the target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.left: int | None = None
        self.held = False
        """True from when on nothing passes any more, in either direction."""
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Cable":
        self._server = await asyncio.start_server(self._serve, ports.LOOPBACK, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def target(self) -> Target:
        endpoint = Endpoint(ports.LOOPBACK, self._server.sockets[0].getsockname()[1])
        return replace(self._target, endpoint=endpoint)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(ports.LOOPBACK, self._target.endpoint.port)
        pair = [
            asyncio.create_task(self._pass(reader, back, counted=True)),
            asyncio.create_task(self._pass(there, writer, counted=False)),
        ]
        self._open.update(pair)
        await asyncio.wait(pair, return_when=asyncio.FIRST_COMPLETED)
        for task in pair:
            task.cancel()
        for end in (writer, back):
            end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(32 * 1024):
                if self.held:
                    await asyncio.sleep(60)
                if counted and self.left is not None:
                    if len(data) >= self.left:
                        writer.write(data[: self.left])
                        await writer.drain()
                        return
                    self.left -= len(data)
                writer.write(data)
                await writer.drain()
