"""A conversation with the attendant of one operation, on one channel."""

import asyncio
import contextlib
from collections.abc import Callable

from opsconductor.transports.detached import Received
from opsconductor.transports.ssh.channel import CommandSession, ExactChannel
from opsconductor.transports.ssh.detached.speech import Listener

NOTHING = 2**62  # bytes; who says to have received as many gets no more


class Conversation:
    """The sink of the channel: passes on output, and keeps what was said. Never raises."""

    def __init__(self, mark: str, received: Received) -> None:
        loop = asyncio.get_running_loop()
        self.greeted = False
        """True once the attendant runs; before, nothing can have been started."""
        self.answer: asyncio.Future[list[str]] = loop.create_future()
        """The first words: ["started"], or why not."""
        self.end: asyncio.Future[list[str]] = loop.create_future()
        """The last words, said once all output is here."""
        self.refused: asyncio.Future[Exception] = loop.create_future()
        """What the receiver raised, if it did."""
        self._received = received
        self._out, self._err = Listener(mark), Listener(mark)
        self._err_said: list[str] = []
        self._last: list[str] = []
        self._asked = False
        self._channel: ExactChannel | None = None
        self._session: CommandSession | None = None

    def begin(self, channel: ExactChannel, session: CommandSession, script: bytes) -> None:
        """Send the script. Its input stays open, as the attendant is told more through it."""
        self._channel, self._session = channel, session
        self._send(script)

    @property
    def over(self) -> asyncio.Future[None]:
        """Done when nothing more can be heard."""
        assert self._session is not None
        return self._session.over

    @property
    def hung_up(self) -> bool:
        """True where the other side ended properly, rather than the connection."""
        assert self._session is not None
        return self._session.exit() is not None

    def stop(self, tenths: int) -> None:
        """Ask for the end of the command, by force after some tenths of a second."""
        self._send(f"stop {tenths}\n".encode())

    def close(self) -> None:
        """Hang up; what runs goes on."""
        with contextlib.suppress(OSError):
            if self._channel is not None:
                self._channel.close()

    def stdout(self, data: bytes) -> None:
        for piece in self._out.hear(data):
            if isinstance(piece, list):
                self._heard(piece)
            elif self.answer.done():  # before, it is the login shell's
                self._pass(self._received.stdout, piece)

    def stderr(self, data: bytes) -> None:
        for piece in self._err.hear(data):
            if isinstance(piece, list):
                self._err_said.extend(piece)
                self._proceed()
            elif self._err_said:
                self._pass(self._received.stderr, piece)

    def _pass(self, receive: Callable[[bytes], None], piece: bytes) -> None:
        if self.refused.done():
            return
        try:
            receive(piece)
        except Exception as error:  # noqa: BLE001 - door: the receiver's error belongs to who waits
            self.refused.set_result(error)

    def _heard(self, words: list[str]) -> None:
        self._last = words
        if words == ["hello"]:
            self.greeted = True
        elif not self.answer.done():
            self.answer.set_result(words)
        else:
            self._proceed()

    def _proceed(self) -> None:
        """Both streams are needed for each step: they are carried separately, one may lag behind."""
        verb = self._last[0] if self._last else ""
        if verb == "ended" and "ended" in self._err_said and not self._asked:
            self._asked = True
            self._send(self._rest())
        told = verb in ("lost", "gone") or (verb == "over" and "over" in self._err_said)
        if told and not self.end.done():
            self.end.set_result(self._last)

    def _rest(self) -> bytes:
        out, err = self._received.out.size, self._received.err.size
        if self.refused.done():
            out = err = NOTHING
        return f"rest {out} {err}\n".encode()

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the channel is gone, as `over` tells
            if self._channel is not None:
                self._channel.write(data)
