"""A target served by ourselves, where the machine has no usable sshd."""

import asyncio
import contextlib
import os
import signal

import asyncssh
from asyncssh.stream import SSHServerStreamSession

from opsconductor.stack.fleet import keys
from opsconductor.stack.fleet.target import IDENTITY, Spec
from opsconductor.stack.ports import LOOPBACK

CHUNK = 64 * 1024  # bytes read from a command at once
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ")
"""What a command finds of our environment, as with sshd."""


class BuiltInServer:
    """An SSH server in this process that runs commands with /bin/sh as the current user. Keys only."""

    kind = "built-in"

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._listening: asyncssh.SSHAcceptor | None = None
        self._gate = asyncio.Event()
        self._connections: set[asyncssh.SSHServerConnection] = set()

    async def start(self) -> None:
        self._listening = await asyncssh.listen(
            LOOPBACK,
            self._spec.port,
            config=None,
            server_factory=self._login,
            server_host_keys=[self._spec.host_key],
            agent_forwarding=False,
            allow_pty=False,
            allow_scp=False,
            line_editor=False,
            encoding=None,
            gss_host=None,
            login_timeout=30,
        )

    async def ended(self) -> None:
        await self._gate.wait()

    async def stop(self) -> None:
        self._gate.set()
        if self._listening is not None:
            self._listening.close()
            for connection in list(self._connections):
                connection.abort()
            await self._listening.wait_closed()

    def _login(self) -> "Login":
        return Login(self._spec, self._connections)


class Login(asyncssh.SSHServer):
    """Lets in one user with one key, who may run commands and transfer files, and nothing else."""

    def __init__(self, spec: Spec, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._spec = spec
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == self._spec.username and keys.public_line(key) == keys.public_line(
            self._spec.client_key
        )

    def session_requested(self) -> "ShellSession":
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        own = {IDENTITY: self._spec.name, "XDG_STATE_HOME": str(self._spec.home / "state")}
        return ShellSession({**kept, **own})


class ShellSession(asyncssh.SSHServerSession[bytes]):
    """One command, in a process group of its own that ends with the session; or the files of this machine."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._work: asyncio.Task[None] | None = None
        self._input: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = asyncio.Event()
        self._room.set()
        self._files: SSHServerStreamSession[bytes] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        self._work = asyncio.create_task(self._serve(command))
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        if subsystem != "sftp":
            return False
        self._files = SSHServerStreamSession[bytes](None, lambda _: asyncssh.SFTPServer(self._channel), 3)
        self._files.connection_made(self._channel)
        return True

    def session_started(self) -> None:
        if self._files is not None:
            self._files.session_started()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if self._files is not None:
            self._files.data_received(data, datatype)
        else:
            self._input.put_nowait(data)

    def eof_received(self) -> bool:
        if self._files is not None:
            return bool(self._files.eof_received())
        self._input.put_nowait(None)
        return True

    def signal_received(self, signal: str) -> None:
        self._kill(f"SIG{signal}")

    def pause_writing(self) -> None:
        self._room.clear()
        if self._files is not None:
            self._files.pause_writing()

    def resume_writing(self) -> None:
        self._room.set()
        if self._files is not None:
            self._files.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._files is not None:
            self._files.connection_lost(exc)
        self._room.set()
        self._kill("SIGKILL")
        if self._work is not None:
            self._work.cancel()

    async def _serve(self, command: str) -> None:
        process = self._process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        feeding = asyncio.create_task(self._feed(process.stdin))
        try:
            await asyncio.gather(self._pass(process.stdout, None), self._pass(process.stderr, 1))
            code = await process.wait()
        finally:
            feeding.cancel()
            await asyncio.wait([feeding])
        self._report(code)

    async def _feed(self, stdin: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while (data := await self._input.get()) is not None:
                stdin.write(data)
                await stdin.drain()
        stdin.close()

    async def _pass(self, stream: asyncio.StreamReader, datatype: int | None) -> None:
        while data := await stream.read(CHUNK):
            await self._room.wait()
            self._channel.write(data, datatype)

    def _report(self, code: int) -> None:
        if code < 0:
            self._channel.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
        else:
            self._channel.exit(code)

    def _kill(self, name: str) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, AttributeError, ValueError):
                os.killpg(self._process.pid, signal.Signals[name])
