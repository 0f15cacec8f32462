"""Jump hosts: connections that lead on to further hosts, one for all who go the same way at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict

from opsconductor.transports.base import MAX_HOPS, Connection, Hop
from opsconductor.transports.errors import TransportError
from opsconductor.transports.ssh.tunnel import Tunnel

Way = tuple[Hop, ...]
"""The hops to a host. Only who goes the same way with the same logins and the same trust shares a connection."""


class Place(TypedDict):
    """What sentences about a host name."""

    host: str
    port: int


class OpenHop(Connection, Protocol):
    """A connection to a jump host."""

    @property
    def tunnel(self) -> Tunnel:
        """The way on."""
        ...


@dataclass
class _Shared:
    """A connection to the last hop of a way, and how many go through it."""

    opening: asyncio.Task[OpenHop]
    users: int = 0

    @property
    def usable(self) -> bool:
        """False once it failed or was lost."""
        if not self.opening.done():
            return True
        failed = self.opening.cancelled() or self.opening.exception() is not None
        return not failed and not self.opening.result().closed


class Passage:
    """One user's right to go through a jump host; it stays open until the last one is given back."""

    def __init__(self, hops: "Hops", way: Way, shared: _Shared) -> None:
        self._hops, self._way, self._shared = hops, way, shared
        self._held = True
        shared.users += 1

    @property
    def hop(self) -> OpenHop:
        """The connection to the jump host."""
        return self._shared.opening.result()

    @property
    def place(self) -> Place:
        """Where the jump host is."""
        last = self._way[-1].endpoint
        return {"host": last.host, "port": last.port}

    def at_fault(self, error: TransportError) -> TransportError:
        """Return an error as one of the jump host."""
        return error.at_hop(len(self._way) - 1, self._way[-1].endpoint.host)

    @property
    def hop_keys(self) -> tuple[str, ...]:
        """The keys of all hops on the way."""
        return (*self.hop.hop_keys, self.hop.host_key)

    async def opened(self) -> None:
        """Wait until the jump host can be used. Raises what kept it from being so."""
        # Shielded: one target that is cancelled must not take the way from the 499 others.
        await asyncio.shield(self._shared.opening)

    async def give_back(self) -> None:
        """Close the hop where nobody else uses it. Idempotent, never raises."""
        if self._held:
            self._held = False
            self._shared.users -= 1
            if not self._shared.users:
                await self._hops.close(self._way, self._shared)


class Hops:
    """The open connections to jump hosts, by the way to them."""

    def __init__(self, connect: Callable[[Hop, Way], Awaitable[OpenHop]]) -> None:
        self._connect = connect
        self._open: dict[Way, _Shared] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def passage(self, via: Sequence[Hop]) -> Passage | None:
        """Return the right to go through the last of these hops (None where there are none)."""
        if not via:
            return None
        if len(via) > MAX_HOPS:
            raise ValueError(f"at most {MAX_HOPS} hops")
        way = tuple(via)
        shared = self._open.get(way)
        if shared is None or not shared.usable:
            shared = self._open[way] = _Shared(asyncio.create_task(self._opened(way)))
        passage = Passage(self, way, shared)
        try:
            await passage.opened()
        except BaseException:
            await passage.give_back()
            raise
        return passage

    async def _opened(self, way: Way) -> OpenHop:
        *before, hop = way
        try:
            return await self._connect(hop, tuple(before))
        except TransportError as error:
            raise error.at_hop(len(before), hop.endpoint.host) from None

    async def close(self, way: Way, shared: _Shared) -> None:
        """Close a connection that has no user left; goes on where the last user does not wait for it."""
        if self._open.get(way) is shared:
            del self._open[way]
        closing = asyncio.create_task(_end(shared.opening))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        await asyncio.shield(closing)


async def _end(opening: asyncio.Task[OpenHop]) -> None:
    opening.cancel()  # without effect on one that is done
    await asyncio.wait([opening])
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().close()
