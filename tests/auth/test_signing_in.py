"""Signing in and out, the cookie, and what slows guessers down."""

import asyncio
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest
from sqlalchemy import text
from tests.support.core import PASSWORD, Core, running_core

from opsconductor.auth.repository import user_named
from opsconductor.auth.service import open_session
from opsconductor.auth.tokens import ACCESS_LIFE
from opsconductor.kit.clock import now

WRONG = "wrong horse battery"


async def _user(core: Core, name: str, role: str = "viewer") -> str:
    """Add a user with the administrator's password; its hash is copied, for making one takes long."""
    answer = await core.admin.post("/users", json={"username": name, "role": role})
    assert answer.status_code == 201, answer.text
    async with core.app.state.units.sessions() as session:
        copied = "update users set password_hash = (select password_hash from users where username = 'admin')"
        await session.execute(text(f"{copied} where username = :name"), {"name": name})
        await session.commit()
    return str(answer.json()["id"])


async def _login(client: httpx.AsyncClient, username: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/auth/login", json={"username": username, "password": password})


async def _session(core: Core, name: str) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Open a session without the password, which takes long; return clients by its cookie and by its token."""
    async with core.app.state.units.begin() as uow:
        user = await user_named(uow.session, name)
        assert user is not None
        cookie, opened = open_session(uow, user, hours=1)
    ends = now() + ACCESS_LIFE
    token = core.app.state.guard.signer.sign("access", str(opened.user_id), ends, sid=str(opened.id))
    browser = await core.client()
    browser.cookies.set("opsc_session", cookie)
    return browser, await core.client(token)


def _cookie(answer: httpx.Response) -> Morsel[str]:
    [morsel] = SimpleCookie(answer.headers["set-cookie"]).values()
    return morsel


@pytest.fixture(scope="module")
async def vera(core: Core) -> str:
    """Somebody who can sign in."""
    await _user(core, "vera")
    return "vera"


@pytest.fixture
async def browser(core: Core, vera: str) -> httpx.AsyncClient:
    """A client with vera's cookie and no token."""
    return (await _session(core, vera))[0]


async def test_the_right_password_signs_in(core: Core, vera: str) -> None:
    answer = await _login(await core.client(), vera)

    assert answer.json()["user"]["username"] == vera
    assert answer.json()["token_type"] == "bearer"


async def test_a_user_name_is_the_same_in_capitals(core: Core, vera: str) -> None:
    assert (await _login(await core.client(), "VERA")).status_code == 200


async def test_a_wrong_password_and_an_unknown_name_are_refused_alike(core: Core, vera: str) -> None:
    client = await core.client()
    wrong, unknown = await _login(client, vera, WRONG), await _login(client, "nobody-of-that-name", WRONG)

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json()["detail"] == unknown.json()["detail"]
    assert wrong.json()["code"] == unknown.json()["code"] == "sign_in_refused"


async def test_a_refused_sign_in_sets_no_cookie(core: Core, vera: str) -> None:
    assert "set-cookie" not in (await _login(await core.client(), vera, WRONG)).headers


async def test_who_has_no_password_can_not_sign_in(core: Core) -> None:
    await core.admin.post("/users", json={"username": "flow-runner", "role": "operator"})

    assert (await _login(await core.client(), "flow-runner", "x")).status_code == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(core: Core, vera: str) -> None:
    cookie = _cookie(await _login(await core.client(), vera))

    assert cookie.key == "opsc_session"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    assert cookie["domain"] == ""


async def test_the_cookie_alone_says_who_is_there(browser: httpx.AsyncClient, vera: str) -> None:
    answer = await browser.get("/auth/me")

    assert answer.json()["user"]["username"] == vera
    assert answer.json()["session"]["expires_at"]


async def test_the_database_does_not_have_the_cookie(core: Core, browser: httpx.AsyncClient) -> None:
    value = browser.cookies["opsc_session"]
    async with core.app.state.units.sessions() as session:
        rows = (await session.execute(text("select s::text, token_hash from sessions s"))).all()

    assert rows
    assert all(value not in row[0] and value.encode() not in bytes(row[1]) for row in rows)


@pytest.fixture
async def behind_tls(database_url: str, redis_url: str, core: Core, tmp_path: object) -> object:
    """A core that is reached over TLS, with the same users."""
    async with running_core(
        database_url, redis_url, tmp_path, OPSCONDUCTOR_PUBLIC_URL="https://ops.example.org"
    ) as running:
        yield running


async def test_under_tls_the_cookie_is_bound_to_tls_and_host(behind_tls: Core, vera: str) -> None:
    cookie = _cookie(await _login(await behind_tls.client(), vera))

    assert (cookie.key, cookie["secure"], cookie["path"]) == ("__Host-opsc_session", True, "/")


async def test_under_tls_a_browser_accepts_the_removal_of_the_cookie(behind_tls: Core, vera: str) -> None:
    client = await behind_tls.client()
    value = _cookie(await _login(client, vera)).value
    cookie = {"Cookie": f"__Host-opsc_session={value}"}
    removal = _cookie(await client.post("/auth/logout", headers=cookie))

    assert (removal.key, removal["max-age"]) == ("__Host-opsc_session", "0")
    assert removal["secure"]  # without it a browser ignores what is named __Host-


async def test_signing_out_ends_the_session(browser: httpx.AsyncClient) -> None:
    kept = browser.cookies["opsc_session"]
    assert (await browser.post("/auth/logout")).status_code == 204

    again = await browser.get("/auth/me", headers={"Cookie": f"opsc_session={kept}"})
    assert again.status_code == 401


async def test_signing_out_ends_the_access_token_of_this_session(core: Core, vera: str) -> None:
    client = await core.client()
    token = (await _login(client, vera)).json()["access_token"]
    await client.post("/auth/logout")

    assert (await (await core.client(token)).get("/auth/me")).status_code == 401


async def test_signing_out_leaves_other_sessions_of_the_user_alone(core: Core, vera: str) -> None:
    _, other = await _session(core, vera)
    await (await _session(core, vera))[1].post("/auth/logout")

    assert (await other.get("/auth/me")).status_code == 200


async def test_a_session_ends_when_its_time_is_up(core: Core, browser: httpx.AsyncClient) -> None:
    async with core.app.state.units.sessions() as session:
        await session.execute(
            text(
                "update sessions set expires_at = now() - interval '1 s'"
                " where user_id = (select id from users where username = 'vera')"
            )
        )
        await session.commit()

    assert (await browser.get("/auth/me")).status_code == 401


async def test_a_browser_gets_fresh_tokens_by_its_cookie(core: Core, browser: httpx.AsyncClient) -> None:
    token = (await browser.post("/auth/token")).json()["access_token"]

    assert (await (await core.client(token)).get("/auth/me")).status_code == 200


async def test_a_token_does_not_make_the_next_one(core: Core, vera: str) -> None:
    answer = await (await _session(core, vera))[1].post("/auth/token")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


FOREIGN = [
    "https://evil.example",
    "null",
    "http://127.0.0.1:1",
    "https://127.0.0.1:8080",
    "http://127.0.0.1:8080.evil.example",
]


async def test_a_page_of_another_origin_can_not_use_the_cookie(browser: httpx.AsyncClient) -> None:
    answers = [await browser.post("/auth/token", headers={"Origin": origin}) for origin in FOREIGN]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (403, "foreign_origin")
    ] * len(FOREIGN)


async def test_a_page_of_another_origin_can_not_sign_a_browser_in(core: Core, vera: str) -> None:
    body = {"username": vera, "password": PASSWORD}
    client = await core.client()
    answer = await client.post("/auth/login", json=body, headers={"Origin": "https://evil.example"})

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


async def test_our_own_pages_can_use_the_cookie(core: Core, browser: httpx.AsyncClient) -> None:
    for origin in (core.settings.public_origin, core.url):
        assert (await browser.post("/auth/token", headers={"Origin": origin})).status_code == 200


async def test_a_bearer_token_works_from_everywhere(core: Core, vera: str) -> None:
    _, client = await _session(core, vera)
    answer = await client.post("/auth/logout", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 204


async def _refused(core: Core, name: str, times: int) -> list[int]:
    client = await core.client()
    return [(await _login(client, name, WRONG)).status_code for _ in range(times)]


async def _refused_five_times(core: Core, name: str) -> None:
    """Have a user refused once, and count that as five times: each try takes long."""
    await _refused(core, name, 1)
    async with core.app.state.units.sessions() as session:
        await session.execute(
            text(
                "update sign_in_failures set failures = 5 where last_at = (select max(last_at) from sign_in_failures)"
            )
        )
        await session.commit()


async def test_guessing_is_slowed_down_after_five_refusals(core: Core) -> None:
    await _user(core, "guessed-1")

    assert await _refused(core, "guessed-1", 6) == [401, 401, 401, 401, 401, 429]


async def test_even_the_right_password_has_to_wait_then(core: Core) -> None:
    await _user(core, "guessed-2")
    await _refused_five_times(core, "guessed-2")
    answer = await _login(await core.client(), "guessed-2")

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_sign_ins")
    assert 1 <= int(answer.headers["retry-after"]) <= 3


async def test_after_the_wait_the_right_password_signs_in_and_all_is_forgotten(core: Core) -> None:
    await _user(core, "guessed-3")
    await _refused_five_times(core, "guessed-3")
    async with core.app.state.units.sessions() as session:
        await session.execute(text("update sign_in_failures set last_at = now() - interval '1 minute'"))
        await session.commit()

    assert (await _login(await core.client(), "guessed-3")).status_code == 200
    assert await _refused(core, "guessed-3", 1) == [401]


async def test_names_that_do_not_exist_are_slowed_down_alike(core: Core) -> None:
    await _refused_five_times(core, "not-there")

    assert await _refused(core, "not-there", 1) == [429]


async def test_other_users_are_not_slowed_down(core: Core, vera: str) -> None:
    await _user(core, "guessed-4")
    await _refused_five_times(core, "guessed-4")

    assert (await _login(await core.client(), vera)).status_code == 200


async def test_guessing_all_at_once_is_slowed_down_too(core: Core) -> None:
    await _user(core, "guessed-5")
    client = await core.client()
    answers = await asyncio.gather(*(_login(client, "guessed-5", WRONG) for _ in range(16)))

    assert [answer.status_code for answer in answers].count(401) == 5


async def test_a_refused_sign_in_is_audited(core: Core) -> None:
    await _user(core, "audited")
    await _refused(core, "audited", 1)
    page = await core.admin.get("/audit", params={"action": "session.refused", "limit": 200})

    [entry] = [e for e in page.json()["items"] if e["object"]["name"] == "audited"]
    assert (entry["outcome"], entry["actor"]["kind"], entry["address"]) == (
        "refused",
        "anonymous",
        "127.0.0.1",
    )


async def _ended_within_2_s(client: httpx.AsyncClient) -> bool:
    async with asyncio.timeout(2):
        while (await client.get("/auth/me")).status_code != 401:
            await asyncio.sleep(0.05)
    return True


@pytest.mark.parametrize("by", ["cookie", "access token", "workflow token"])
async def test_deactivation_ends_everything_within_2_s(core: Core, by: str) -> None:
    name = f"leaves-{by.replace(' ', '-')}"
    user_id = await _user(core, name, "operator")
    browser, by_token = await _session(core, name)
    client = browser if by == "cookie" else by_token
    if by == "workflow token":
        body = {"username": name, "password": PASSWORD}
        token = (await browser.post(f"{core.url}/api/workflow/auth", json=body)).json()["token"]
        client = await core.client(token)
    assert (await client.get("/auth/me")).status_code == 200

    await core.admin.patch(f"/users/{user_id}", json={"is_active": False})

    assert await _ended_within_2_s(client)


async def test_who_is_deactivated_can_not_sign_in(core: Core) -> None:
    user_id = await _user(core, "was-here")
    await core.admin.patch(f"/users/{user_id}", json={"is_active": False})

    assert (await _login(await core.client(), "was-here")).status_code == 401


async def test_reactivation_does_not_bring_old_sessions_back(core: Core) -> None:
    user_id = await _user(core, "comes-back")
    _, old = await _session(core, "comes-back")
    for active in (False, True):
        await core.admin.patch(f"/users/{user_id}", json={"is_active": active})

    assert (await old.get("/auth/me")).status_code == 401
    assert (await _login(await core.client(), "comes-back")).status_code == 200


async def test_a_new_password_ends_all_sessions(core: Core) -> None:
    user_id = await _user(core, "changes")
    _, old = await _session(core, "changes")
    await core.admin.patch(f"/users/{user_id}", json={"password": "another horse battery"})

    assert (await old.get("/auth/me")).status_code == 401


async def test_another_role_counts_at_once(core: Core) -> None:
    user_id = await _user(core, "rises")
    _, client = await _session(core, "rises")
    before = (await client.get("/audit")).status_code
    await core.admin.patch(f"/users/{user_id}", json={"role": "manager"})

    assert (before, (await client.get("/audit")).status_code) == (403, 200)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "viewer"}], ids=["off", "demoted"])
async def test_the_last_administrator_stays(core: Core, change: dict[str, object]) -> None:
    me = (await core.admin.get("/auth/me")).json()["user"]
    answer = await core.admin.patch(f"/users/{me['id']}", json=change)

    assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")


async def test_two_administrators_can_not_end_each_other_at_once(core: Core) -> None:
    other_id = await _user(core, "other-admin", "administrator")
    _, other = await _session(core, "other-admin")
    me = (await core.admin.get("/auth/me")).json()["user"]
    answers = await asyncio.gather(
        core.admin.patch(f"/users/{other_id}", json={"role": "viewer"}),
        other.patch(f"/users/{me['id']}", json={"role": "viewer"}),
    )

    assert 200 in [answer.status_code for answer in answers]
    assert len({answer.status_code for answer in answers}) == 2
