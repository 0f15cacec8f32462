"""A target served by the OpenSSH server of this machine, one process per target."""

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path

from opsconductor.stack import offspring
from opsconductor.stack.fleet import keys
from opsconductor.stack.fleet.target import IDENTITY, Spec
from opsconductor.stack.ports import LOOPBACK

CONFIG = """\
ListenAddress {host}
Port {port}
HostKey "{home}/host_key"
AuthorizedKeysFile "{keys}"
PidFile none
LogLevel ERROR
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
PermitUserEnvironment no
PermitUserRC no
DisableForwarding yes
PrintMotd no
PrintLastLog no
LoginGraceTime 30
MaxStartups 1000
MaxSessions 100
SetEnv {identity}={name} SHLVL=1 XDG_STATE_HOME="{home}/state"
Subsystem sftp internal-sftp
"""
# XDG_STATE_HOME: what detached commands keep stays with their target, although all share one home.
# SHLVL: a bash that finds it set does not take itself for the first shell of an SSH session, and leaves out
# ~/.bashrc, whose set-up (version managers, prompts) would be timed with every command.
# From 9.8 on sshd shuts out addresses that fail often, which all callers of a loopback fleet share.
NEWER = "PerSourcePenalties no\n"


def find() -> Path | None:
    """Return the sshd of this machine; absolute, as it starts itself again for each connection."""
    found = shutil.which(
        "sshd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    )
    return Path(found).resolve() if found else None


class OpenSshServer:
    """One sshd in the foreground, in a session of its own. Serves the user it runs as."""

    kind = "openssh"
    messages: tuple[str, ...] = ("-e",)
    """sshd's option for where it writes what goes wrong: the log of whoever started it."""

    def __init__(self, program: Path, spec: Spec) -> None:
        self._program = program
        self._spec = spec
        self._config = spec.home / "sshd_config"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        keys.ensure(self._spec.home / "host_key", self._spec.name)
        authorized = self._spec.home / "authorized_keys"
        authorized.write_text(keys.public_line(self._spec.client_key) + "\n")
        _make_separation_folder()
        if not await self._accepts(NEWER) and not await self._accepts(""):
            raise OSError(f"{self._program} does not accept its configuration")
        self._process = await asyncio.create_subprocess_exec(
            *offspring.tied(self._command("-D")),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )

    async def ended(self) -> None:
        assert self._process is not None
        await self._process.wait()

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        running = offspring.below(self._process.pid)  # before they lose their parent
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        offspring.end(running)
        await self._process.wait()

    async def _accepts(self, extra: str) -> bool:
        self._config.write_text(_config(self._spec) + extra)
        test = await asyncio.create_subprocess_exec(
            *self._command("-t"),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        return await test.wait() == 0

    def _command(self, mode: str) -> list[str]:
        return [str(self._program), mode, *self.messages, "-f", str(self._config)]


def _config(spec: Spec) -> str:
    return CONFIG.format(
        host=LOOPBACK,
        port=spec.port,
        home=spec.home,
        keys=str(spec.home / "authorized_keys").replace("%", "%%"),
        identity=IDENTITY,
        name=spec.name,
    )


def _make_separation_folder() -> None:
    """Make the empty folder root's sshd changes into; else only the system's own service would make it."""
    if os.getuid() == 0:
        with contextlib.suppress(OSError):
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
