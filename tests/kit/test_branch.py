"""Routers that are passed by quickly: they must find exactly what ordinary ones find."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from opsconductor.kit.branch import Branch

NOUNS = {
    "targets": ("/targets", "/targets/{id}", "/targets/{id}/checks"),
    "things": ("/other/things/{id}", "/things"),
    "anything": ("/{id}/notes",),
}
ASKED = list[str]()


class Watched(APIRoute):
    """Writes down that it was asked."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        ASKED.append(self.path)
        return super().matches(scope)


async def _answer(kind: type[APIRouter], path: str) -> httpx.Response:
    app = FastAPI()
    for paths in NOUNS.values():
        router = kind(route_class=Watched)
        for each in paths:
            router.add_api_route(each, _saying(each))
        app.include_router(router, prefix="/api/v3")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://core") as client:
        ASKED.clear()
        return await client.get(path)


def _saying(path: str) -> object:
    return lambda: path


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3/targets",
        "/api/v3/targets/",
        "/api/v3/targets/7",
        "/api/v3/targets/7/checks",
        "/api/v3/things",
        "/api/v3/other/things/1",
        "/api/v3/7/notes",
        "/api/v3/things/1",
        "/api/v3/target",
        "/targets",
        "/",
    ],
)
async def test_a_branch_answers_what_a_router_answers(path: str) -> None:
    expected, found = await _answer(APIRouter, path), await _answer(Branch, path)

    assert (found.status_code, found.text, found.headers.get("location")) == (
        expected.status_code,
        expected.text,
        expected.headers.get("location"),
    )


async def test_a_branch_does_not_ask_its_routes_about_another_noun() -> None:
    answer = await _answer(Branch, "/api/v3/things")

    assert answer.json() == "/things"
    assert not any(path.startswith("/targets") for path in ASKED)
    assert "/things" in ASKED
