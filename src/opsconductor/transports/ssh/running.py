"""A command under way: its end, and how to bring it about."""

import asyncio
import contextlib
from collections.abc import Callable

import asyncssh

from opsconductor.transports.base import Exit, Stopped
from opsconductor.transports.errors import CommandTimedOut, ConnectionLost
from opsconductor.transports.ssh import reaper
from opsconductor.transports.ssh.channel import CommandSession, ExactChannel, open_channel, request
from opsconductor.transports.ssh.client import abort
from opsconductor.transports.ssh.connection import LeanConnection

CANCEL_LIMIT = 4.5  # s; with the last wait of `abort`, cancelling takes less than 5 s
SIGNAL_TIME = 0.3  # s a signal has to arrive before the second way is tried
FORCE_TIME = 0.7  # s between the kill and giving up


class SshRunning:
    """A command on an SSH connection. See `transports.base.Running`."""

    def __init__(
        self,
        connection: LeanConnection,
        channel: ExactChannel,
        session: CommandSession,
        *,
        host: str,
        began: float,
        timeout: float,
        reapable: Callable[[], bool],
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._session = session
        self._host = host
        self._timeout = timeout
        self._deadline = began + timeout
        self._reapable = reapable

    @property
    def over(self) -> bool:
        """True once nothing more can come from the command."""
        return self._session.over.done()

    async def wait(self) -> Exit:
        done = await self._session.settled(self._deadline)
        if self._session.sink_error is not None:
            raise self._session.sink_error
        end = self._session.exit()
        if end is not None:
            # Reported but not over: a process left in the background keeps the output open. The command
            # itself has ended, so that it is told, as not clean, once the time is up.
            return end if done else Exit(end.exit_code, end.exit_signal, clean=False)
        if done:
            raise ConnectionLost(host=self._host)
        raise CommandTimedOut(seconds=self._timeout)

    async def cancel(self, grace: float = 2.0) -> Stopped:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_LIMIT):
                await self._stop(min(grace, CANCEL_LIMIT - SIGNAL_TIME - FORCE_TIME - 0.5))
        end = self._session.exit()
        if end is None or not end.clean:
            self._close_channel()
            await abort(self._connection, 0.4)
        return Stopped(ended=end is not None, exit=end)

    async def _stop(self, grace: float) -> None:
        self._signal("TERM")
        if not await self._reports(min(grace, SIGNAL_TIME)):
            await self._insist(max(0, grace - SIGNAL_TIME))
        await asyncio.wait([self._session.over], timeout=SIGNAL_TIME)  # the rest of the output

    async def _insist(self, grace: float) -> None:
        reaping = asyncio.create_task(self._reap(grace)) if self._reapable() else None
        if not await self._reports(grace):
            self._signal("KILL")
            await self._reports(FORCE_TIME)
        if reaping is not None:
            reaping.cancel()
            await asyncio.wait([reaping])

    async def _reap(self, grace: float) -> None:
        """Kill from a second session; whether that worked shows in the report of the first."""
        with contextlib.suppress(asyncssh.Error, OSError):
            session = CommandSession(_Nowhere())
            await request(open_channel(self._connection), session, reaper.script(grace))
            await session.over

    async def _reports(self, seconds: float) -> bool:
        """Wait for the end to be reported; false also where the channel is gone without a report."""
        moments = [self._session.reported, self._session.over]
        await asyncio.wait(moments, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return self._session.reported.done()

    def _signal(self, name: str) -> None:
        with contextlib.suppress(OSError):  # the channel is closed already
            self._channel.send_signal(name)

    def _close_channel(self) -> None:
        with contextlib.suppress(OSError):
            self._channel.close()


class _Nowhere:
    """A sink for what nobody reads."""

    def stdout(self, data: bytes) -> None:
        pass

    def stderr(self, data: bytes) -> None:
        pass
