"""One command on one channel: its output as it comes, and its end exactly as reported."""

import asyncio
import contextlib
import signal as signals
from typing import Any

import asyncssh
from asyncssh.constants import MSG_CHANNEL_REQUEST
from asyncssh.packet import Boolean, SSHPacket, String

from opsconductor.transports.base import Exit, Sink
from opsconductor.transports.ssh.connection import LeanConnection

WINDOW = 2 * 1024 * 1024  # bytes the target may send ahead of what the sink has taken
PACKET = 32 * 1024
EXIT_STATUS = String(b"exit-status") + Boolean(False)
AT_CHANNEL, STATUS = 4, 4  # bytes of a packet that are the number of the channel, and an exit status
SIGNALS = {signal.name.removeprefix("SIG") for signal in signals.Signals}


class ExactChannel(asyncssh.SSHClientChannel[bytes]):
    """A channel that keeps all 32 bits of an exit status; asyncssh keeps 8: 256 looked like success."""

    _conn: LeanConnection

    async def run(
        self, session: "CommandSession", command: str, stdin: bytes | None, *, more: bool = False
    ) -> None:
        """Do what asyncssh's `create` does, without what is never asked for here.

        Where there is no input, its end travels with the command (as from OpenSSH's client with </dev/null);
        input may be a secret, and waits until the command is accepted. With `more` it stays open.
        """
        (await self._open(b"session")).check_end()
        self._session = session
        session.connection_made(self)
        accepted = self._loop.create_future()
        self._request_waiters.append(accepted)
        self._send_request(b"exec", String(command), want_reply=True)
        if not stdin and not more:
            self.write_eof()
        if not await accepted:
            self.close()
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_REQUEST_SESSION_FAILED, "Session request failed")
        await self._start_reading()
        if stdin:
            self._feed(stdin)

    def _feed(self, stdin: bytes) -> None:
        with contextlib.suppress(OSError):  # the command is over already
            self.write(stdin)
            self.write_eof()

    def give_up(self) -> None:
        """Let who waits for the session or the command have a TimeoutError; an answer is not understood any more.

        `asyncio.timeout` would cost 5 µs for each command, of 120.
        """
        waiters: list[asyncio.Future[Any]] = (
            [self._open_waiter] if self._open_waiter else self._request_waiters
        )
        self._open_waiter, self._request_waiters = None, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(TimeoutError())

    def process_packet(self, pkttype: int, pktid: int, packet: SSHPacket) -> Any:
        """Take the usual word of the end at once: asyncssh needs 5 µs to find out who is to read it."""
        if pkttype == MSG_CHANNEL_REQUEST and not self._request_queue and self._recv_state in ("open", "eof"):
            payload = packet.get_full_payload()
            if payload[AT_CHANNEL:-STATUS] == EXIT_STATUS:
                return self._exited(int.from_bytes(payload[-STATUS:]))
        return super().process_packet(pkttype, pktid, packet)

    def _process_exit_status_request(self, packet: SSHPacket) -> bool:
        status = packet.get_uint32()
        packet.check_end()
        return self._exited(status)

    def _exited(self, status: int) -> bool:
        if self._exit_status is not None or self._exit_signal is not None:
            raise asyncssh.ProtocolError("Multiple exit results not allowed")
        self._exit_status = status
        self._session.exit_status_received(status)
        return True

    def log_sent_packet(self, pkttype: int, pktid: int | None, packet: Any, note: str = "") -> None:
        """Say nothing: nobody listens (see `connection.Quiet`)."""

    def log_received_packet(self, pkttype: int, pktid: int | None, packet: Any, note: str = "") -> None:
        """Count what makes sense; see `connection.LeanConnection`."""
        self._conn.conversed += 1

    @property
    def closed_by_target(self) -> bool:
        """True where the target closed the channel, which it does after the last output."""
        return self._recv_state == "closed"


class CommandSession(asyncssh.SSHClientSession[bytes]):
    """Hands output to the sink and remembers the end. `over` is done when no more can come."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._loop = loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = loop.create_future()
        """Resolves to None when the channel is closed. Never fails."""
        self.refused: asyncio.Future[None] = loop.create_future()
        """Done once the sink raised; the command may go on, and what it still writes is dropped."""
        self.sent = False
        """True from the moment the command is handed to the network."""
        self.reported: asyncio.Future[None] = loop.create_future()
        """Done once the target reported the end, which may be before the last output."""
        self.sink_error: Exception | None = None
        self.exit_code: int | None = None
        self.exit_signal: str | None = None
        self._whole = False
        self._channel: ExactChannel | None = None

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        assert isinstance(chan, ExactChannel)
        self._channel = chan
        self.sent = True  # the request follows in the same step

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if self.sink_error is not None:
            return
        try:
            (self._sink.stderr if datatype == asyncssh.EXTENDED_DATA_STDERR else self._sink.stdout)(data)
        except Exception as error:  # noqa: BLE001 - door: the sink's error belongs to who waits, not to asyncssh
            self.sink_error = error
            self._done(self.refused)

    def eof_received(self) -> bool:
        self._whole = True
        return True  # our own side of the channel is not closed by this

    def exit_status_received(self, status: int) -> None:
        self.exit_code = status
        self._done(self.reported)

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        # The target may write here what it likes, also a password it was sent: only known names are told.
        self.exit_signal = signal if signal in SIGNALS else "unknown"
        self._done(self.reported)

    def connection_lost(self, exc: Exception | None) -> None:
        # Some servers close without an end-of-file first; OpenSSH and Dropbear always send it.
        self._whole = self._whole or (self._channel is not None and self._channel.closed_by_target)
        self._done(self.over)

    async def settled(self, deadline: float) -> bool:
        """Wait until it is over or refused, or for a moment of the event loop's clock; tell whether it is.

        `asyncio.wait` would cost 10 µs for each command, of 120; this costs 4.
        """
        moments = (self.over, self.refused)
        if not any(moment.done() for moment in moments):
            waiter = self._loop.create_future()

            def rouse(_: object = None) -> None:
                self._done(waiter)

            timer = self._loop.call_at(deadline, rouse)
            for moment in moments:
                moment.add_done_callback(rouse)
            try:
                await waiter
            finally:
                timer.cancel()
                for moment in moments:
                    moment.remove_done_callback(rouse)
        return any(moment.done() for moment in moments)

    def exit(self) -> Exit | None:
        """Return the end as far as it was reported."""
        if not self.reported.done():
            return None
        return Exit(self.exit_code, self.exit_signal, clean=self._whole and self.sink_error is None)

    @staticmethod
    def _done(moment: asyncio.Future[None]) -> None:
        if not moment.done():
            moment.set_result(None)


def open_channel(connection: LeanConnection) -> ExactChannel:
    """Return a channel that is not open yet, for bytes."""
    return ExactChannel(connection, asyncio.get_running_loop(), "replace", None, "strict", WINDOW, PACKET)


async def request(
    channel: ExactChannel,
    session: CommandSession,
    command: str,
    stdin: bytes | None = None,
    *,
    more: bool = False,
) -> None:
    """Open the channel, ask for the command and feed it; `session.sent` tells how far it came.

    Raises what asyncssh raises, and worse where the connection is lost at the wrong moment.
    """
    await channel.run(session, command, stdin, more=more)
