"""A real sshd with a configuration of the test's own, on loopback, whose log can be read."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr

from opsconductor.stack import offspring, ports
from opsconductor.stack.fleet import keys, openssh, run
from opsconductor.transports import Endpoint, Hop, HostKeyCheck, SshLogin

FORWARDING = "DisableForwarding no\nAllowTcpForwarding yes\n"


@dataclass
class OpenSsh:
    """An sshd that is up. `login` is one it takes."""

    endpoint: Endpoint
    login: SshLogin
    host_key: str
    home: Path
    process: asyncio.subprocess.Process = field(repr=False)

    @property
    def pinned(self) -> HostKeyCheck:
        return HostKeyCheck(self.host_key)

    @property
    def hop(self) -> Hop:
        """This server as a jump host."""
        return Hop(self.endpoint, self.login, self.pinned)

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    @property
    def logins(self) -> int:
        """How many logins there have been."""
        return self.log.count("Accepted publickey")

    def at(self, host: str) -> Endpoint:
        return replace(self.endpoint, host=host)

    async def stop(self) -> None:
        """End it, with the connections it serves. Idempotent."""
        if self.process.returncode is None:
            running = offspring.below(self.process.pid)
            self.process.terminate()
            offspring.end(running)
            await self.process.wait()


@contextlib.asynccontextmanager
async def running_openssh(
    *lines: str,
    host_key_type: str = "ssh-ed25519",
    client_key: asyncssh.SSHKey | None = None,
    authorized: bool = True,
) -> AsyncIterator[OpenSsh]:
    """Run sshd with these lines before those of the fleet (the first of a keyword counts)."""
    program = openssh.find()
    if program is None:
        pytest.skip("no sshd on this machine")
    key = client_key or asyncssh.generate_private_key("ssh-ed25519")
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(ports.reserve()) as bound:
        home = Path(folder)
        _write_key(home / "host_key", asyncssh.generate_private_key(host_key_type))
        spec = run.make_spec(home, "target", ports.port_of(bound), key)
        (home / "authorized_keys").write_text(keys.public_line(key) + "\n" if authorized else "")
        (home / "sshd_config").write_text("\n".join(["LogLevel VERBOSE", *lines, openssh._config(spec)]))
        openssh._make_separation_folder()
        bound.close()
        with (home / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *offspring.tied([str(program), "-D", "-e", "-f", str(home / "sshd_config")]),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        login = SshLogin(spec.username, private_key=SecretStr(key.export_private_key().decode()))
        server = OpenSsh(
            Endpoint(ports.LOOPBACK, spec.port), login, keys.public_line(spec.host_key), home, process
        )
        try:
            await _listening(server)
            yield server
        finally:
            await server.stop()


def _write_key(path: Path, key: asyncssh.SSHKey) -> None:
    path.write_bytes(key.export_private_key())
    path.chmod(0o600)


async def _listening(server: OpenSsh) -> None:
    async with asyncio.timeout(10):
        while "Server listening" not in server.log:
            assert server.process.returncode is None, server.log
            await asyncio.sleep(0.02)
