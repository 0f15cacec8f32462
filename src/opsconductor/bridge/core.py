"""The core, as the bridge talks to it."""

import asyncio
from collections.abc import AsyncIterable, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import structlog
from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from opsconductor.bridge.errors import CoreUnavailable
from opsconductor.kit.errors import BadRequest
from opsconductor.kit.http import Problem, problem, request_id
from opsconductor.kit.settings import Settings

log = structlog.get_logger()

Headers = Sequence[tuple[bytes, bytes]]
Params = Mapping[str, str | list[str]]
Content = bytes | AsyncIterable[bytes]

PASSED_ON = (b"authorization", b"idempotency-key", b"x-opsconductor-flow")
NO_STORE = {"Cache-Control": "no-store"}
CONNECT = 2.0  # s
ANSWER = 30.0  # s; on top of the wait that was asked for
PAUSE = 0.1  # s before the one second try
IDLE = 2.0  # s; shorter than uvicorn's 5 s, or a request could meet a connection that is just being closed
CONNECTIONS = 500  # a wait holds one for as long as it lasts
NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout)


class Refused(Exception):
    """The core said no. Its answer goes out unchanged."""

    def __init__(self, status: int, said: Problem, retry_after: str | None) -> None:
        self.status, self.said, self.retry_after = status, said, retry_after
        super().__init__(said.code)


class Core:
    """A client of the core. One per process."""

    def __init__(self, settings: Settings) -> None:
        self._http = httpx.AsyncClient(
            base_url=str(settings.backend_url),
            timeout=httpx.Timeout(ANSWER, connect=CONNECT),
            limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=IDLE),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # one caller's never reach another
            trust_env=False,  # what talks to the core is never sent through a proxy
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def pass_on(
        self,
        request: Request,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        content: Content | None = None,
        wait: float = 0,
    ) -> Response:
        """Ask in the name of whoever asks us, and return the core's answer as it is."""
        headers = passed_on(request)
        return passed_back(
            await self.ask(request, method, path, headers, params=params, content=content, wait=wait)
        )

    async def ask(
        self,
        request: Request,
        method: str,
        path: str,
        headers: Headers,
        *,
        params: Params | None = None,
        content: Content | None = None,
        wait: float = 0,
    ) -> httpx.Response:
        """Return the core's answer, or raise what it refused with."""
        asked = self._http.build_request(
            method,
            path,
            params=params,
            content=content,
            headers=[*headers, *_trace(request), *_kind(content)],
            timeout=httpx.Timeout(ANSWER + wait, connect=CONNECT),
        )
        answer = await self._send(asked)
        if answer.status_code >= 400:
            raise refusal_in(answer)
        return answer

    async def answers(self) -> bool:
        """Tell whether the core is up."""
        try:
            answer = await self._http.get("/health", timeout=CONNECT)
        except httpx.TransportError:
            return False
        return answer.is_success

    async def _send(self, asked: httpx.Request) -> httpx.Response:
        try:
            return await self._send_or_try_again(asked)
        except httpx.LocalProtocolError as error:
            raise BadRequest("A header of this request has characters that can't be passed on.") from error
        except httpx.TransportError as error:
            log.warning("core.away", path=asked.url.path, reason=type(error).__name__)
            raise CoreUnavailable(headers=NO_STORE) from error

    async def _send_or_try_again(self, asked: httpx.Request) -> httpx.Response:
        try:
            return await self._http.send(asked)
        except NOT_CONNECTED:
            if asked.method != "GET":
                raise
        await asyncio.sleep(PAUSE)
        return await self._http.send(asked)


def passed_on(request: Request) -> Headers:
    """Return what of a request's headers the core gets to see, byte by byte. Never its cookies."""
    return [(name, value) for name, value in request.headers.raw if name in PASSED_ON]


def passed_back(answer: httpx.Response) -> Response:
    """Return the core's answer as ours."""
    kind = answer.headers.get("content-type")
    return Response(answer.content, answer.status_code, headers=NO_STORE, media_type=kind)


def refusal_in(answer: httpx.Response) -> Exception:
    """Return the refusal in an answer; what is not in our envelope does not come from the core."""
    try:
        said = Problem.model_validate_json(answer.content)
    except ValidationError:
        log.warning("core.strange_answer", status=answer.status_code)
        return CoreUnavailable(headers=NO_STORE)
    return Refused(answer.status_code, said, answer.headers.get("retry-after"))


async def refused(request: Request, error: Exception) -> JSONResponse:
    """Answer with the core's refusal."""
    assert isinstance(error, Refused)
    headers = NO_STORE | ({"Retry-After": error.retry_after} if error.retry_after else {})
    more = {"errors": [one.model_dump() for one in error.said.errors]} if error.said.errors else {}
    return problem(request, error.status, error.said.code, error.said.detail, headers=headers, **more)


def _trace(request: Request) -> Headers:
    trace = [(b"x-request-id", request_id(request).encode())]
    if request.client:
        trace.append((b"x-forwarded-for", request.client.host.encode()))
    return trace


def _kind(content: Content | None) -> Headers:
    if content is None:
        return []
    kind = b"application/json" if isinstance(content, bytes) else b"application/octet-stream"
    return [(b"content-type", kind)]
