"""What Node-RED's gate is told of a request, through a real bridge, by the core."""

import time
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from tests.bridge.conftest import Door, open_door
from tests.hooks.conftest import way_in
from tests.support.core import Core
from tests.support.hooks import issue, protect, signed, signed_by_github, the_hook
from tests.workflows.conftest import Nodered, Person, a_tab

from opsconductor.apps.beat import ENDED_FOR
from opsconductor.hooks import repository
from opsconductor.kit.clock import now

BODY = b'{"order": 17}'
PATHS = ("/token", "/hmac", "/github", "/open", "/closed", "/often", "/noted")


@pytest.fixture(autouse=True, scope="module")
async def deployed(nodered: Nodered, dora: Person) -> None:
    nodes = [way_in(f"w{number}", path) for number, path in enumerate(PATHS)]
    await nodered.deploy(a_tab("f1", *nodes), dora)


async def ask(
    gate: httpx.AsyncClient, path: str, headers: dict[str, str], body: bytes = b"", method: str = "POST"
) -> tuple[int, str]:
    """Return status and code of what the gate is told; of one that passes, what it was proven by."""
    asked = {"method": method, "path": path}
    answer = await gate.post("/api/nodered/hooks/check", params=asked, headers=headers, content=body)
    return answer.status_code, answer.json().get("code") or answer.json()["by"]


REFUSED = (401, "hook_refused")


async def test_a_hook_that_nobody_protected_is_closed_and_the_answer_says_where_to_open_it(
    gate: httpx.AsyncClient,
) -> None:
    answer = await gate.post("/api/nodered/hooks/check", params={"method": "POST", "path": "/closed"})

    assert (answer.status_code, answer.json()["code"]) == (401, "hook_unprotected")
    assert "Workflows, Hooks" in answer.json()["detail"]
    assert "Flow f1" not in answer.text


async def test_a_token_lets_in_until_it_is_revoked(gate: httpx.AsyncClient, dora: Person) -> None:
    token = await issue(dora.api, "POST", "/token")
    status, by = await ask(gate, "/token", {"X-Hook-Token": token})
    assert status == 200
    assert token.startswith(by.removeprefix("token ").removesuffix("…"))
    for wrong in ({}, {"X-Hook-Token": token[:-1]}, {"X-Hook-Token": token.upper()}):
        assert await ask(gate, "/token", wrong) == REFUSED

    hook = await the_hook(dora.api, "POST", "/token")
    [secret] = [
        one for one in (await dora.api.get(f"/hooks/{hook['id']}")).json()["issued"] if one["is_good"]
    ]
    assert secret["last_used_at"]
    await dora.api.delete(f"/hooks/{hook['id']}/secrets/{secret['id']}")
    assert await ask(gate, "/token", {"X-Hook-Token": token}) == REFUSED


async def test_a_token_is_good_for_one_hook_alone(gate: httpx.AsyncClient, dora: Person) -> None:
    token, _ = await issue(dora.api, "POST", "/token"), await issue(dora.api, "POST", "/noted")

    assert await ask(gate, "/noted", {"X-Hook-Token": token}) == REFUSED
    assert await ask(gate, "/token", {"X-Hook-Token": token}, method="PUT") == (401, "hook_unprotected")


async def test_an_old_token_is_good_for_its_grace(gate: httpx.AsyncClient, core: Core, dora: Person) -> None:
    old = await issue(dora.api, "POST", "/token")
    new = await issue(dora.api, "POST", "/token", grace_minutes=5)
    assert [(await ask(gate, "/token", {"X-Hook-Token": one}))[0] for one in (old, new)] == [200, 200]

    async with core.app.state.units.sessions() as session:
        await session.execute(text("update hook_secrets set ends_at = ends_at - interval '5 minutes'"))
        await session.commit()
    assert [(await ask(gate, "/token", {"X-Hook-Token": one}))[0] for one in (old, new)] == [401, 200]


async def test_a_signature_lets_in_once(gate: httpx.AsyncClient, dora: Person) -> None:
    key = await issue(dora.api, "POST", "/hmac", "hmac")
    headers = signed(key, BODY)

    assert (await ask(gate, "/hmac", headers, BODY))[0] == 200
    assert await ask(gate, "/hmac", headers, BODY) == REFUSED
    assert (await ask(gate, "/hmac", signed(key, BODY), BODY))[0] == 200


# Time goes on until it is checked: what is too late then gets later, and what is too early may get right.
@pytest.mark.parametrize(("outside", "inside"), [(-301, -270), (330, 299)], ids=["too late", "too early"])
async def test_a_signature_of_another_time_is_refused(
    gate: httpx.AsyncClient, dora: Person, outside: int, inside: int
) -> None:
    key = await issue(dora.api, "POST", "/hmac", "hmac")

    assert await ask(gate, "/hmac", signed(key, BODY, str(int(time.time()) + outside)), BODY) == REFUSED
    assert (await ask(gate, "/hmac", signed(key, BODY, str(int(time.time()) + inside)), BODY))[0] == 200


@pytest.mark.parametrize("timestamp", ["", "soon", "1e9", "-1", "1" * 13])
async def test_a_time_that_is_none_is_refused(gate: httpx.AsyncClient, dora: Person, timestamp: str) -> None:
    key = await issue(dora.api, "POST", "/hmac", "hmac")
    headers = signed(key, BODY, timestamp or None) | {"X-Hook-Timestamp": timestamp}

    assert await ask(gate, "/hmac", headers, BODY) == REFUSED


async def test_a_signature_of_github_lets_in_once_by_body_and_by_delivery(
    gate: httpx.AsyncClient, dora: Person
) -> None:
    key = await issue(dora.api, "POST", "/github", "github")
    delivery = str(uuid4())

    assert (await ask(gate, "/github", signed_by_github(key, BODY, delivery), BODY))[0] == 200
    for again, body in ((delivery, BODY), (str(uuid4()), BODY), (delivery, b"another")):
        assert await ask(gate, "/github", signed_by_github(key, body, again), body) == REFUSED
    without = signed_by_github(key, b"third", "") | {}
    without.pop("X-GitHub-Delivery")
    assert await ask(gate, "/github", without, b"third") == REFUSED


async def test_a_proof_of_another_kind_than_the_hook_asks_for_is_none(
    gate: httpx.AsyncClient, dora: Person
) -> None:
    key = await issue(dora.api, "POST", "/hmac", "hmac")
    for headers in ({"X-Hook-Token": key}, signed_by_github(key, BODY, str(uuid4()))):
        assert await ask(gate, "/hmac", headers, BODY) == REFUSED


async def test_what_an_administrator_opened_is_open(gate: httpx.AsyncClient, ada: Person) -> None:
    await protect(ada.api, "POST", "/open", "open")

    assert await ask(gate, "/open", {}) == (200, None)


async def test_why_a_request_was_refused_is_told_to_people_and_not_to_its_sender(
    gate: httpx.AsyncClient, dora: Person
) -> None:
    key = await issue(dora.api, "POST", "/hmac", "hmac")
    for headers, reason in ((signed("other", BODY), "wrong_secret"), ({}, "nothing_shown")):
        assert await ask(gate, "/hmac", headers, BODY) == REFUSED
        assert (await the_hook(dora.api, "POST", "/hmac"))["last_refusal"] == reason
    headers = signed(key, BODY)
    await ask(gate, "/hmac", headers, BODY)
    await ask(gate, "/hmac", headers, BODY)
    assert (await the_hook(dora.api, "POST", "/hmac"))["last_refusal"] == "replayed"


async def test_a_hook_that_only_node_red_knows_appears_closed_once_it_is_asked_about(
    gate: httpx.AsyncClient, dora: Person
) -> None:
    assert await ask(gate, "/of/a/variable", {}) == (401, "hook_unprotected")
    hook = await the_hook(dora.api, "POST", "/of/a/variable")

    assert (hook["flow_id"], hook["served"], hook["last_refusal"]) == (None, True, "unprotected")


async def test_nobody_but_node_red_asks(door: Door, dora: Person) -> None:
    asked = {"method": "POST", "path": "/token"}
    nobody, person = await door.client(), await door.client(dora.api.headers["Authorization"][7:])
    found = [await one.post("/api/nodered/hooks/check", params=asked) for one in (nobody, person)]

    assert [(one.status_code, one.json()["code"]) for one in found] == [
        (401, "not_signed_in"),
        (403, "permission_missing"),
    ]


async def test_too_many_of_one_address_are_sent_away_and_others_are_not(
    core: Core, gate: httpx.AsyncClient
) -> None:
    async with open_door(core, OPSCONDUCTOR_HOOK_RATE=5) as narrow:
        here = await narrow.client(gate.headers["Authorization"][7:])
        asked = {"method": "POST", "path": "/often"}
        url, crowd = "/api/nodered/hooks/check", {"X-Hook-Address": "192.0.2.1"}
        found = [await here.post(url, params=asked, headers=crowd) for _ in range(7)]
        other = await here.post(url, params=asked, headers={"X-Hook-Address": "192.0.2.2"})

    assert [one.status_code for one in found] == [401] * 5 + [429] * 2
    assert int(found[-1].headers["Retry-After"]) >= 1
    assert other.status_code == 401


async def test_who_is_sent_away_for_now_may_come_back_with_the_same_signature(
    core: Core, gate: httpx.AsyncClient, dora: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await issue(dora.api, "POST", "/often", "hmac")
    monkeypatch.setattr(core.app.state.hook_checker, "_quota", 1)
    first, second = signed(key, BODY), signed(key, BODY)
    assert (await ask(gate, "/often", first, BODY))[0] == 200
    assert await ask(gate, "/often", second, BODY) == (429, "too_many_requests")

    monkeypatch.setattr(core.app.state.hook_checker, "_quota", 100_000)
    assert (await ask(gate, "/often", second, BODY))[0] == 200


async def test_what_has_served_its_time_is_swept(core: Core, gate: httpx.AsyncClient, dora: Person) -> None:
    await issue(dora.api, "POST", "/hmac", "hmac")
    key = await issue(dora.api, "POST", "/hmac", "hmac")
    await ask(gate, "/hmac", signed(key, BODY), BODY)
    async with core.app.state.units.begin() as uow:
        assert await repository.sweep(uow.session, now() - ENDED_FOR) == 0
        await uow.session.execute(text("update hook_deliveries set expires_at = now() - interval '1 s'"))
        await uow.session.execute(text("update hook_secrets set ends_at = ends_at - interval '8 days'"))
        gone = await repository.sweep(uow.session, now() - ENDED_FOR)
        left = (await uow.session.execute(text("select count(*) from hook_deliveries"))).scalar()

    assert gone >= 2
    assert left == 0
    assert (await ask(gate, "/hmac", signed(key, BODY), BODY))[0] == 200


async def test_without_the_database_nobody_gets_in_not_even_where_it_is_open(
    gate: httpx.AsyncClient, outage: None
) -> None:
    answer = await gate.post("/api/nodered/hooks/check", params={"method": "POST", "path": "/open"})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
