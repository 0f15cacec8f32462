"""Real SSH targets for tests: OpenSSH where it is installed, on free loopback ports, with own keys."""

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh
from pydantic import SecretStr

from opsconductor.stack import ports
from opsconductor.stack.fleet import keys, run
from opsconductor.stack.fleet.built_in import BuiltInServer, Login
from opsconductor.stack.fleet.target import Server, Spec
from opsconductor.transports import Endpoint, HostKeyCheck, SshLogin

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Target:
    """A target that is up. Its commands find their target's name in OPSCONDUCTOR_DEMO_TARGET."""

    name: str
    endpoint: Endpoint
    login: SshLogin
    host_key: str
    home: Path
    kind: str
    """ "openssh" or "built-in"."""

    @property
    def pinned(self) -> HostKeyCheck:
        return HostKeyCheck(self.host_key)


@contextlib.asynccontextmanager
async def running_sshd(
    count: int = 1,
    *,
    password_login: bool = False,
    built_in: bool = False,
    host_key_type: str = "ssh-ed25519",
    client_key_type: str = "ssh-ed25519",
) -> AsyncIterator[list[Target]]:
    """Run `count` targets. With `password_login` they take `PASSWORD` and no key, and are not OpenSSH,
    which would need an account with a password."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        client_key = _generate(home / "client", client_key_type)
        specs = _specs(home, count, client_key, host_key_type)
        servers = await asyncio.gather(*(_start(spec, password_login, built_in) for spec in specs))
        try:
            yield [_target(spec, server, password_login) for spec, server in zip(specs, servers, strict=True)]
        finally:
            await asyncio.gather(*(server.stop() for server in servers))


@contextlib.contextmanager
def running_sshd_in_a_thread(count: int = 1, *, password_login: bool = False) -> Iterator[list[Target]]:
    """Do the same for tests without an event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sshd")
    thread.start()
    targets = running_sshd(count, password_login=password_login)
    try:
        yield asyncio.run_coroutine_threadsafe(targets.__aenter__(), loop).result(30)
    finally:
        asyncio.run_coroutine_threadsafe(targets.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class PasswordServer(BuiltInServer):
    """The product's own server, for a password instead of a key."""

    def _login(self) -> "PasswordLogin":
        return PasswordLogin(self._spec, self._connections)


class PasswordLogin(Login):
    """Takes the one password."""

    def public_key_auth_supported(self) -> bool:
        return False

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return username == self._spec.username and password == PASSWORD


def _generate(path: Path, algorithm: str) -> asyncssh.SSHKey:
    path.write_bytes(asyncssh.generate_private_key(algorithm).export_private_key())
    path.chmod(0o600)
    return asyncssh.read_private_key(path)


def _specs(home: Path, count: int, client_key: asyncssh.SSHKey, host_key_type: str) -> list[Spec]:
    bound = [ports.reserve() for _ in range(count)]
    specs = []
    for number, socket in enumerate(bound, 1):
        folder = home / f"target-{number}"
        folder.mkdir(mode=0o700)
        _generate(folder / "host_key", host_key_type)
        specs.append(run.make_spec(folder, f"target-{number}", ports.port_of(socket), client_key))
    for socket in bound:
        socket.close()
    return specs


async def _start(spec: Spec, password_login: bool, built_in: bool) -> Server:
    if password_login:
        server = PasswordServer(spec)
        await server.start()
        return server
    return await (run.start_built_in(spec) if built_in else run.start(spec))


def _target(spec: Spec, server: Server, password_login: bool) -> Target:
    key = spec.client_key.export_private_key().decode()
    login = (
        SshLogin(spec.username, password=SecretStr(PASSWORD))
        if password_login
        else SshLogin(spec.username, private_key=SecretStr(key))
    )
    return Target(
        spec.name,
        Endpoint(ports.LOOPBACK, spec.port),
        login,
        keys.public_line(spec.host_key),
        spec.home,
        server.kind,
    )
