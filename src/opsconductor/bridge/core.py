"""The core, as the bridge talks to it."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import structlog
from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from opsconductor.bridge import figures
from opsconductor.bridge.breaker import Breaker
from opsconductor.bridge.callers import Callers
from opsconductor.bridge.errors import CoreUnavailable
from opsconductor.kit.callers import HEADER as CALLER
from opsconductor.kit.callers import Caller
from opsconductor.kit.errors import BadRequest
from opsconductor.kit.http import Problem, problem, request_id
from opsconductor.kit.settings import Settings

log = structlog.get_logger()

Headers = Sequence[tuple[bytes, bytes]]
Params = Mapping[str, str | list[str]]
Content = bytes | AsyncIterable[bytes]

PASSED_ON = (b"authorization", b"idempotency-key", b"if-match", b"x-opsconductor-flow")
NO_STORE = {"Cache-Control": "no-store"}
AWAY = {**NO_STORE, "Retry-After": "1"}
CONNECT = 2.0  # s
ANSWER = 30.0  # s; on top of the wait that was asked for
PAUSE = 0.1  # s before the one second try
IDLE = 2.0  # s; shorter than uvicorn's 5 s, or a request could meet a connection that is just being closed
CONNECTIONS = 500  # a wait holds one for as long as it lasts
PROBE = 1.0  # s
NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout)
CUT_OFF = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class Refused(Exception):
    """The core said no. Its answer goes out unchanged."""

    def __init__(self, status: int, said: Problem, retry_after: str | None) -> None:
        self.status, self.said, self.retry_after = status, said, retry_after
        super().__init__(said.code)


class Core:
    """A client of the core. One per process."""

    def __init__(self, settings: Settings, callers: Callers) -> None:
        self._callers = callers
        self.breaker = Breaker(self.answers)
        self._http = _client(settings, CONNECTIONS)
        self._probes = _client(
            settings, 1
        )  # of its own: one must not wait behind what it is to find out about

    def start(self) -> None:
        """Begin to look after the core."""
        self.breaker.start()

    async def close(self) -> None:
        """Close the connections."""
        await self.breaker.stop()
        await self._probes.aclose()
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
        answer = await self._send(asked, wait)
        if caller := Caller.read(answer.headers.get(CALLER)):
            self._callers.learn(asker_of(request), caller)
        if answer.status_code >= 400:
            raise refusal_in(answer)
        return answer

    async def answers(self) -> bool:
        """Tell whether the core is up."""
        try:
            answer = await self._probes.get("/health", timeout=PROBE)
        except httpx.TransportError:
            return False
        return answer.is_success

    async def _send(self, asked: httpx.Request, wait: float) -> httpx.Response:
        with self.breaker.under_way(wait), _long_poll(wait):
            try:
                answer = await self._send_or_try_again(asked)
            except httpx.LocalProtocolError as error:
                raise BadRequest(
                    "A header of this request has characters that can't be passed on."
                ) from error
            except httpx.TransportError as error:
                log.warning("core.away", path=asked.url.path, reason=type(error).__name__)
                if not isinstance(error, httpx.PoolTimeout):  # that is of our own making
                    self.breaker.failed()
                raise CoreUnavailable(headers=AWAY) from error
        if is_of_the_core(answer):
            self.breaker.succeeded()
        elif answer.is_server_error:
            self.breaker.failed()
        return answer

    async def _send_or_try_again(self, asked: httpx.Request) -> httpx.Response:
        """Send a request; what only reads a second time where the connection was lost, which costs little."""
        try:
            return await self._http.send(asked)
        except (*NOT_CONNECTED, *CUT_OFF):
            if asked.method != "GET":
                raise
        await asyncio.sleep(PAUSE)
        figures.RETRIED.inc()
        return await self._http.send(asked)


def _client(settings: Settings, connections: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=str(settings.backend_url),
        timeout=httpx.Timeout(ANSWER, connect=CONNECT),
        limits=httpx.Limits(max_connections=connections, keepalive_expiry=IDLE),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # one caller's never reach another
        trust_env=False,  # what talks to the core is never sent through a proxy
    )


@contextmanager
def _long_poll(wait: float) -> Iterator[None]:
    """Count a request while it waits."""
    if not wait:
        yield
        return
    figures.LONG_POLLS_BEGUN.inc()
    with figures.LONG_POLLS.track_inprogress():
        yield


def fingerprint(*secrets: str) -> str:
    """Return what secrets are known by in caches and counters: never themselves."""
    return hashlib.sha256("\0".join(secrets).encode()).hexdigest()


def bearer_of(request: Request) -> str:
    """Return the bearer token of a request, empty where there is none."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def asker_of(request: Request) -> str:
    """Return what a token is known by together with the flow it names: what one may do can depend on both."""
    return fingerprint(bearer_of(request), request.headers.get("x-opsconductor-flow", ""))


def passed_on(request: Request) -> Headers:
    """Return what of a request's headers the core gets to see, byte by byte. Never its cookies."""
    return [(name, value) for name, value in request.headers.raw if name in PASSED_ON]


def passed_back(answer: httpx.Response) -> Response:
    """Return the core's answer as ours."""
    kind = answer.headers.get("content-type")
    return Response(answer.content, answer.status_code, headers=NO_STORE, media_type=kind)


def is_of_the_core(answer: httpx.Response) -> bool:
    """Tell whether an answer comes from the core: what is refused in another envelope than ours does not."""
    return answer.status_code < 400 or _problem_in(answer) is not None


def refusal_in(answer: httpx.Response) -> Exception:
    """Return the refusal in an answer."""
    said = _problem_in(answer)
    if said is None:
        log.warning("core.strange_answer", status=answer.status_code)
        return CoreUnavailable(headers=AWAY)
    return Refused(answer.status_code, said, answer.headers.get("retry-after"))


def _problem_in(answer: httpx.Response) -> Problem | None:
    try:
        return Problem.model_validate_json(answer.content)
    except ValidationError:
        return None


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
