"""The fake transport, with the same moments as a real one."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Self

from opsconductor.transports.base import (
    CheckResult,
    Command,
    Endpoint,
    Exit,
    Hop,
    HostKeyCheck,
    Sink,
    SshLogin,
    Stopped,
)
from opsconductor.transports.errors import (
    CommandTimedOut,
    ConnectionClosed,
    ConnectionLost,
    HostKeyChanged,
    HostKeyUnapproved,
    TransportError,
)
from opsconductor.transports.fake.files import FakeFiles, Tree
from opsconductor.transports.fake.script import Answer, Host, host_key_of
from opsconductor.transports.hostkeys import bare, fingerprint


class FakeTransport:
    """Hosts by name, and what all others do. Any login is right."""

    def __init__(self, hosts: Mapping[str, Host] | None = None, others: Host | None = None) -> None:
        self._hosts = hosts or {}
        self._others = others or Host()
        self._trees: defaultdict[str, Tree] = defaultdict(Tree)

    async def connect(
        self, endpoint: Endpoint, login: SshLogin, host_key: HostKeyCheck, via: Sequence[Hop] = ()
    ) -> "FakeConnection":
        hop_keys = [await self._pass(number, hop) for number, hop in enumerate(via)]
        offered = await self._enter(endpoint, host_key)
        return FakeConnection(
            endpoint, self._host(endpoint), offered, tuple(hop_keys), self.tree(endpoint.host)
        )

    async def check(
        self, endpoint: Endpoint, login: SshLogin, host_key: HostKeyCheck, via: Sequence[Hop] = ()
    ) -> CheckResult:
        started = time.perf_counter()
        async with await self.connect(endpoint, login, host_key, via) as connection:
            latency = round((time.perf_counter() - started) * 1000)
            return CheckResult(latency, connection.host_key, connection.hop_keys)

    async def _pass(self, number: int, hop: Hop) -> str:
        try:
            return await self._enter(hop.endpoint, hop.host_key)
        except TransportError as error:
            raise error.at_hop(number, hop.endpoint.host) from None

    async def _enter(self, endpoint: Endpoint, host_key: HostKeyCheck) -> str:
        host = self._host(endpoint)
        await asyncio.sleep(host.latency)
        if host.error is not None:
            raise host.error.with_traceback(None)  # one object, raised often
        offered = self._offered(endpoint)
        _judge(endpoint, host_key, offered)
        return offered

    async def scan_host_key(self, endpoint: Endpoint) -> str:
        host = self._host(endpoint)
        await asyncio.sleep(host.latency)
        if host.error is not None:
            raise host.error.with_traceback(None)  # one object, raised often
        return self._offered(endpoint)

    def unanswered(self) -> int:
        return 0

    def tree(self, host: str) -> Tree:
        """Return the files of a host; they last as long as the transport."""
        return self._trees[host]

    def _host(self, endpoint: Endpoint) -> Host:
        return self._hosts.get(endpoint.host, self._others)

    def _offered(self, endpoint: Endpoint) -> str:
        return bare(self._host(endpoint).host_key or host_key_of(endpoint.host))


def _judge(endpoint: Endpoint, check: HostKeyCheck, offered: str) -> None:
    if check.pinned is not None and bare(check.pinned) != offered:
        raise HostKeyChanged(host=endpoint.host, offered=offered, fingerprint=fingerprint(offered))
    if check.pinned is None and not check.accept_new:
        raise HostKeyUnapproved(host=endpoint.host, offered=offered, fingerprint=fingerprint(offered))


class FakeConnection:
    """A login on a fake host."""

    def __init__(
        self, endpoint: Endpoint, host: Host, host_key: str, hop_keys: tuple[str, ...], tree: Tree
    ) -> None:
        self._endpoint = endpoint
        self._host = host
        self._tree = tree
        self.closed = False
        self.host_key = host_key
        self.hop_keys = hop_keys

    async def start(self, command: Command, sink: Sink) -> "FakeRunning":
        if self.closed:
            raise ConnectionClosed(host=self._endpoint.host, port=self._endpoint.port)
        return FakeRunning(self._endpoint, command, self._host.answer(command), sink)

    @contextlib.asynccontextmanager
    async def files(self) -> AsyncIterator[FakeFiles]:
        if self.closed:
            raise ConnectionClosed(host=self._endpoint.host, port=self._endpoint.port)
        yield FakeFiles(self._endpoint.host, self._tree)

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class FakeRunning:
    """A command on a fake host: writes when its time is up."""

    def __init__(self, endpoint: Endpoint, command: Command, answer: Answer, sink: Sink) -> None:
        self._endpoint = endpoint
        self._command = command
        self._answer = answer
        self._sink = sink
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + command.timeout
        self._ends = loop.time() + answer.seconds
        self._exit: Exit | None = None
        self._stopped = asyncio.Event()

    async def wait(self) -> Exit:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(min(self._ends, self._deadline)):
                await self._stopped.wait()
        if self._exit is None and self._deadline < self._ends:
            raise CommandTimedOut(seconds=self._command.timeout)
        if self._exit is None:
            self._exit = self._end()
        return self._exit

    async def cancel(self, grace: float = 2.0) -> Stopped:
        if self._exit is None and self._answer.stubborn:
            await asyncio.sleep(min(grace, 4.0))
            return Stopped(ended=False, exit=None)
        self._exit = self._exit or Exit(None, "TERM", clean=True)
        self._stopped.set()
        return Stopped(ended=True, exit=self._exit)

    def _end(self) -> Exit:
        answer = self._answer
        if answer.stdout:
            self._sink.stdout(answer.stdout)
        if answer.stderr:
            self._sink.stderr(answer.stderr)
        if answer.exit_code is None and answer.exit_signal is None:
            raise ConnectionLost(host=self._endpoint.host)
        return Exit(answer.exit_code, answer.exit_signal, clean=True)
