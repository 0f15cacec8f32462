"""The whole way of a request to a hook: a real Node-RED in its box, before the real bridge and core."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.box.conftest import Running, a_folder, a_plan, running
from tests.bridge.conftest import Door, a_deploy, newest_rev, open_door
from tests.hooks.conftest import way_in
from tests.support.core import Core
from tests.support.hooks import by_token, issue, protect, signed, signed_by_github, the_hook
from tests.workflows.conftest import Node, Nodered, Person, a_tab

from opsconductor.contracts.hooks import HOOK_BODY
from opsconductor.stack import nodered as nodered_service

pytestmark = pytest.mark.timeout(300)

KNOWN = ["http in", "function", "http response", "inject", "websocket in", "websocket-listener"]
TELL = """
global.set('seen', (global.get('seen') || 0) + 1)
const kind = Buffer.isBuffer(msg.payload) ? 'bytes' : typeof msg.payload
const payload = kind === 'bytes' ? msg.payload.toString('base64') : msg.payload
const { headers, rawHeaders, cookies } = msg.req
msg.headers = {}
msg.payload = { kind, payload, headers, rawHeaders, cookies, seen: global.get('seen') }
return msg
"""
SENDERS = 20  # requests under way at once


def flow() -> list[Node]:
    """Return a tab with hooks of several kinds that all tell what reached them."""
    hooks = [
        way_in("h1", "/told/:what"),
        way_in("h2", "/raw", skipBodyParsing=True),
        way_in("h3", "/upload", upload=True),
        way_in("h4", "/seen", "get"),
        *(way_in(f"h{path}", path) for path in ("/hmac", "/github", "/open", "/closed", "/busy")),
    ]
    wired = [{**hook, "wires": [["tell"]]} for hook in hooks]
    tell = {"id": "tell", "type": "function", "func": TELL, "outputs": 1, "libs": [], "x": 1, "y": 1}
    answer = {"id": "answer", "type": "http response", "statusCode": "", "headers": {}, "x": 1, "y": 1}
    socket = {"id": "socket", "type": "websocket in", "server": "listener", "x": 1, "y": 1, "wires": [[]]}
    listener = {"id": "listener", "type": "websocket-listener", "path": "/socket", "wholemsg": "false"}
    return [listener, *a_tab("f1", *wired, {**tell, "wires": [["answer"]]}, {**answer, "wires": []}, socket)]


@dataclass
class Gate:
    """What is in front of the flows, and whoever looks after it."""

    red: Running
    door: Door
    client: httpx.AsyncClient
    dora: Person
    ada: Person

    async def send(
        self, path: str, headers: dict[str, str], content: Any = b"", method: str = "POST"
    ) -> httpx.Response:
        return await self.client.request(method, f"/hooks{path}", headers=headers, content=content)

    async def told(self, path: str, headers: dict[str, str], content: Any = b"") -> dict[str, Any]:
        """Return what the flow got."""
        answer = await self.send(path, headers, content)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture(scope="module")
async def gate(
    core: Core, nodered: Nodered, dora: Person, ada: Person, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gate]:
    data = a_folder(tmp_path_factory.mktemp("red") / "data")
    level = nodered_service.plan(data).box.level
    how = replace(a_plan(data, level), functions=True)
    more = {"OPSCONDUCTOR_HOOK_RATE": 1_000_000}
    async with open_door(core, how.bridge_socket, **more) as door:
        client = await door.client(nodered.client.headers["Authorization"][7:])
        wanted = a_deploy(dora.ticket, await newest_rev(client), flows=flow(), known_types=KNOWN)
        stored = await client.put("/api/nodered/storage/flows", json=wanted)
        assert stored.status_code == 200, stored.text
        core.app.state.hook_checker._quota = 1_000_000
        async with running(data, how, door.url) as red, red.client() as sender:
            await _until_it_serves(sender)
            yield Gate(red, door, sender, dora, ada)


async def _until_it_serves(sender: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + 20
    while (await sender.get("/hooks/seen")).status_code != 401:
        assert time.monotonic() < deadline, "Node-RED serves no hooks"
        await asyncio.sleep(0.1)


async def test_what_is_not_served_is_404_and_the_bridge_is_not_asked(gate: Gate) -> None:
    before = await _asked(gate)
    found = [
        await gate.send(path, {}, method=method)
        for path, method in (("/nowhere", "POST"), ("/seen", "POST"), ("/hmac", "OPTIONS"), ("/%ff", "GET"))
    ]

    assert [(one.status_code, one.json()["code"]) for one in found] == [(404, "hook_not_served")] * 4
    assert await _asked(gate) == before
    await gate.send("/hmac", {})
    assert await _asked(gate) == before + 1


async def _asked(gate: Gate) -> float:
    """Return how many requests the bridge has answered."""
    said = (await (await gate.door.client()).get("/metrics")).text
    asked = [line for line in said.splitlines() if "hooks/check" in line and 'service="bridge"' in line]
    return sum(
        float(line.split()[-1]) for line in asked if line.startswith("opsconductor_http_requests_total")
    )


async def test_a_hook_without_a_protection_is_closed_and_says_where_to_open_it(gate: Gate) -> None:
    answer = await gate.send("/closed", {"X-Request-ID": "what-came-in"})

    assert (answer.status_code, answer.json()["code"]) == (401, "hook_unprotected")
    assert answer.json()["request_id"] == "what-came-in"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-security-policy"] == "sandbox"


@pytest.mark.parametrize(
    ("kind", "body", "wanted"),
    [
        ("application/json", b'{"a": [1]}', ("object", {"a": [1]})),
        ("application/x-www-form-urlencoded", b"a=1&b=%20", ("object", {"a": "1", "b": " "})),
        ("text/plain", "wörter".encode(), ("string", "wörter")),
        ("application/octet-stream", b"\0\xff", ("bytes", "AP8=")),
    ],
)
@pytest.mark.parametrize("proof", ["token", "hmac"])
async def test_a_body_reaches_its_flow_as_if_nobody_had_read_it(
    gate: Gate, proof: str, kind: str, body: bytes, wanted: tuple[str, object]
) -> None:
    secret = await issue(gate.dora.api, "POST", "/told/:what", proof)
    for content in (body, _in_pieces(body)):
        headers = by_token(secret) if proof == "token" else signed(secret, body)
        told = await gate.told("/told/orders", headers | {"Content-Type": kind}, content)
        assert (told["kind"], told["payload"]) == wanted


async def _in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body without saying how long it is."""
    for byte in body:
        yield bytes([byte])
        await asyncio.sleep(0)


@pytest.mark.parametrize("proof", ["token", "hmac"])
async def test_a_node_that_wants_raw_bytes_or_files_gets_them(gate: Gate, proof: str) -> None:
    secret = await issue(gate.dora.api, "POST", "/raw", proof)
    body = b'{"as": "it came" }'
    headers = by_token(secret) if proof == "token" else signed(secret, body)
    told = await gate.told("/raw", headers | {"Content-Type": "application/json"}, body)
    assert (told["kind"], told["payload"]) == ("bytes", "eyJhcyI6ICJpdCBjYW1lIiB9")

    secret = await issue(gate.dora.api, "POST", "/upload", proof)
    form = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n--b--\r\n'
    headers = by_token(secret) if proof == "token" else signed(secret, form)
    told = await gate.told("/upload", headers | {"Content-Type": "multipart/form-data; boundary=b"}, form)
    assert told["payload"] == {"a": "one"}


async def test_a_large_signed_body_reaches_its_flow_whole(gate: Gate) -> None:
    key = await issue(gate.dora.api, "POST", "/hmac", "hmac")
    body = random.Random(7).randbytes(HOOK_BODY)  # the same bytes each time
    told = await gate.told("/hmac", signed(key, body) | {"Content-Type": "application/octet-stream"}, body)

    assert len(told["payload"]) == (HOOK_BODY + 2) // 3 * 4


@pytest.mark.parametrize("path", ["/told/x", "/raw", "/hmac"])
async def test_a_body_that_is_too_large_is_refused_said_or_not(gate: Gate, path: str) -> None:
    pattern = "/told/:what" if path.startswith("/told") else path
    token = await issue(gate.dora.api, "POST", pattern, "hmac" if path == "/hmac" else "token")
    body = b"x" * (HOOK_BODY + 1)
    headers = signed(token, body) if path == "/hmac" else by_token(token)
    said = await gate.send(path, headers, body)

    assert (said.status_code, said.json()["code"]) == (413, "request_too_large")
    assert "5 MiB" in said.json()["detail"]
    try:
        unsaid = await gate.send(path, headers, _in_large_pieces(body))
    except httpx.WriteError:
        return  # it was answered, and hung up on, while it was still sending
    assert unsaid.status_code == 413


async def _in_large_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


async def test_so_many_bodies_are_read_before_they_are_proven_and_no_more(gate: Gate) -> None:
    await issue(gate.dora.api, "POST", "/hmac", "hmac")
    begun = asyncio.Semaphore(0)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x"
        begun.release()
        await asyncio.Event().wait()

    headers = signed("another", b"") | {"Content-Length": str(HOOK_BODY)}
    async with gate.red.client() as crowd:
        slow = [
            asyncio.create_task(crowd.post("/hooks/hmac", headers=headers, content=slowly()))
            for _ in range(12)
        ]
        for _ in slow:
            await begun.acquire()
        await asyncio.sleep(0.5)  # what was sent first is read first
        refused = await _forged_until(gate, 503)
        assert (refused.json()["code"], refused.headers["retry-after"]) == ("hooks_busy", "1")
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
    await _forged_until(gate, 401)


async def _forged_until(gate: Gate, status: int) -> httpx.Response:
    """Send large forged requests until one is refused with this status; return the answer."""
    body = bytes(HOOK_BODY)
    deadline = time.monotonic() + 30
    while (answer := await gate.send("/hmac", signed("another", body), body)).status_code != status:
        assert time.monotonic() < deadline, answer.status_code
        await asyncio.sleep(0.2)
    return answer


async def test_what_proves_a_request_does_not_reach_the_flow(gate: Gate) -> None:
    token = await issue(gate.dora.api, "POST", "/told/:what", "token")
    more = {"Cookie": "opsc_session=mine", "X-Opsc-Session": "ticket", "X-Mine": "kept"}
    for headers in (by_token(token), {"X-Hook-Token": token}, {**by_token("other"), "X-Hook-Token": token}):
        told = await gate.told("/told/x", headers | more)
        assert token not in json.dumps(told)
        assert told["headers"]["x-mine"] == "kept"
        shown = {name.lower() for name in [*told["headers"], *told["rawHeaders"]]}
        assert not shown & {"authorization", "x-hook-token", "cookie", "x-opsc-session"}
        assert told["cookies"] == {}


async def test_a_token_in_the_query_is_none(gate: Gate) -> None:
    token = await issue(gate.dora.api, "POST", "/told/:what", "token")

    assert (await gate.send(f"/told/x?token={token}&access_token={token}", {})).status_code == 401


async def test_paths_that_express_takes_for_the_same_are_the_same_hook(gate: Gate) -> None:
    token = await issue(gate.dora.api, "GET", "/seen", "token")
    for path in ("/seen", "/SEEN", "/seen/", "/seen?x=1"):
        assert (await gate.send(path, {}, method="GET")).status_code == 401, path
        assert (await gate.send(path, by_token(token), method="GET")).status_code == 200, path
    assert (await gate.send("/seen", {}, method="HEAD")).status_code == 401


async def test_an_open_hook_asks_for_nothing(gate: Gate) -> None:
    await protect(gate.ada.api, "POST", "/open", "open")

    assert (await gate.told("/open", {}))["seen"]


async def test_a_web_socket_is_not_served(gate: Gate) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }

    assert (await gate.send("/socket", headers, method="GET")).status_code == 401


async def test_the_run_says_by_which_secret_it_was_started(gate: Gate, core: Core) -> None:
    token = await issue(gate.dora.api, "POST", "/busy", "token")
    await gate.told("/busy", by_token(token))
    deadline = time.monotonic() + 10
    while True:
        page = (await core.admin.get("/workflow-executions", params={"flow_id": "f1"})).json()
        found = [run for run in page["items"] if run["cause_detail"] == "POST /hooks/busy"]
        if found or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)

    assert found[0]["cause"] == "http"
    assert found[0]["started_by"] == f"token {token[:16]}…"
    assert (await the_hook(gate.dora.api, "POST", "/busy"))["last_used_at"]


def _forged(chance: random.Random, headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """Return a request of which one thing, that is signed, is another or missing."""
    signed_ones = [name for name in headers if name != "X-GitHub-Delivery"]
    name = chance.choice([*signed_ones, "body", "missing"])
    if name == "missing":
        gone = chance.choice(list(headers))
        return {kept: value for kept, value in headers.items() if kept != gone}, body
    if name == "body":
        at = chance.randrange(len(body))
        return headers, body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :]
    value = headers[name]
    at = chance.randrange(len(value))
    other = chance.choice([char for char in "0123456789abcdefXYZ" if char != value[at]])
    return headers | {name: value[:at] + other + value[at + 1 :]}, body


async def _accepted(gate: Gate, path: str, requests: list[tuple[dict[str, str], bytes]]) -> int:
    """Send requests; return how many of them the flow answered. Each other was refused, on a busy machine with 503."""
    room = asyncio.Semaphore(SENDERS)

    async def send(headers: dict[str, str], body: bytes) -> httpx.Response:
        async with room:
            return await gate.send(path, headers, body)

    answers = await asyncio.gather(*(send(*one) for one in requests))
    assert {answer.status_code for answer in answers} <= {200, 401, 503}
    return sum(answer.status_code == 200 for answer in answers)


@pytest.mark.parametrize(("protection", "count"), [("hmac", 1_000), ("github", 100)])
async def test_of_a_thousand_forged_and_a_thousand_replayed_requests_none_gets_in(
    gate: Gate, protection: str, count: int
) -> None:
    path, chance = f"/{protection}", random.Random(19)  # the same forgeries each time
    key = await issue(gate.dora.api, "POST", path, protection)
    body = b'{"order": 17, "amount": "12.50"}'
    if protection == "hmac":
        genuine, unsent = signed(key, body), signed(key, body)
    else:
        genuine, unsent = (signed_by_github(key, body, str(uuid4())) for _ in range(2))

    assert await _accepted(gate, path, [_forged(chance, unsent, body) for _ in range(count)]) == 0
    assert await _accepted(gate, path, [(genuine, body)]) == 1  # the control: a genuine one gets in
    assert await _accepted(gate, path, [(genuine, body)] * count) == 0
    assert (await the_hook(gate.dora.api, "POST", path))["last_refusal"] == "replayed"


async def test_of_the_same_request_sent_many_times_at_once_one_gets_in(gate: Gate) -> None:
    key = await issue(gate.dora.api, "POST", "/hmac", "hmac")

    assert await _accepted(gate, "/hmac", [(signed(key, b"once"), b"once")] * 40) == 1
