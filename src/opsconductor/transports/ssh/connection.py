"""A connection of asyncssh that costs less, and that a hostile server can't make grow without end.

What is left out was never of use here: packets and log lines nobody reads, and round trips that only ask whether
asking is allowed: a login takes two of those less. `./opsconductor bench warm` measures what it is worth.
"""

import asyncio
import logging
import time
from typing import Any

import asyncssh
from asyncssh import connection as asyncssh_connection
from asyncssh.auth import _ClientPublicKeyAuth
from asyncssh.constants import MSG_CHANNEL_OPEN
from asyncssh.logging import SSHLogger

from opsconductor.transports.ssh.packets import PacketPath

READ = 64 * 1024  # bytes taken at once; asyncio's 256 KiB are mapped anew each time, and hold up the others
UNSENT = 8 * 1024 * 1024  # bytes of answers a server may leave unread; a channel's window is 2 MiB
DEFERRED = 1000  # packets of ours that may wait while the server exchanges keys
CHATTER = 5000  # packets about nothing that a server may send within CHATTER_TIME
CHATTER_TIME = 10.0  # s; OpenSSH asks at most once a second whether we are alive

CONVERSATION = range(90, 128)
"""Message numbers that concern a channel (RFC 4250); of them, only an offer to open one is not asked for."""


class Quiet(SSHLogger):
    """Drops what asyncssh tells below a warning (user names, command lines, packets) before it is put into words."""

    def get_child(self, child: str = "", context: str = "") -> "Quiet":
        return self

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if level >= logging.WARNING:
            super().log(level, msg, *args, **kwargs)

    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        pass

    def debug1(self, msg: str, *args: object, **kwargs: object) -> None:
        pass

    def debug2(self, msg: str, *args: object, **kwargs: object) -> None:
        pass


QUIET = Quiet()


class SignedAtOnce(_ClientPublicKeyAuth):
    """Shows a key together with its signature. Asking first saves nothing where there is one key."""

    async def _start(self) -> None:
        self._keypair = await self._conn.public_key_auth_requested()
        if self._keypair is None:
            self._conn.try_next_auth(next_method=True)
            return
        await self._send_signed_request()


class LeanConnection(PacketPath):
    """Sends what one step of the event loop has to say in one piece."""

    def __init__(self, loop: asyncio.AbstractEventLoop, options: Any, wait: str = "auth") -> None:
        super().__init__(loop, options, wait=wait)
        self._logger = QUIET
        self._unsent: list[bytes] = []
        self._chatter = 0
        self._counting_since = time.monotonic()
        self._heard = 0.0
        if self._client_keys:
            self._auth_methods = [b"publickey"]  # instead of "none", which asks what there is

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if hasattr(transport, "max_size"):
            transport.max_size = READ
        super().connection_made(transport)

    def try_next_auth(self, *, next_method: bool = False) -> None:
        if next_method or self._auth_methods[:1] != [b"publickey"]:
            super().try_next_auth(next_method=next_method)
            return
        if self._auth:
            self._auth.cancel()
        self._auth = SignedAtOnce(self, b"publickey")

    def _send(self, data: bytes) -> None:
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(data)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent:
            super()._send(b"".join(unsent))

    def _force_close(self, exc: Exception | None) -> None:
        self._flush()  # a goodbye
        super()._force_close(exc)

    def _reset_keepalive_timer(self) -> None:
        # asyncssh sets the timer anew for every packet; ours looks at the time of the last one when it rings.
        self._heard = self._loop.time()
        if self._auth_complete and self._keepalive_timer is None:
            self._set_keepalive_timer()

    def _keepalive_timer_callback(self) -> None:
        silent = self._loop.time() - self._heard
        if silent >= self._keepalive_interval:
            super()._keepalive_timer_callback()
            return
        self._keepalive_timer = self._loop.call_later(
            self._keepalive_interval - silent, self._keepalive_timer_callback
        )

    def data_received(self, data: bytes, datatype: Any = None) -> None:
        super().data_received(data, datatype)
        if self._transport is None:
            return
        waiting = getattr(self._transport, "get_write_buffer_size", int)()
        if waiting > UNSENT or len(self._deferred_packets) > DEFERRED:
            self._force_close(asyncssh.ProtocolError("The server does not read what it asks for"))

    def log_received_packet(self, pkttype: int, pktid: int | None, packet: Any, note: str = "") -> None:
        """Count what has no use (asyncssh calls this for what no channel takes)."""
        if pkttype not in CONVERSATION or pkttype == MSG_CHANNEL_OPEN:
            self._count_chatter()

    def log_sent_packet(self, pkttype: int, pktid: int | None, packet: Any, note: str = "") -> None:
        pass

    def _count_chatter(self) -> None:
        self._chatter += 1
        if self._chatter < CHATTER:
            return
        now = time.monotonic()
        # asyncssh as a server sends an empty packet with each one for a channel, so that half of all are chatter.
        if now - self._counting_since < CHATTER_TIME and self.conversed < CHATTER / 2:
            raise asyncssh.ProtocolError("The server sends packets without end")
        self._chatter, self.conversed, self._counting_since = 0, 0, now


async def connect(host: str, port: int, **options: Any) -> LeanConnection:
    """Do what `asyncssh.connect` does, with our own kind of connection."""
    loop = asyncio.get_running_loop()
    whole = await asyncssh.SSHClientConnectionOptions.construct(None, host=host, port=port, **options)
    return await asyncssh_connection._connect(
        whole, None, loop, 0, None, lambda: LeanConnection(loop, whole), "Connecting to"
    )
