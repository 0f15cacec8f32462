"""HTTP as the bridge speaks it: aiohttp's client, whose parser is C. What passes through here, flows wait for."""

import asyncio
import io
import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlencode

import aiohttp
from pydantic import HttpUrl
from yarl import URL

from opsconductor.kit.errors import OpsError

Headers = Sequence[tuple[bytes, bytes]]
Params = Mapping[str, str | list[str]]
Content = bytes | AsyncIterable[bytes]

CONNECT = 2.0  # s
IDLE = 2.0  # s; shorter than uvicorn's 5 s, or a request could meet a connection that is just being closed
LARGE = 1024 * 1024  # bytes that aiohttp writes in one go; it warns of more
NOT_IN_A_HEADER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
LOST = (
    aiohttp.ClientOSError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,
)
"""What aiohttp raises where there was no connection, where it ended too early, or what came over it was not HTTP."""


class NoAnswer(Exception):
    """There was no answer; the text names the reason."""


class ConnectionLost(NoAnswer):
    """There was no answer, as there was no connection or no longer."""


class NoConnectionFree(NoAnswer):
    """It was not asked at all, as all connections were in use."""


class Unsendable(Exception):
    """A header has bytes that can't be sent."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request to be sent: `path` and header bytes as they are, and the s there are for an answer."""

    method: str
    path: str
    seconds: float
    headers: Headers = ()
    params: Params | None = None
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, all of it."""

    status: int
    headers: Mapping[str, str]
    """By name in any case."""
    content: bytes


class Client:
    """A client of one server, with so many connections. Made where an event loop runs."""

    def __init__(self, url: HttpUrl, connections: int) -> None:
        self._url = str(url).rstrip("/")
        self._free = asyncio.Semaphore(
            connections
        )  # aiohttp's own limit does not tell waiting from connecting
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=IDLE,
                use_dns_cache=False,  # a server that moves is found at once
            ),
            cookie_jar=aiohttp.DummyCookieJar(),  # one caller's never reach another
            trust_env=False,  # never through a proxy
            skip_auto_headers=["Content-Type"],  # of a body that is not there
            middlewares=[_once],
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def send(self, question: Question) -> Answer:
        """Return the answer to a question, whatever it says; raise `NoAnswer` where there is none."""
        headers = [(name.decode(), _text_of(value)) for name, value in question.headers]
        await self._wait_for_a_connection(question.seconds)
        try:
            return await self._send(question, headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            _fail(error)
        finally:
            self._free.release()

    async def _wait_for_a_connection(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._free.acquire()
        except TimeoutError as error:
            raise NoConnectionFree("NoConnectionFree") from error

    async def _send(self, question: Question, headers: list[tuple[str, str]]) -> Answer:
        seconds, content = question.seconds, question.content
        whole = 2 * seconds if isinstance(content, bytes) else None  # to take it, and to answer
        async with (
            asyncio.timeout(whole) as writing,
            self._session.request(
                question.method,
                self._url_of(question),
                headers=headers,
                data=_body(content, writing, seconds),
                timeout=aiohttp.ClientTimeout(connect=min(CONNECT, seconds), sock_read=seconds),
                allow_redirects=False,
            ) as answer,
        ):
            return Answer(answer.status, answer.headers, await answer.read())

    def _url_of(self, question: Question) -> URL:
        query = f"?{urlencode(question.params, doseq=True)}" if question.params else ""
        return URL(f"{self._url}{question.path}{query}", encoded=True)


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request one time. Without this aiohttp would send it again where it takes it for harmless, as a PUT."""
    try:
        return await send(request)
    except aiohttp.ClientError as error:
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    if isinstance(error.__cause__, OpsError):  # of the content: it is its own reason
        raise error.__cause__ from None
    kind = ConnectionLost if isinstance(error, LOST) else NoAnswer
    raise kind(type(error).__name__) from error


def _text_of(value: bytes) -> str:
    """Return a header for aiohttp, which writes text as UTF-8: of other bytes there is no text it would write so."""
    if NOT_IN_A_HEADER.search(value):
        raise Unsendable
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Unsendable from error


def _body(content: Content | None, writing: asyncio.Timeout, seconds: float) -> object:
    if isinstance(content, AsyncIterable):
        return _pieces(content, writing, seconds)
    if content and len(content) > LARGE:
        return io.BytesIO(content)
    return content


async def _pieces(
    content: AsyncIterable[bytes], writing: asyncio.Timeout, seconds: float
) -> AsyncIterator[bytes]:
    """Yield the pieces of content. The server has so many s to take each; who sends them to us may take any time."""
    clock = asyncio.get_running_loop().time
    async for piece in content:
        writing.reschedule(clock() + seconds)
        yield piece
        writing.reschedule(None)
