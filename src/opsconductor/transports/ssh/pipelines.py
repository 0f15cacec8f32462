"""Bytes of one file in both directions, with many requests under way, in order."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

import asyncssh

from opsconductor.transports.errors import UnsafeAnswer

CHUNK = 128 * 1024  # bytes of one request; OpenSSH takes up to 255 KiB
UNDER_WAY = 16  # requests; 2 MiB of one file in memory, as much as OpenSSH's window


async def write(
    file: asyncssh.SFTPClientFile,
    offset: int,
    blocks: AsyncGenerator[bytes, None],
    wrote: Callable[[int], None],
) -> None:
    """Write blocks one behind the other, and call `wrote` with the bytes that have arrived."""
    waiting: deque[asyncio.Future[int]] = deque()
    try:
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                for start in range(0, len(block), CHUNK):
                    if len(waiting) == UNDER_WAY:
                        wrote(await waiting.popleft())
                    chunk = block[start : start + CHUNK]
                    waiting.append(asyncio.ensure_future(file.write(chunk, offset)))
                    offset += len(chunk)
        while waiting:
            wrote(await waiting.popleft())
    finally:
        await _dropped(waiting)


async def read(file: asyncssh.SFTPClientFile, size: int | None, *, host: str) -> AsyncGenerator[bytes, None]:
    """Yield the first `size` bytes of a file, or where that is None all there is; less where it is shorter."""
    waiting: deque[tuple[int, asyncio.Future[Any]]] = deque()
    offset = 0
    try:
        while True:
            while len(waiting) < UNDER_WAY and (size is None or offset < size):
                length = CHUNK if size is None else min(CHUNK, size - offset)
                waiting.append((length, asyncio.ensure_future(file.read(length, offset))))
                offset += length
            if not waiting:
                return
            length, answer = waiting.popleft()
            data: bytes = await answer
            if len(data) > length:
                raise UnsafeAnswer(host=host)
            if data:
                yield data
            if len(data) < length:
                return
    finally:
        await _dropped([future for _, future in waiting])


async def _dropped(waiting: Iterable[asyncio.Future[Any]]) -> None:
    dropped = list(waiting)
    for request in dropped:
        request.cancel()
    await asyncio.gather(*dropped, return_exceptions=True)
