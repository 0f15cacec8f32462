"""A connection to the next host, through a connection to a jump host."""

import asyncio
from collections.abc import Callable

import asyncssh
from asyncssh.packet import SSHPacket

from opsconductor.transports.ssh.channel import PACKET, WINDOW


class Tunnel:
    """What asyncssh needs to connect through a jump host, as it would by TCP."""

    def __init__(self, hop: asyncssh.SSHClientConnection) -> None:
        self._hop = hop

    async def create_connection(
        self, session_factory: Callable[[], asyncssh.SSHTCPSession[bytes]], host: str, port: int
    ) -> tuple[asyncssh.SSHTCPChannel[bytes], asyncssh.SSHTCPSession[bytes]]:
        """Ask the jump host to connect; leave nothing open there where we stop waiting."""
        channel = _TunnelChannel(self._hop, asyncio.get_running_loop(), None, "strict", WINDOW, PACKET)
        try:
            return channel, await channel.connect(session_factory, host, port, "", 0)
        except BaseException:
            channel.abort()
            raise

    def close(self) -> None:
        """Do nothing: others may go through the same jump host."""

    async def wait_closed(self) -> None:
        """Do nothing."""


class _TunnelChannel(asyncssh.SSHTCPChannel[bytes]):
    """A channel that closes again where it opens after nobody waits for it any more."""

    def process_open_confirmation(
        self, send_chan: int, send_window: int, send_pktsize: int, packet: SSHPacket
    ) -> None:
        abandoned = self._open_waiter is not None and self._open_waiter.cancelled()
        super().process_open_confirmation(send_chan, send_window, send_pktsize, packet)
        if abandoned:
            self.abort()
