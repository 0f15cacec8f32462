"""What every transport offers: values that describe an operation, and the protocols of its moments.

The moments are apart on purpose. Between `connect` and `start` the caller commits that it is about to run
something; nothing that belongs to the command is sent before `start`.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, Self

from pydantic import SecretStr

from opsconductor.transports.files import Files

MAX_HOPS = 3
"""Jump hosts on the way to one target."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect: a DNS name or an address (IPv6 without brackets), and a port.

    `legacy` also allows outdated cryptography there, after all that is not outdated.
    """

    host: str
    port: int = 22
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class SshLogin:
    """Who logs in, with a password, a private key (PEM or OpenSSH text), or both; the key is tried first.

    A `certificate` (one line of OpenSSH) goes with the private key and is shown in its place. The transport
    has no use for `become_password`: it is for a command that asks to become somebody else.
    """

    username: str
    password: SecretStr | None = None
    private_key: SecretStr | None = None
    passphrase: SecretStr | None = None
    certificate: str | None = None
    become_password: SecretStr | None = None

    @property
    def secrets(self) -> list[SecretStr]:
        """What of it must never be shown."""
        all_of_them = (self.password, self.private_key, self.passphrase, self.become_password)
        return [secret for secret in all_of_them if secret is not None]


@dataclass(frozen=True, slots=True)
class HostKeyCheck:
    """Which host key is acceptable.

    `pinned` is a public key on one line ("ssh-ed25519 AAAA…"; a comment is ignored): only that key will do.
    Without it, `accept_new` decides whether any key will do (the caller pins it then) or none.
    """

    pinned: str | None = None
    accept_new: bool = False


@dataclass(frozen=True, slots=True)
class Hop:
    """A jump host: connections to the next host go through it. It is verified and logged in to as any other."""

    endpoint: Endpoint
    login: SshLogin
    host_key: HostKeyCheck


@dataclass(frozen=True, slots=True)
class Command:
    """One command line for the login shell of the target.

    `timeout` is in seconds from `start`; `stdin` is sent whole, then closed (None: closed at once).
    """

    text: str
    timeout: float
    stdin: bytes | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a command may not be empty")  # over SSH it would open an interactive shell


@dataclass(frozen=True, slots=True)
class Exit:
    """How the command ended: a code (unsigned 32 bit, never masked) or the name of a signal ("TERM").

    `clean` is False where the end was reported but the output may have been cut short.
    """

    exit_code: int | None
    exit_signal: str | None
    clean: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """What is known after `cancel`.

    `ended` is True only where the target itself reported the end of the command; else it may still run.
    """

    ended: bool
    exit: Exit | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A connection test that succeeded: milliseconds from nothing to logged in, and the keys of host and hops."""

    latency_ms: int
    host_key: str
    hop_keys: tuple[str, ...] = ()


class Sink(Protocol):
    """Takes output as it comes, in order, as bytes of any content and length; is called on the event loop.

    The target can't send more than about 2 MiB ahead of what has been taken: a slow sink slows it down.
    To refuse more, raise (`OutputLimit`): nothing more is delivered, and `Running.wait` raises that error.
    """

    def stdout(self, data: bytes) -> None: ...

    def stderr(self, data: bytes) -> None: ...


class Running(Protocol):
    """A command that has been sent."""

    async def wait(self) -> Exit:
        """Wait for the end. May be called again, and be cancelled without touching the command.

        Raises `ConnectionLost` (outcome unknown), `CommandTimedOut`, or whatever the sink raised. After the
        latter two the command may still run: call `cancel`.
        """
        ...

    async def cancel(self, grace: float = 2.0) -> Stopped:
        """Ask the command to end, after `grace` seconds force it, then close; never takes more than 5 s.

        Unless the end was clean the connection is dropped. Never raises.
        """
        ...


class Connection(Protocol):
    """A login that succeeded on a host whose key was acceptable. Use it as a context manager, or close it."""

    @property
    def host_key(self) -> str:
        """The key the host proved to have, as one line without comment."""
        ...

    @property
    def hop_keys(self) -> tuple[str, ...]:
        """The keys the hops proved to have, the first hop's first."""
        ...

    @property
    def closed(self) -> bool:
        """True once it is known that nothing more can be run on it."""
        ...

    async def start(self, command: Command, sink: Sink) -> Running:
        """Send the command.

        Raises `ConnectionClosed`, `SessionTimeout` or `SessionRefused` where it certainly does not run, and
        `ConnectionLost` where it may. What has to connect again first raises what `connect` does, too.
        """
        ...

    def files(self) -> AbstractAsyncContextManager[Files]:
        """Open the target's files, beside whatever command runs. Entering raises `FilesUnavailable` and others."""
        ...

    async def close(self) -> None:
        """Close, whatever runs, and the hops that nobody else uses.

        Idempotent, takes at most a second for the host and each hop, never raises.
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class Transport(Protocol):
    """A way to reach targets. One object serves any number of targets at once, in one event loop."""

    async def connect(
        self, endpoint: Endpoint, login: SshLogin, host_key: HostKeyCheck, via: Sequence[Hop] = ()
    ) -> Connection:
        """Connect (through these hops, the first one directly), verify the host, log in; runs nothing.

        Raises a `TransportError`, whose `hop` tells at which of the hops.
        """
        ...

    async def check(
        self, endpoint: Endpoint, login: SshLogin, host_key: HostKeyCheck, via: Sequence[Hop] = ()
    ) -> CheckResult:
        """Do what `connect` does, measure it, and close again. Raises a `TransportError`."""
        ...

    async def scan_host_key(self, endpoint: Endpoint) -> str:
        """Return the key the host shows, without logging in. Raises a `TransportError`."""
        ...

    def unanswered(self) -> int:
        """Return how many hosts have not answered at all for a while; to wait for them costs next to nothing."""
        ...
