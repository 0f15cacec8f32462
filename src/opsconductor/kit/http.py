"""What every HTTP service of ours does alike: request ids, error envelope, limits, metrics. No database in it."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opsconductor import __version__
from opsconductor.kit import metrics
from opsconductor.kit.errors import Invalid, OpsError
from opsconductor.kit.ids import new_id

log = structlog.get_logger()
SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
WITH_ANSWER = "opsconductor.with_answer"
"""Where a request's scope keeps the headers that its answer gets at the edge."""
BODY_LIMIT = 768 * 1024  # bytes; a larger JSON body is refused before it is read
STATUS_CODES = {404: "not_found", 405: "method_not_allowed", 400: "bad_request", 413: "request_too_large"}


class FieldProblem(BaseModel):
    """One thing that is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """The body of every error."""

    model_config = ConfigDict(title="Problem")

    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in (
        (400, "The request can't be read."),
        (401, "Not signed in, or no longer."),
        (403, "The role does not allow it."),
        (404, "There is nothing with this id."),
        (409, "It does not fit the present state."),
        (422, "The request is not valid; `errors` names the fields."),
        (429, "Too many requests; see Retry-After."),
        (503, "A part of the system does not answer."),
    )
}
"""Documented on every route: what a client must be ready for."""


def problem(request: Request, status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """Return an error answer in the one envelope."""
    headers = more.pop("headers", None)
    body = {"detail": detail, "code": code, "request_id": request_id(request), **more}
    return JSONResponse(body, status, headers=headers)


def request_id(request: Request) -> str:
    """Return the id of this request, as in the X-Request-ID header."""
    return str(request.scope.get("request_id", ""))


def say_with_answer(request: Request, headers: Mapping[str, str]) -> None:
    """Send these headers with the answer to a request, whatever the answer will be."""
    more = request.scope.setdefault(WITH_ANSWER, {})
    more.update(headers)


def service_app(service: str, *, body_limits: dict[str, int] | None = None, **options: Any) -> FastAPI:
    """Return a FastAPI application with what all our services share; `body_limits` is bytes by path prefix."""
    app = FastAPI(
        version=__version__,
        responses=PROBLEMS,
        generate_unique_id_function=_operation_id,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        **options,
    )
    app.add_middleware(Edge, service=service, body_limits=body_limits or {})
    app.add_exception_handler(OpsError, _ops_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    app.add_api_route("/metrics", metrics.metrics, include_in_schema=False)
    metrics.UP.labels(service, __version__).set(1)
    return app


def _operation_id(route: APIRoute) -> str:
    """Name an operation after its function; a client generator makes readable names of that."""
    return route.name


async def _ops_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OpsError)
    more: dict[str, Any] = {"headers": error.headers}
    if isinstance(error, Invalid) and error.errors:
        more["errors"] = error.errors
    return problem(request, error.status, error.code, error.detail, **more)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": ".".join(str(part) for part in e["loc"][1:]) or str(e["loc"][0]), "message": e["msg"]}
        for e in error.errors()
    ]
    detail = "The request is not valid: " + "; ".join(f"{e['field']}: {e['message']}" for e in errors[:3])
    return problem(request, 422, "invalid_request", detail, errors=errors)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = STATUS_CODES.get(error.status_code, "http_error")
    headers = dict(error.headers) if error.headers else None
    return problem(request, error.status_code, code, str(error.detail), headers=headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    id = request_id(request)
    log.exception("request.failed", request_id=id, exc_info=error)  # Edge has unbound it already
    detail = f"Something went wrong on our side. The log has the details under request id {id}."
    return problem(request, 500, "internal_error", detail, headers={"X-Request-ID": id})


class UnknownParameter(Invalid):
    """This query parameter is not known: {name}. Known here: {known}."""

    code = "unknown_parameter"


class UnusableText(Invalid):
    """The query parameter {name} has the NUL character in it, which no text of ours has."""

    code = "unusable_text"


async def only_known_parameters(request: Request) -> None:
    """Refuse a query key the route does not know (a misspelt filter must not mean `everything`), and NUL."""
    route = request.scope["route"]
    known = _query_keys(route.dependant)
    for name, value in request.query_params.items():
        if "\0" in value:
            problem = {"field": name, "message": "must not contain the NUL character"}
            raise UnusableText(name=name, errors=[problem])
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            raise UnknownParameter(
                name=name,
                known=allowed,
                errors=[{"field": name, "message": f"unknown; known here: {allowed}"}],
            )


def _query_keys(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*(_query_keys(inner) for inner in dependant.dependencies))


class Edge:
    """The outermost layer: request id, body limit, metrics, one log line a request."""

    def __init__(self, app: ASGIApp, service: str, body_limits: dict[str, int]) -> None:
        self.app = app
        self.service = service
        self.body_limits = body_limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        scope["request_id"] = _request_id(scope)
        structlog.contextvars.bind_contextvars(request_id=scope["request_id"])
        answered = Answered(scope, send, self.service)
        limit = self._body_limit(scope["path"])
        try:
            if _declared_length(scope) > limit:
                request = Request(scope)
                refusal = problem(request, 413, "request_too_large", _too_large(limit))
                await refusal(scope, receive, answered.send)
            else:
                await self.app(scope, _limited(receive, limit), answered.send)
        finally:
            answered.record()
        return None

    def _body_limit(self, path: str) -> int:
        return next((n for prefix, n in self.body_limits.items() if path.startswith(prefix)), BODY_LIMIT)


class Answered:
    """Watches one answer go out, and records it once it has."""

    def __init__(self, scope: Scope, send: Send, service: str) -> None:
        self.scope, self.inner, self.service = scope, send, service
        self.started = time.perf_counter()
        self.seconds = 0.0
        self.status = 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.seconds = time.perf_counter() - self.started
            message["headers"] = [*message["headers"], *_more_headers(self.scope)]
        await self.inner(message)

    def record(self) -> None:
        path = _route_path(self.scope)
        method = self.scope["method"]
        metrics.REQUESTS.labels(self.service, method, path, self.status).inc()
        metrics.REQUEST_SECONDS.labels(self.service, path).observe(self.seconds)
        if path not in ("/health", "/metrics"):
            log.info(
                "request", method=method, route=path, status=self.status, ms=round(self.seconds * 1000, 1)
            )
        structlog.contextvars.unbind_contextvars("request_id")


def _more_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    more = {"X-Request-ID": scope["request_id"], **scope.get(WITH_ANSWER, {})}
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in more.items()]


def _route_path(scope: Scope) -> str:
    """Return the route's template with all prefixes: FastAPI keeps those beside an included router's route."""
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return str(getattr(route, "path", "unmatched"))


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and SAFE_REQUEST_ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return new_id().hex


def _declared_length(scope: Scope) -> int:
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0


def _limited(receive: Receive, limit: int) -> Callable[[], Awaitable[Message]]:
    """Count a body of undeclared length while it is read."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise HTTPException(413, _too_large(limit))
        return message

    return limited


def _too_large(limit: int) -> str:
    size = f"{limit // 1024**2} MiB" if limit >= 1024**2 else f"{limit // 1024} KiB"
    return f"The request body is larger than {size}; send less."
