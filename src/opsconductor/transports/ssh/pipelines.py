"""Bytes of one file in both directions, with many requests under way, in order."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

import asyncssh

from opsconductor.transports.file_errors import UnsafeAnswer

CHUNK = 128 * 1024  # bytes of one request, at most; OpenSSH takes up to 255 KiB
UNDER_WAY = 1024 * 1024  # bytes of one file in memory; 20 MB/s at 50 ms
REQUESTS = 64  # under way, however small they have to be


async def opened(
    sftp: asyncssh.SFTPClient, path: str, flags: int, attributes: asyncssh.SFTPAttrs | None = None
) -> asyncssh.SFTPClientFile:
    """Open a file whose requests are sent as they are; asyncssh's own way leaves tasks behind that fail unseen."""
    return await sftp.open(path, flags, attributes or asyncssh.SFTPAttrs(), encoding=None, block_size=0)


async def write(
    file: asyncssh.SFTPClientFile,
    offset: int,
    blocks: AsyncGenerator[bytes, None],
    wrote: Callable[[int], None],
    longest: int,
) -> None:
    """Write blocks one behind the other, and call `wrote` with the bytes that have arrived.

    `longest` is the length of a request that the target takes.
    """
    waiting: deque[asyncio.Future[int]] = deque()
    chunk, requests = _sizes(longest)
    try:
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                for start in range(0, len(block), chunk):
                    if len(waiting) == requests:
                        wrote(await waiting.popleft())
                    data = block[start : start + chunk]
                    waiting.append(asyncio.ensure_future(file.write(data, offset)))
                    offset += len(data)
        while waiting:
            wrote(await waiting.popleft())
    finally:
        await _dropped(waiting)


async def read(
    file: asyncssh.SFTPClientFile, size: int | None, longest: int, *, host: str
) -> AsyncGenerator[bytes, None]:
    """Yield the first `size` bytes of a file, or where that is None all there is; less where it is shorter."""
    waiting: deque[tuple[int, asyncio.Future[bytes]]] = deque()
    chunk, requests = _sizes(longest)
    offset = 0
    try:
        while True:
            while len(waiting) < requests and (size is None or offset < size):
                length = chunk if size is None else min(chunk, size - offset)
                waiting.append((length, asyncio.ensure_future(_whole(file, length, offset, host))))
                offset += length
            if not waiting:
                return
            length, answer = waiting.popleft()
            data = await answer
            if data:
                yield data
            if len(data) < length:
                return
    finally:
        await _dropped(future for _, future in waiting)


def _sizes(longest: int) -> tuple[int, int]:
    """Return how long a request is, and how many are under way."""
    chunk = max(1, min(CHUNK, longest))
    return chunk, min(REQUESTS, UNDER_WAY // chunk)


async def _whole(file: asyncssh.SFTPClientFile, length: int, offset: int, host: str) -> bytes:
    """Read as many bytes; less only at the end. A target may answer with less than it was asked for."""
    data: bytes = await file.read(length, offset)
    while 0 < len(data) < length:
        more: bytes = await file.read(length - len(data), offset + len(data))
        if not more:
            break
        data += more
    if len(data) > length:
        raise UnsafeAnswer(host=host)
    return data


async def _dropped(waiting: Iterable[asyncio.Future[Any]]) -> None:
    dropped = list(waiting)
    for request in dropped:
        request.cancel()
    await asyncio.gather(*dropped, return_exceptions=True)
