"""Pages of a real list: every row once, in order, with the total on each page."""

import base64
import json

import pytest
from tests.support.core import Core
from tests.support.registered import add_target

NAMES = ["alpha", "Alpha 2", "beta", "beta-10", "beta-9", "gamma", "öäü", 'zeta, the "last"']


@pytest.fixture(scope="module")
async def names(core: Core) -> list[str]:
    """The names of all targets, as one page shows them."""
    for name in reversed(NAMES):
        await add_target(core, name, 22, None)
    page = await core.admin.get("/targets", params={"limit": 200})
    return [item["name"] for item in page.json()["items"]]


async def _pages(core: Core, limit: int) -> list[dict[str, object]]:
    """Return every page of the list."""
    pages, cursor = [], None
    while True:
        params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = (await core.admin.get("/targets", params=params)).json()
        pages.append(page)
        cursor = page["next_cursor"]
        if cursor is None:
            return pages


@pytest.mark.parametrize("limit", [1, 3, 4, 8, 200])
async def test_pages_put_together_are_the_whole_list_in_order(
    core: Core, names: list[str], limit: int
) -> None:
    pages = await _pages(core, limit)

    assert [item["name"] for page in pages for item in page["items"]] == names
    assert sorted(names) == sorted(NAMES)


async def test_every_page_says_how_many_rows_there_are(core: Core, names: list[str]) -> None:
    pages = [page for limit in (3, len(names), 200) for page in await _pages(core, limit)]

    assert {page["total"] for page in pages} == {len(names)}


async def test_the_last_full_page_has_no_next_one(core: Core, names: list[str]) -> None:
    assert len(await _pages(core, len(names))) == 1


async def test_a_row_added_before_the_cursor_does_not_repeat_others(core: Core, names: list[str]) -> None:
    first = (await core.admin.get("/targets", params={"limit": 3})).json()
    added = await add_target(core, "a new one", 22, None)
    second = await core.admin.get("/targets", params={"limit": 3, "cursor": first["next_cursor"]})
    await core.admin.delete(f"/targets/{added['id']}")

    assert [item["name"] for item in second.json()["items"]] == names[3:6]


async def test_the_row_a_cursor_stands_on_may_go_away(core: Core, names: list[str]) -> None:
    gone = await add_target(core, "0 first", 22, None)
    first = (await core.admin.get("/targets", params={"limit": 1})).json()
    await core.admin.delete(f"/targets/{gone['id']}")
    second = await core.admin.get("/targets", params={"limit": 1, "cursor": first["next_cursor"]})

    assert [item["name"] for item in second.json()["items"]] == names[:1]


def _cursor(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


BAD_CURSORS = {
    "noise": "!!!",
    "not base64": "a",
    "not ASCII": "ä",
    "no list": _cursor({"name": "alpha"}),
    "too short": _cursor(["alpha"]),
    "too long": _cursor(["alpha", "x", "y"]),
    "not an id": _cursor(["alpha", "no-id"]),
    "not texts": _cursor([1, 2]),
    "NUL": _cursor(["\0", "01a20c06-c4c1-742b-b37f-ba80e5e35788"]),
    "half a character": base64.urlsafe_b64encode(
        b'["\\ud800","01a20c06-c4c1-742b-b37f-ba80e5e35788"]'
    ).decode(),
    "a statement": _cursor(["' or 1=1 --", "' or 1=1 --"]),
}


@pytest.mark.parametrize("cursor", BAD_CURSORS.values(), ids=BAD_CURSORS.keys())
async def test_a_cursor_that_is_not_ours_is_refused(core: Core, cursor: str) -> None:
    answer = await core.admin.get("/targets", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "201", "many", "1e3"])
async def test_a_limit_out_of_bounds_is_refused(core: Core, limit: str) -> None:
    answer = await core.admin.get("/targets", params={"limit": limit})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "limit"
