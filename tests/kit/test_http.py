"""What every answer has in common, above all the refusals."""

import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import structlog
from structlog.testing import LogCapture
from tests.support.core import Core, serving

from opsconductor.kit.http import service_app

ENVELOPE = {"detail", "code", "request_id"}


async def test_an_unknown_route_is_a_404_in_the_envelope(core: Core) -> None:
    answer = await core.admin.get("/nothing/here")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert set(answer.json()) == ENVELOPE


async def test_an_unknown_route_is_a_404_for_nobody_too(core: Core) -> None:
    answer = await (await core.client()).get("/nothing/here")

    assert answer.status_code == 404


async def test_a_method_that_a_route_does_not_have_is_a_405_that_names_the_others(core: Core) -> None:
    answer = await core.admin.put("/targets", json={})

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]


async def test_a_body_that_is_too_large_is_a_413_in_the_envelope(core: Core) -> None:
    answer = await core.admin.post("/targets", content=b"x" * 1_000_000)

    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
    assert set(answer.json()) == ENVELOPE


async def test_a_body_that_is_not_json_is_a_422(core: Core) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await core.admin.post("/targets", content=b"{", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_invalid_fields_are_named_one_by_one(core: Core) -> None:
    answer = await core.admin.post("/targets", json={"host": "web-1", "port": 0, "colour": "red"})

    assert answer.status_code == 422
    assert {problem["field"] for problem in answer.json()["errors"]} == {"name", "port", "colour"}
    assert all(set(problem) == {"field", "message"} for problem in answer.json()["errors"])


async def test_a_refusal_does_not_repeat_what_was_sent(core: Core) -> None:
    body = {"name": "x", "kind": "ssh_key", "username": "u", "password": "s3cr3t-sent"}
    answer = await core.admin.post("/credentials", json=body)

    assert answer.status_code == 422
    assert "s3cr3t-sent" not in answer.text


@pytest.mark.parametrize("text", ["\0", "\ud800"], ids=["NUL", "half a character"])
async def test_text_that_can_not_be_stored_is_refused(core: Core, text: str) -> None:
    body = json.dumps({"name": f"web{text}", "host": "web-1"})
    headers = {"Content-Type": "application/json"}
    answer = await core.admin.post("/targets", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_body_nested_too_deep_is_refused_not_an_accident(core: Core) -> None:
    body = '{"name":' + "[" * 900 + "]" * 900 + "}"
    headers = {"Content-Type": "application/json"}
    answer = await core.admin.post("/targets", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


TEXT_FILTERS = [
    *("/targets?q=", "/targets?tag=", "/targets?environment=", "/targets?cursor="),
    *("/credentials?q=", "/executions?q=", "/executions?flow_id=", "/executions?started_by="),
    *("/audit?action=", "/audit?actor=", "/audit?object_type=", "/audit?object_id="),
]


@pytest.mark.parametrize("path", TEXT_FILTERS)
async def test_a_filter_with_nul_is_refused_not_an_accident(core: Core, path: str) -> None:
    answer = await core.admin.get(f"{path}%00")

    assert answer.status_code == 422
    assert answer.json()["code"] == "unusable_text"


async def test_the_request_id_of_the_caller_is_kept(core: Core) -> None:
    answer = await core.admin.get("/nothing", headers={"X-Request-ID": "from-the-caller-1"})

    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "from-the-caller-1"


@pytest.mark.parametrize("given", ["short", "with blanks in it", "x" * 65, "<script>alert(1)</script>"])
async def test_a_request_id_that_could_harm_a_log_is_replaced(core: Core, given: str) -> None:
    answer = await core.admin.get("/targets", headers={"X-Request-ID": given})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.fixture(scope="module")
async def failing() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with a route that fails by accident."""
    app = service_app("failing")

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("internal detail 42")

    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture
def logged() -> LogCapture:
    """What is logged through structlog, with the context's fields (and without its slow, pretty tracebacks)."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    yield capture
    structlog.configure(processors=before)


@pytest.mark.usefixtures("logged")
async def test_an_accident_is_a_500_that_shows_nothing_of_the_inside(failing: httpx.AsyncClient) -> None:
    answer = await failing.get("/fails")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "internal detail" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.usefixtures("logged")
async def test_an_accident_has_its_request_id_in_the_header_too(failing: httpx.AsyncClient) -> None:
    answer = await failing.get("/fails")

    assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_an_accident_is_found_in_the_log_by_its_request_id(
    failing: httpx.AsyncClient, logged: LogCapture
) -> None:
    answer = await failing.get("/fails")

    [entry] = [entry for entry in logged.entries if entry["event"] == "request.failed"]
    assert entry["request_id"] == answer.json()["request_id"]
    assert "internal detail 42" in str(entry["exc_info"])


async def test_requests_are_counted_by_route_not_by_path(core: Core) -> None:
    await core.admin.get("/targets/01a20c06-c4c1-742b-b37f-ba80e5e35788")
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{core.url}/metrics")).text

    assert 'route="/api/v3/targets/{target_id}"' in metrics
    assert "01a20c06" not in metrics
