"""The first administrator is made by whoever knows the set-up secret, once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.audit.entries import change_log
from tests.support.core import PASSWORD, SETUP_SECRET, Core, running_core

WANTED = {"setup_secret": SETUP_SECRET, "username": "admin", "password": PASSWORD}


@pytest.fixture(scope="module")
async def running(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator:
    async with running_core(database_url, redis_url, tmp_path_factory.mktemp("core")) as core:
        yield core


@pytest.fixture
async def new(running: Core) -> Core:
    """A core as it is after the installation: without users, with a set-up secret."""
    async with running.app.state.units.sessions() as session:
        await session.execute(text("truncate users cascade"))
        await session.commit()
    await change_log(running.app.state.units.sessions, "delete from audit_entries")
    _secret_file(running).write_text(SETUP_SECRET + "\n")
    return running


@pytest.fixture
async def nobody(new: Core) -> httpx.AsyncClient:
    return await new.client()


def _secret_file(core: Core) -> Path:
    assert core.settings.setup_secret_file is not None
    return core.settings.setup_secret_file


async def _audited(core: Core) -> list[tuple[str, str, str | None]]:
    async with core.app.state.units.sessions() as session:
        query = "select action, outcome, object_name from audit_entries order by id"
        return [tuple(row) for row in await session.execute(text(query))]


async def test_set_up_is_needed_until_there_is_an_administrator(nobody: httpx.AsyncClient) -> None:
    before = (await nobody.get("/setup")).json()
    await nobody.post("/setup", json=WANTED)

    assert (before, (await nobody.get("/setup")).json()) == ({"needed": True}, {"needed": False})


async def test_the_right_secret_makes_an_administrator_who_is_signed_in(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.post("/setup", json=WANTED)

    assert answer.status_code == 201
    assert answer.json()["user"]["role"] == "administrator"
    assert (await nobody.get("/users")).status_code == 200  # by the cookie


WRONG: dict[str, Any] = {
    "another": "guessed",
    "longer": SETUP_SECRET + "x",
    "its beginning": SETUP_SECRET[:-1],
    "not ASCII": "ä" * 20,
}


@pytest.mark.parametrize("secret", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_secret_makes_nobody(nobody: httpx.AsyncClient, secret: str) -> None:
    answer = await nobody.post("/setup", json=WANTED | {"setup_secret": secret})

    assert (answer.status_code, answer.json()["code"]) == (403, "setup_secret_wrong")
    assert (await nobody.get("/setup")).json() == {"needed": True}


async def test_a_wrong_secret_is_audited(new: Core, nobody: httpx.AsyncClient) -> None:
    await nobody.post("/setup", json=WANTED | {"setup_secret": "guessed"})

    assert await _audited(new) == [("setup.refused", "refused", "admin")]


async def test_the_first_administrator_is_audited(new: Core, nobody: httpx.AsyncClient) -> None:
    await nobody.post("/setup", json=WANTED)

    assert ("user.added", "done", "admin") in await _audited(new)


@pytest.mark.parametrize("content", [None, "", "\n"], ids=["no file", "an empty file", "a blank file"])
async def test_without_a_secret_on_the_machine_none_is_right(
    new: Core, nobody: httpx.AsyncClient, content: str | None
) -> None:
    if content is None:
        _secret_file(new).unlink()
    else:
        _secret_file(new).write_text(content)
    answer = await nobody.post("/setup", json=WANTED | {"setup_secret": " "})

    assert answer.status_code == 403


async def test_the_secret_makes_one_administrator_only(nobody: httpx.AsyncClient) -> None:
    await nobody.post("/setup", json=WANTED)
    answer = await nobody.post("/setup", json=WANTED | {"username": "second"})

    assert (answer.status_code, answer.json()["code"]) == (409, "setup_done")


async def test_two_set_ups_at_once_make_one_administrator(nobody: httpx.AsyncClient) -> None:
    names = ("one", "two", "three")
    answers = await asyncio.gather(*(nobody.post("/setup", json=WANTED | {"username": n}) for n in names))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_the_next_start_removes_a_used_secret(
    new: Core, nobody: httpx.AsyncClient, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    await nobody.post("/setup", json=WANTED)
    async with running_core(database_url, redis_url, tmp_path) as again:
        assert not _secret_file(again).exists()


async def test_a_start_before_the_set_up_keeps_the_secret(
    new: Core, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with running_core(database_url, redis_url, tmp_path) as again:
        assert _secret_file(again).exists()


WEAK = {
    "short": "elevenchars",
    "with the user name": "x-Admin-and-more",
    "of one character": "aaaaaaaaaaaaaaaa",
}


@pytest.mark.parametrize("password", WEAK.values(), ids=WEAK.keys())
async def test_a_password_that_is_easy_to_guess_is_refused(nobody: httpx.AsyncClient, password: str) -> None:
    answer = await nobody.post("/setup", json=WANTED | {"password": password})

    assert (answer.status_code, answer.json()["code"]) == (422, "password_too_weak")
    assert answer.json()["errors"][0]["field"] == "password"


async def test_a_refused_password_does_not_use_up_the_secret(nobody: httpx.AsyncClient) -> None:
    await nobody.post("/setup", json=WANTED | {"password": "short"})

    assert (await nobody.post("/setup", json=WANTED)).status_code == 201
