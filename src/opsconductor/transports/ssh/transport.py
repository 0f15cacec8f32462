"""Connecting by SSH."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Self

import asyncssh

from opsconductor.transports.base import (
    CheckResult,
    Command,
    Endpoint,
    Hop,
    HostKeyCheck,
    Sink,
    SshLogin,
)
from opsconductor.transports.detached import OperationKey, Received
from opsconductor.transports.errors import (
    ConnectionClosed,
    ConnectionLost,
    HostKeyUnapproved,
    SessionRefused,
    SessionTimeout,
    TransportError,
)
from opsconductor.transports.files import Files
from opsconductor.transports.ssh import faults, reaper
from opsconductor.transports.ssh.certificates import paired
from opsconductor.transports.ssh.channel import CommandSession, ExactChannel, open_channel, request
from opsconductor.transports.ssh.client import Handshake, abort, close
from opsconductor.transports.ssh.connection import LeanConnection, connect
from opsconductor.transports.ssh.detached import COMMAND_LINE, DetachedCommands
from opsconductor.transports.ssh.detached.running import DetachedRunning
from opsconductor.transports.ssh.files import opened
from opsconductor.transports.ssh.hops import Hops, Passage, Way
from opsconductor.transports.ssh.keys import KeyRing
from opsconductor.transports.ssh.options import Limits, authentication, common
from opsconductor.transports.ssh.running import SshRunning
from opsconductor.transports.ssh.tunnel import Tunnel

USUAL_ANSWER = 0.25  # s within which a host that is up has taken a connection


class SshTransport:
    """Reaches targets by SSH. Keep one for the life of the process: it holds parsed private keys and open hops."""

    def __init__(self, limits: Limits | None = None, keys: KeyRing | None = None) -> None:
        self._limits = limits or Limits()
        self._keys = keys or KeyRing()
        self._hops = Hops(self._connect_hop)
        self._dialled: dict[Handshake, float] = {}
        """When connections were asked for that are not there yet, by the event loop's clock."""

    def unanswered(self) -> int:
        long_ago = asyncio.get_running_loop().time() - USUAL_ANSWER
        return sum(asked < long_ago and not shake.reached for shake, asked in self._dialled.items())

    async def connect(
        self, endpoint: Endpoint, login: SshLogin, host_key: HostKeyCheck, via: Sequence[Hop] = ()
    ) -> "SshConnection":
        pairs = await self._pairs(login)
        passage = await self._hops.passage(via)
        try:
            connection, handshake = await self._handshake(endpoint, login, host_key, pairs, passage)
        except BaseException:
            if passage:
                await passage.give_back()
            raise
        return SshConnection(connection, handshake, endpoint, login, self._limits, passage)

    async def _connect_hop(self, hop: Hop, before: Way) -> "SshConnection":
        return await self.connect(hop.endpoint, hop.login, hop.host_key, before)

    async def _pairs(self, login: SshLogin) -> Sequence[asyncssh.SSHKeyPair]:
        if login.private_key is None:
            return ()
        return paired(await self._keys.load(login.private_key, login.passphrase), login.certificate)

    async def check(
        self, endpoint: Endpoint, login: SshLogin, host_key: HostKeyCheck, via: Sequence[Hop] = ()
    ) -> CheckResult:
        started = time.perf_counter()
        async with await self.connect(endpoint, login, host_key, via) as connection:
            latency = round((time.perf_counter() - started) * 1000)
            return CheckResult(latency, connection.host_key, connection.hop_keys)

    async def scan_host_key(self, endpoint: Endpoint) -> str:
        nobody = SshLogin("opsconductor")  # never sent: the connection ends at the host key
        try:
            connection, _ = await self._handshake(endpoint, nobody, HostKeyCheck())
        except HostKeyUnapproved as shown:
            return shown.offered
        await abort(connection)
        raise ConnectionClosed(host=endpoint.host, port=endpoint.port)

    async def _handshake(
        self,
        endpoint: Endpoint,
        login: SshLogin,
        check: HostKeyCheck,
        pairs: Sequence[asyncssh.SSHKeyPair] = (),
        passage: Passage | None = None,
    ) -> tuple[LeanConnection, Handshake]:
        loop = asyncio.get_running_loop()
        deadline = asyncio.timeout(self._limits.connect)
        handshake = Handshake(check, lambda: deadline.reschedule(loop.time() + self._limits.login), pairs)
        options = {**common(self._limits, endpoint, check.pinned), **authentication(login, pairs)}
        tunnel = passage.hop.tunnel if passage else None
        self._dialled[handshake] = loop.time()
        try:
            async with deadline:
                connection = await connect(
                    endpoint.host, endpoint.port, tunnel=tunnel, client_factory=lambda: handshake, **options
                )
        except Exception as error:  # noqa: BLE001 - door: asyncssh raises ValueError and worse on hostile input
            if passage and not handshake.reached:
                raise faults.in_passage(error, endpoint, passage, self._limits) from None
            raise faults.while_connecting(error, endpoint, login, handshake, self._limits) from None
        finally:
            del self._dialled[handshake]
        if handshake.accepted:
            return connection, handshake
        # Not reachable while asyncssh asks for a verdict in every key exchange; checked as all rests on it.
        await abort(connection)
        raise faults.host_key_refused(endpoint, handshake) or ConnectionClosed(
            host=endpoint.host, port=endpoint.port
        )


class SshConnection:
    """A login on a verified host, which runs one command at a time. See `transports.base.Connection`."""

    def __init__(
        self,
        connection: LeanConnection,
        handshake: Handshake,
        endpoint: Endpoint,
        login: SshLogin,
        limits: Limits,
        passage: Passage | None,
    ) -> None:
        self._passage = passage
        self._connection = connection
        self._handshake = handshake
        self._endpoint = endpoint
        self._login = login
        self._limits = limits
        self._running: SshRunning | None = None

    @property
    def host_key(self) -> str:
        assert self._handshake.offered is not None
        return self._handshake.offered

    @property
    def hop_keys(self) -> tuple[str, ...]:
        return self._passage.hop_keys if self._passage else ()

    @property
    def closed(self) -> bool:
        return self._connection.is_closed()

    @property
    def tunnel(self) -> Tunnel:
        """The way on from here."""
        return Tunnel(self._connection)

    async def start(self, command: Command, sink: Sink) -> SshRunning:
        if self._running is not None and not self._running.over:
            raise RuntimeError("one command at a time on one connection")
        if self.closed:
            raise ConnectionClosed(host=self._endpoint.host, port=self._endpoint.port)
        began = asyncio.get_running_loop().time()
        channel, session = self._channel(), CommandSession(sink)
        await self._ask(channel, session, command)
        self._running = SshRunning(
            self._connection,
            channel,
            session,
            host=self._endpoint.host,
            began=began,
            timeout=command.timeout,
            reapable=self._reapable,
        )
        return self._running

    def _channel(self) -> ExactChannel:
        try:
            return open_channel(self._connection)
        except asyncssh.ChannelOpenError:  # it is going down, and not closed yet
            raise ConnectionClosed(host=self._endpoint.host, port=self._endpoint.port) from None

    async def _ask(
        self, channel: ExactChannel, session: CommandSession, command: Command, *, more: bool = False
    ) -> None:
        seconds = min(self._limits.start, command.timeout)
        timer = asyncio.get_running_loop().call_later(seconds, channel.give_up)
        try:
            await request(channel, session, command.text, command.stdin, more=more)
        except Exception as error:  # noqa: BLE001 - door: whatever happened, what counts is what was sent
            if session.reported.done():
                return  # over before asyncssh had noticed that it began
            if isinstance(error, TimeoutError):
                await abort(self._connection)
            raise self._not_started(error, session, seconds) from None
        finally:
            timer.cancel()

    def _not_started(self, error: Exception, session: CommandSession, seconds: float) -> TransportError:
        host = self._endpoint.host
        refused = isinstance(error, asyncssh.ChannelOpenError)
        if session.sent:
            # A lost connection answers a pending request with "no" as well, but then the channel is over.
            certain = refused and not session.over.done()
            return SessionRefused(host=host, asked=True) if certain else ConnectionLost(host=host)
        if isinstance(error, TimeoutError):
            return SessionTimeout(host=host, seconds=seconds)
        if refused and not self._connection.is_closed():
            return SessionRefused(host=host, asked=False)
        return ConnectionClosed(host=host, port=self._endpoint.port)

    async def start_detached(
        self, command: Command, received: Received, key: OperationKey, sent_ago: float | None = None
    ) -> DetachedRunning:
        return await self._detached.start(command, received, key, sent_ago)

    async def attach(
        self, received: Received, key: OperationKey, seconds: float, sent_ago: float | None = None
    ) -> DetachedRunning:
        return await self._detached.attach(received, key, seconds, sent_ago)

    async def release(self, key: OperationKey) -> bool:
        return await self._detached.release(key)

    @property
    def _detached(self) -> DetachedCommands:
        return DetachedCommands(self._attendant, self._endpoint.host, self._limits.start)

    async def _attendant(self, sink: Sink) -> tuple[ExactChannel, CommandSession]:
        """Open a session for a script that has yet to be sent: whatever fails, nothing has run."""
        if self.closed:
            raise ConnectionClosed(host=self._endpoint.host, port=self._endpoint.port)
        channel, session = self._channel(), CommandSession(sink)
        try:
            await self._ask(channel, session, Command(COMMAND_LINE, self._limits.start), more=True)
        except ConnectionLost:
            raise ConnectionClosed(host=self._endpoint.host, port=self._endpoint.port) from None
        return channel, session

    def _reapable(self) -> bool:
        version = self._connection.get_extra_info("server_version", "")
        return reaper.applies(version, self._login.username, forced_command=self._handshake.forced_command)

    def files(self) -> contextlib.AbstractAsyncContextManager[Files]:
        return opened(
            self._connection,
            host=self._endpoint.host,
            port=self._endpoint.port,
            username=self._login.username,
            seconds=self._limits.start,
            shell=not self._handshake.forced_command,
        )

    async def close(self) -> None:
        try:
            await close(self._connection)
        finally:
            if self._passage:
                await self._passage.give_back()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
