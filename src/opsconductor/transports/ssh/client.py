"""Our side of the handshake: how far it came, which key was shown, and the verdict on that key."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import asyncssh
from asyncssh.packet import SSHPacket

from opsconductor.transports.base import HostKeyCheck
from opsconductor.transports.hostkeys import bare
from opsconductor.transports.ssh.keys import public_line

COOKIE_END = (
    17  # bytes of a list of algorithms before the first name: the kind of packet, and a random cookie
)

WITHOUT_MAC = (b"-gcm@openssh.com", b"-poly1305@openssh.com")


class Handshake(asyncssh.SSHClient):
    """Watches one connection. The host key is judged before anything about the login is sent."""

    def __init__(
        self,
        check: HostKeyCheck,
        connected: Callable[[], None],
        pairs: Sequence[asyncssh.SSHKeyPair] = (),
    ) -> None:
        self._pinned = bare(check.pinned) if check.pinned else None
        self._accept_new = check.accept_new
        self._connected = connected
        self._pairs = pairs
        self._keys_asked_for = False
        self._connection: asyncssh.SSHClientConnection | None = None
        self.reached = False
        """True once TCP is up."""
        self.offered: str | None = None
        self.accepted = False
        self.forced_command = False
        """True where the server said that this login runs a command of its own instead of ours."""

    @property
    def changed(self) -> bool:
        """True where another key is pinned, False where none is."""
        return self._pinned is not None

    @property
    def key_withheld(self) -> bool:
        """True where our RSA key was of use only with a SHA-1 signature, and so was not used."""
        return self._keys_asked_for and any(pair.sig_algorithm == b"ssh-rsa" for pair in self._pairs)

    def nothing_in_common(self) -> bool:
        """Tell whether the host has told its algorithms, and for one purpose has none that we asked for.

        A host that finds that out before us just closes the connection, or resets it.
        """
        ours = self._connection
        if ours is None or not ours._server_kexinit:
            return False
        told = SSHPacket(ours._server_kexinit[COOKIE_END:])
        exchanges, host_keys, ciphers, _, macs = (told.get_namelist() for _ in range(5))
        cipher = _first(ours._enc_algs, ciphers)
        return not (
            _first(ours._kex_algs, exchanges)
            and _first(ours._server_host_key_algs or (), host_keys)
            and cipher
            and (cipher.endswith(WITHOUT_MAC) or _first(ours._mac_algs, macs))
        )

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.reached = True
        self._connection = conn
        self._connected()

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.offered = public_line(key)
        self.accepted = self.offered == self._pinned if self._pinned else self._accept_new
        return self.accepted

    def public_key_auth_requested(self) -> None:
        self._keys_asked_for = True  # and those we had were used or passed over

    def debug_msg_received(self, msg: str, lang: str, always_display: bool) -> None:
        # OpenSSH lists the options of the key that let us in, such as "key options: command user-rc".
        if "key options:" in msg and "command" in msg.split("key options:", 1)[1].split():
            self.forced_command = True


def _first(wanted: Sequence[bytes], offered: Sequence[bytes]) -> bytes | None:
    return next((name for name in wanted if name in offered), None)


async def abort(connection: asyncssh.SSHClientConnection, seconds: float = 1.0) -> None:
    """Drop a connection without a word, and wait a moment until it is gone."""
    connection.abort()
    await _gone(connection, seconds)


async def close(connection: asyncssh.SSHClientConnection) -> None:
    """Say goodbye, and drop the connection where the goodbye can't be delivered within half a second."""
    connection.close()
    if not await _gone(connection, 0.5):
        await abort(connection, 0.5)


async def _gone(connection: asyncssh.SSHClientConnection, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await connection.wait_closed()
            return True
    return False
