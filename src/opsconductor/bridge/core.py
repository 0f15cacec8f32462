"""The core, as the bridge talks to it."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from opsconductor.bridge import figures
from opsconductor.bridge.breaker import Breaker
from opsconductor.bridge.callers import Callers
from opsconductor.bridge.client import (
    Answer,
    Client,
    ConnectionLost,
    Content,
    Headers,
    NoAnswer,
    NoConnectionFree,
    Params,
    Question,
    Unsendable,
)
from opsconductor.bridge.errors import CoreUnavailable
from opsconductor.kit.callers import HEADER as CALLER
from opsconductor.kit.callers import Caller
from opsconductor.kit.errors import BadRequest
from opsconductor.kit.http import Problem, problem, request_id
from opsconductor.kit.settings import Settings

log = structlog.get_logger()

PASSED_ON = (b"authorization", b"idempotency-key", b"if-match", b"x-opsconductor-flow")
NO_STORE = {"Cache-Control": "no-store"}
AWAY = {**NO_STORE, "Retry-After": "1"}
ANSWER = 30.0  # s; on top of the wait that was asked for
PAUSE = 0.1  # s before the one second try
CONNECTIONS = 500  # a wait holds one for as long as it lasts
PROBE = 1.0  # s


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
        self._http = Client(settings.backend_url, CONNECTIONS)
        # Of their own: one must not wait behind what it is to find out about.
        self._probes = Client(settings.backend_url, 1)

    def start(self) -> None:
        """Begin to look after the core."""
        self.breaker.start()

    async def close(self) -> None:
        """Close the connections."""
        await self.breaker.stop()
        await self._probes.close()
        await self._http.close()

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
    ) -> Answer:
        """Return the core's answer, or raise what it refused with."""
        sent = [*headers, *_trace(request), *_kind(content)]
        answer = await self._send(Question(method, path, ANSWER + wait, sent, params, content), wait)
        if caller := Caller.read(answer.headers.get(CALLER)):
            self._callers.learn(asker_of(request), caller)
        if answer.status >= 400:
            raise refusal_in(answer)
        return answer

    async def answers(self) -> bool:
        """Tell whether the core is up."""
        try:
            answer = await self._probes.send(Question("GET", "/health", PROBE))
        except NoAnswer:
            return False
        return 200 <= answer.status < 300

    async def _send(self, asked: Question, wait: float) -> Answer:
        with self.breaker.under_way(wait), _long_poll(wait):
            try:
                answer = await self._send_or_try_again(asked)
            except Unsendable as error:
                raise BadRequest(
                    "A header of this request has characters that can't be passed on."
                ) from error
            except NoAnswer as error:
                log.warning("core.away", path=asked.path, reason=str(error))
                if not isinstance(error, NoConnectionFree):  # that is of our own making
                    self.breaker.failed()
                raise CoreUnavailable(headers=AWAY) from error
        if is_of_the_core(answer):
            self.breaker.succeeded()
        elif answer.status >= 500:
            self.breaker.failed()
        return answer

    async def _send_or_try_again(self, asked: Question) -> Answer:
        """Send a request; what only reads a second time where the connection was lost, which costs little."""
        try:
            return await self._http.send(asked)
        except ConnectionLost:
            if asked.method != "GET":
                raise
        await asyncio.sleep(PAUSE)
        figures.RETRIED.inc()
        return await self._http.send(asked)


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


def passed_back(answer: Answer) -> Response:
    """Return the core's answer as ours."""
    kind = answer.headers.get("content-type")
    return Response(answer.content, answer.status, headers=NO_STORE, media_type=kind)


def is_of_the_core(answer: Answer) -> bool:
    """Tell whether an answer comes from the core: what is refused in another envelope than ours does not."""
    return answer.status < 400 or _problem_in(answer) is not None


def refusal_in(answer: Answer) -> Exception:
    """Return the refusal in an answer."""
    said = _problem_in(answer)
    if said is None:
        log.warning("core.strange_answer", status=answer.status)
        return CoreUnavailable(headers=AWAY)
    return Refused(answer.status, said, answer.headers.get("retry-after"))


def _problem_in(answer: Answer) -> Problem | None:
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
