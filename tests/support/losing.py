"""A way on which answers get lost: what was asked has been done, and who asked does not hear of it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx


@dataclass
class LosingWay:
    """Hands requests on, and hangs up in the place of the first answer to each Idempotency-Key."""

    beyond: httpx.AsyncClient
    url: str = ""
    lost: Counter[str] = field(default_factory=Counter)
    """How many answers got lost, by path."""
    _seen: set[str] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # nobody asks anything more
            while answer := await self._answer(reader):
                kind = answer.headers.get("content-type", "application/json")
                head = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\nContent-Type: {kind}\r\n"
                writer.write(f"{head}Content-Length: {len(answer.content)}\r\n\r\n".encode() + answer.content)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> httpx.Response | None:
        """Return the answer to the next request, None where it gets lost."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = httpx.Headers(
            [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        )
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        answer = await self.beyond.request(method, path, headers=headers, content=content)
        key = headers.get("idempotency-key")
        if key is None or key in self._seen:
            return answer
        self._seen.add(key)
        self.lost[path] += 1
        return None


@contextlib.asynccontextmanager
async def losing_way(beyond: str) -> AsyncIterator[LosingWay]:
    """Serve such a way to a server, on a free loopback port."""
    async with httpx.AsyncClient(base_url=beyond, timeout=60) as client:
        way = LosingWay(client)
        server = await asyncio.start_server(way.serve, "127.0.0.1", 0)
        way.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield way
        server.close()
