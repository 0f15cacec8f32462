"""Small questions to the shell of a target, beside its SFTP session: a checksum, an owner."""

import asyncio
import contextlib
import re

import asyncssh

from opsconductor.transports.ssh.channel import CommandSession, open_channel, request
from opsconductor.transports.ssh.connection import LeanConnection

AT_ONCE = 2  # questions; sshd opens 10 sessions on one connection, and one of them is our SFTP
ANSWER_LIMIT = 4096  # bytes; all we ask for is shorter
HASH = re.compile(rb"\\?([0-9a-f]{64})\b")  # a backslash comes first where the name has special characters

# The path comes by stdin (the x keeps a line break at its end), so that no shell has to be told how to read it.
# No single quote may occur: csh and fish pass the script on to /bin/sh as it is.
_PATH = "p=$(cat; printf x); p=${p%x}; "
_SHA256 = (
    _PATH + "if command -v sha256sum >/dev/null 2>&1; then s=sha256sum; "
    'elif command -v shasum >/dev/null 2>&1; then s="shasum -a 256"; else exit 127; fi; '
    'head -c SIZE "$p" | $s'
)
_CHOWN = _PATH + 'exec chown OWNER "$p"'
OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\$?")


class Shell:
    """Runs scripts of ours on an open connection; `usable` is False where the login runs something else instead."""

    def __init__(self, connection: LeanConnection, *, usable: bool) -> None:
        self._connection = connection
        self._usable = usable
        self._room = asyncio.Semaphore(AT_ONCE)

    async def sha256(self, path: bytes, size: int) -> str | None:
        """Return the SHA-256 of a file's first `size` bytes; None where the target can't tell."""
        status, answer = await self._run(_SHA256.replace("SIZE", str(size)), path)
        found = HASH.match(answer)
        return found[1].decode() if status == 0 and found else None

    async def chown(self, path: bytes, owner: str) -> bool:
        """Give a file to `owner` ("name", "name:group" or ":group"); tell whether that was done."""
        if not all(part == "" or OWNER.fullmatch(part) for part in owner.split(":")):
            raise ValueError("not the name of an account")  # it would be part of a script
        status, _ = await self._run(_CHOWN.replace("OWNER", owner), path)
        return status == 0

    async def _run(self, script: str, stdin: bytes) -> tuple[int | None, bytes]:
        if not self._usable:
            return None, b""
        async with self._room:
            return await self._ask(script, stdin)

    async def _ask(self, script: str, stdin: bytes) -> tuple[int | None, bytes]:
        answer = _Answer()
        session = CommandSession(answer)
        channel = open_channel(self._connection)
        try:
            await request(channel, session, f"exec /bin/sh -c '{script}'", stdin)
            await asyncio.wait({session.over, session.refused}, return_when=asyncio.FIRST_COMPLETED)
        except asyncssh.ChannelOpenError:
            self._usable = False  # files only
        finally:
            with contextlib.suppress(OSError):
                channel.close()
        return (session.exit_code if session.sink_error is None else None), bytes(answer.text)


class _Answer:
    """Keeps what a script of ours writes, which is little."""

    def __init__(self) -> None:
        self.text = bytearray()

    def stdout(self, data: bytes) -> None:
        self.text += data
        if len(self.text) > ANSWER_LIMIT:
            raise ValueError("this is no answer to our question")

    def stderr(self, data: bytes) -> None:
        """What a script complains about is not needed: its exit status says it."""
