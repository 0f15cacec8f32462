"""SSH servers that misbehave, each in its own way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
from asyncssh.packet import UInt32
from pydantic import SecretStr
from tests.support.sshd import Target

from opsconductor.stack import ports
from opsconductor.stack.fleet import keys
from opsconductor.transports import Endpoint, HostKeyCheck, SshLogin

LOGIN = SshLogin("somebody", password=SecretStr("the-password-in-clear"))

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Behaviour = Callable[[asyncssh.SSHServerChannel[bytes], str], bool]


async def closes_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept, then close."""


async def says_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def greets_then_says_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-Tarpit\r\n")
    await asyncio.sleep(60)


async def drips(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"a")
        await asyncio.sleep(0.1)


async def floods(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"a banner that never ends\r\n" * 100)
        await writer.drain()


async def floods_one_line(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"a line that never ends" * 100)
        await writer.drain()


def says(*words: bytes, closes: bool = True) -> Talk:
    """Say some bytes, each after hearing something (but the first), then close or fall silent."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, word in enumerate(words):
            if number:
                await reader.read(4096)
            writer.write(word)
            await writer.drain()
        if not closes:
            await asyncio.sleep(60)

    return talk


def packet(payload: bytes) -> bytes:
    """Return a packet as it is before keys are agreed on."""
    padding = 8 - (5 + len(payload)) % 8 + 8
    return UInt32(1 + len(payload) + padding) + bytes([padding]) + payload + bytes(padding)


async def speaks_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()


@contextlib.asynccontextmanager
async def raw(talk: Talk) -> AsyncIterator[Endpoint]:
    """Serve connections below SSH."""
    talking: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, ports.LOOPBACK, 0)
    try:
        yield Endpoint(*server.sockets[0].getsockname())
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


@dataclass
class Scripted:
    """An SSH server that lets everybody in, and what it has seen of them."""

    behaviour: Behaviour
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    right_password: str | None = None
    """Without it, any will do."""
    login: type["_Login"] | None = None
    """Another way to let people in."""
    keys: list[asyncssh.SSHKey] = field(default_factory=list)
    """Whose public halves let in, instead of a password."""
    keys_seen: int = 0
    signature_algs: list[str] | None = None
    drops_at: str | None = None
    """Where the server hangs up: at "login", "welcome", "session" or "command"."""
    login_never_ends: bool = False
    sessions: int | None = None
    """How many sessions a connection may have; the others are refused."""
    greets: Callable[[asyncssh.SSHServerConnection], object] = lambda connection: None
    """What is done to each new connection."""
    connections: int = 0
    users: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    port: int = 0
    open: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    stop: Callable[[], object] = lambda: None
    """Listen no more; open connections stay."""

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(ports.LOOPBACK, self.port)

    @property
    def pinned(self) -> HostKeyCheck:
        return HostKeyCheck(keys.public_line(self.host_key))

    @property
    def target(self) -> Target:
        return Target("scripted", self.endpoint, LOGIN, keys.public_line(self.host_key), Path(), "scripted")


class _Login(asyncssh.SSHServer):
    def __init__(self, scripted: Scripted) -> None:
        self._scripted = scripted

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._scripted.connections += 1
        self._scripted.open.append(conn)
        self._scripted.greets(conn)
        self._connection = conn
        self._sessions = 0

    def _drop(self, moment: str) -> None:
        if self._scripted.drops_at == moment:
            self._connection.abort()

    def begin_auth(self, username: str) -> bool:
        self._scripted.users.append(username)
        self._drop("login")
        return True

    def public_key_auth_supported(self) -> bool:
        return bool(self._scripted.keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._scripted.keys_seen += 1
        return key.public_data in [known.public_data for known in self._scripted.keys]

    def auth_completed(self) -> None:
        self._drop("welcome")

    def password_auth_supported(self) -> bool:
        return not self._scripted.keys

    async def validate_password(self, username: str, password: str) -> bool:
        self._scripted.passwords.append(password)
        if self._scripted.login_never_ends:
            await asyncio.sleep(60)
        return self._scripted.right_password in (None, password)

    def session_requested(self) -> "_Session | bool":
        self._drop("session")
        self._sessions += 1
        if self._scripted.sessions is not None and self._sessions > self._scripted.sessions:
            return False
        return _Session(self._scripted)


class _Session(asyncssh.SSHServerSession[bytes]):
    def __init__(self, scripted: Scripted) -> None:
        self._scripted = scripted

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        self._scripted.commands.append(command)
        if self._scripted.drops_at == "command":
            self._channel.get_connection().abort()
        return self._scripted.behaviour(self._channel, command)

    def eof_received(self) -> bool:
        return True  # else asyncssh ends our side too, and nothing could be written any more


@contextlib.asynccontextmanager
async def scripted(behaviour: Behaviour, **options: object) -> AsyncIterator[Scripted]:
    """Serve SSH, with a behaviour that is called for each command and says whether it is accepted."""
    server = Scripted(behaviour, **options)
    acceptor = await asyncssh.listen(
        ports.LOOPBACK,
        0,
        config=None,
        server_factory=lambda: (server.login or _Login)(server),
        server_host_keys=[server.host_key],
        encoding=None,
        gss_host=None,
        **({"signature_algs": server.signature_algs} if server.signature_algs else {}),
    )
    server.port, server.stop = acceptor.get_port(), acceptor.close
    try:
        yield server
    finally:
        acceptor.close()
        for connection in server.open:
            connection.abort()
        await acceptor.wait_closed()


def later(act: Callable[[], object], seconds: float = 0.05) -> bool:
    """Do something once the command has been accepted."""
    asyncio.get_running_loop().call_later(seconds, act)
    return True


def never_ends(_channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
    """Accept, then ignore everything, signals included."""
    return True


def refuses(_channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
    return False


def exits_with(status: int, output: bytes = b"") -> Behaviour:
    """End with a status that may have more than eight bits."""

    def behave(channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
        def end() -> None:
            channel.write(output)
            channel._send_request(b"exit-status", UInt32(status))
            channel.close()

        return later(end)

    return behave


def drops_the_connection(channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
    """Write a little, then be gone."""

    def drop() -> None:
        channel.write(b"so far")
        channel.get_connection().abort()

    return later(drop)


def closes_without_a_status(channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
    return later(channel.close)


def reports_then_drops(channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
    """Report success, and break the connection before the output is complete."""

    def drop() -> None:
        channel.write(b"half")
        channel._send_request(b"exit-status", UInt32(0))
        asyncio.get_running_loop().call_later(0.05, channel.get_connection().abort)

    return later(drop)


def ends_by_signal(name: str) -> Behaviour:
    """End by a signal with any name."""

    def behave(channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
        return later(lambda: channel.exit_with_signal(name, msg=name))

    return behave


def sends(act: Callable[[asyncssh.SSHServerChannel[bytes]], object]) -> Behaviour:
    """Accept, then do something to the channel."""

    def behave(channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
        return later(lambda: act(channel))

    return behave


def floods_with(
    act: Callable[[asyncssh.SSHServerChannel[bytes]], object], *, reads: bool = True
) -> Behaviour:
    """Accept, then do something to the channel without end, as fast as it goes; perhaps without reading."""

    def behave(channel: asyncssh.SSHServerChannel[bytes], _command: str) -> bool:
        connection = channel.get_connection()

        def go_on() -> None:
            transport = connection._transport
            if transport is None:
                return
            if not reads and transport.is_reading():
                transport.pause_reading()
            with contextlib.suppress(OSError):
                for _ in range(200):
                    if transport.get_write_buffer_size() < 256 * 1024:
                        act(channel)
            asyncio.get_running_loop().call_later(0.001, go_on)

        return later(go_on)

    return behave
