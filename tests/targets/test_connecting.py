"""Connection tests against real SSH servers, and the trust in host keys that comes of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import add_target, register
from tests.support.servers import free_port
from tests.support.sshd import Target, running_sshd

from opsconductor.transports.hostkeys import fingerprint


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Target]:
    async with running_sshd() as [target]:
        yield target


@pytest.fixture(scope="module")
async def other_server() -> AsyncIterator[Target]:
    """A machine with another host key, and other logins."""
    async with running_sshd() as [target]:
        yield target


@pytest.fixture(scope="module")
async def credential(core: Core, server: Target) -> str:
    """The credential that the server takes."""
    registered = await register(core, [server], "the ")
    return str(registered.targets[0]["credential_id"])


class Known:
    """A target of the core, and what can be done with it."""

    def __init__(self, core: Core, target: dict[str, Any]) -> None:
        self.core, self.path = core, f"/targets/{target['id']}"

    async def test(self) -> dict[str, Any]:
        answer = await self.core.admin.post(f"{self.path}/test")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def shown(self) -> dict[str, Any]:
        return dict((await self.core.admin.get(self.path)).json())

    async def change(self, **wanted: object) -> None:
        assert (await self.core.admin.patch(self.path, json=wanted)).status_code == 200

    async def approve(self, fingerprint: str) -> tuple[int, dict[str, Any]]:
        answer = await self.core.admin.put(f"{self.path}/host-key", json={"fingerprint": fingerprint})
        return answer.status_code, answer.json()


@pytest.fixture
async def known(core: Core, server: Target, credential: str, request: pytest.FixtureRequest) -> Known:
    """The server, registered and never tested."""
    name = request.node.name[:180]
    return Known(core, await add_target(core, name, server.endpoint.port, credential))


async def _pin_another_key(known: Known, server: Target) -> str:
    """Give a target another machine's key, as if the machine had been exchanged; return its fingerprint."""
    async with known.core.app.state.units.sessions() as session:
        await session.execute(
            text("update targets set host_key = :key, host_key_pinned_at = now() where id = :id"),
            {"key": server.host_key, "id": known.path.removeprefix("/targets/")},
        )
        await session.commit()
    return fingerprint(server.host_key)


async def test_a_target_that_is_up_is_reached_and_timed(known: Known) -> None:
    outcome = await known.test()

    assert (outcome["ok"], outcome["error_code"]) == (True, None)
    assert 0 < outcome["latency_ms"] < 15_000


async def test_the_first_contact_pins_the_host_key(known: Known, server: Target) -> None:
    outcome = await known.test()

    assert outcome["host_key"]["fingerprint"] == fingerprint(server.host_key)
    assert outcome["host_key"]["pinned_at"]
    assert outcome["offered_host_key"] is None


async def test_the_first_pin_is_audited(known: Known, server: Target) -> None:
    await known.test()
    params = {"object_id": known.path.removeprefix("/targets/"), "action": "target.host_key_pinned"}
    page = (await known.core.admin.get("/audit", params=params)).json()

    assert [entry["after"]["host_key"] for entry in page["items"]] == [fingerprint(server.host_key)]


async def test_the_last_outcome_is_kept_with_the_target(known: Known) -> None:
    outcome = await known.test()
    target = await known.shown()

    assert target["last_test"]["latency_ms"] == outcome["latency_ms"]
    assert target["host_key"] == outcome["host_key"]


async def test_a_pinned_key_is_accepted_again(known: Known) -> None:
    first, second = await known.test(), await known.test()

    assert second["ok"]
    assert second["host_key"] == first["host_key"]


async def test_a_changed_host_key_is_refused_and_shown(
    known: Known, server: Target, other_server: Target
) -> None:
    pinned = await _pin_another_key(known, other_server)
    outcome = await known.test()

    assert (outcome["ok"], outcome["error_code"]) == (False, "host_key_changed")
    assert outcome["host_key"]["fingerprint"] == pinned
    assert outcome["offered_host_key"]["fingerprint"] == fingerprint(server.host_key)


async def test_a_changed_host_key_is_accepted_once_a_person_approved_it(
    known: Known, server: Target, other_server: Target
) -> None:
    await _pin_another_key(known, other_server)
    offered = (await known.test())["offered_host_key"]["fingerprint"]
    status, target = await known.approve(offered)

    assert (status, target["host_key"]["fingerprint"], target["offered_host_key"]) == (200, offered, None)
    assert (await known.test())["ok"]


async def test_approving_is_audited_with_both_keys(
    known: Known, server: Target, other_server: Target
) -> None:
    pinned = await _pin_another_key(known, other_server)
    offered = (await known.test())["offered_host_key"]["fingerprint"]
    await known.approve(offered)
    params = {"object_id": known.path.removeprefix("/targets/"), "action": "target.host_key_approved"}
    [entry] = (await known.core.admin.get("/audit", params=params)).json()["items"]

    assert (entry["before"], entry["after"]) == ({"host_key": pinned}, {"host_key": offered})


async def test_a_key_that_was_not_shown_can_not_be_approved(known: Known, other_server: Target) -> None:
    await known.change(host_key_policy="require-approval")
    await known.test()
    status, problem = await known.approve(fingerprint(other_server.host_key))

    assert (status, problem["code"]) == (409, "host_key_not_offered")


async def test_a_target_that_requires_approval_is_not_reached_before(known: Known, server: Target) -> None:
    await known.change(host_key_policy="require-approval")
    outcome = await known.test()

    assert (outcome["ok"], outcome["error_code"], outcome["host_key"]) == (False, "host_key_unapproved", None)
    assert outcome["offered_host_key"]["fingerprint"] == fingerprint(server.host_key)


async def test_a_target_that_requires_approval_is_reached_after_it(known: Known, server: Target) -> None:
    await known.change(host_key_policy="require-approval")
    await known.test()
    await known.approve(fingerprint(server.host_key))

    assert (await known.test())["ok"]


async def test_forgetting_the_key_makes_the_next_contact_a_first_one(
    known: Known, server: Target, other_server: Target
) -> None:
    await _pin_another_key(known, other_server)
    forgotten = (await known.core.admin.delete(f"{known.path}/host-key")).json()
    outcome = await known.test()

    assert forgotten["host_key"] is None
    assert (outcome["ok"], outcome["host_key"]["fingerprint"]) == (True, fingerprint(server.host_key))


@pytest.mark.parametrize("change", [{"host": "localhost"}, {"port": 2222}], ids=["host", "port"])
async def test_another_address_forgets_the_key(known: Known, change: dict[str, object]) -> None:
    await known.test()
    await known.change(**change)

    assert (await known.shown())["host_key"] is None


async def test_another_name_keeps_the_key(known: Known) -> None:
    await known.test()
    await known.change(description="renamed")

    assert (await known.shown())["host_key"] is not None


async def test_a_login_that_is_refused_says_so(core: Core, other_server: Target, credential: str) -> None:
    known = Known(core, await add_target(core, "other", other_server.endpoint.port, credential))
    outcome = await known.test()

    assert (outcome["ok"], outcome["error_code"]) == (False, "login_refused")


async def test_without_a_credential_nothing_is_tried(core: Core, server: Target) -> None:
    known = Known(core, await add_target(core, "bare", server.endpoint.port, None))
    outcome = await known.test()

    assert (outcome["ok"], outcome["error_code"]) == (False, "credential_missing")


async def test_a_port_where_nothing_listens_says_so(core: Core, credential: str) -> None:
    known = Known(core, await add_target(core, "off", free_port(), credential))
    outcome = await known.test()

    assert (outcome["error_code"], outcome["latency_ms"]) == ("connect_refused", None)


async def test_a_name_that_does_not_resolve_says_so(core: Core, credential: str) -> None:
    body = {"name": "nowhere", "host": "nowhere.invalid", "credential_id": credential}
    known = Known(core, (await core.admin.post("/targets", json=body)).json())

    assert (await known.test())["error_code"] == "dns_failed"


@pytest.fixture
async def port_of(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """The port of a server that answers each connection with these bytes (or closes it at once)."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if request.param:
            writer.write(request.param)
            await writer.drain()
            await asyncio.sleep(0.2)
        writer.close()

    serving = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield serving.sockets[0].getsockname()[1]
    serving.close()
    await serving.wait_closed()


@pytest.mark.parametrize("port_of", [b""], indirect=True, ids=["closes"])
async def test_a_host_that_closes_at_once_says_so(core: Core, credential: str, port_of: int) -> None:
    known = Known(core, await add_target(core, "closes", port_of, credential))

    assert (await known.test())["error_code"] == "connection_closed"


@pytest.mark.parametrize("port_of", [b"HTTP/1.1 400 Bad Request\r\n\r\n"], indirect=True, ids=["http"])
async def test_what_speaks_another_protocol_is_not_a_success(
    core: Core, credential: str, port_of: int
) -> None:
    known = Known(core, await add_target(core, "http", port_of, credential))
    outcome = await known.test()

    assert not outcome["ok"]
    assert outcome["error_code"] in ("protocol_error", "connection_closed")


async def test_a_failure_keeps_the_pinned_key(known: Known, server: Target) -> None:
    await known.test()
    await _pin_another_key(known, server)
    await known.change(credential_id=None)
    await known.test()

    assert (await known.shown())["host_key"]["fingerprint"] == fingerprint(server.host_key)


async def test_a_runner_may_test_but_not_decide_on_trust(known: Known, core: Core) -> None:
    operator = await core.user("operator")
    tested = await operator.post(f"{known.path}/test")
    forgotten = await operator.delete(f"{known.path}/host-key")

    assert (tested.status_code, forgotten.status_code) == (200, 403)
