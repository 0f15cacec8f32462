"""How the bridge speaks HTTP: before a server that notes every byte, and hangs up where it is told to."""

import asyncio
import contextlib
import gzip
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from pydantic import HttpUrl
from tests.bridge.conftest import Door, command_on, figure, open_door
from tests.support.core import Core

from opsconductor.bridge import breaker
from opsconductor.bridge.client import Client, ConnectionLost, NoAnswer, NoConnectionFree, Question

SOME_ID = "00000000-0000-4000-8000-000000000000"
STATE = f"/api/workflow/state/{SOME_ID}"
EXECUTE = "/api/workflow/execute"
FILES = "/api/workflow/files"
SETTINGS = "/api/nodered/storage/documents/settings"
HANG_UP = b""


def saying(content: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Return an answer as it is sent."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + content


@dataclass
class Wire:
    """Stands in the core's place. Answers by a list of bytes, and at its end always alike."""

    answers: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    patience: float = 60
    """s after which it closes a connection that nobody uses."""
    connections: int = 0
    cut_off: int = 0
    """How many requests ended too early."""
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.patience)
                self.heads.append(head)
                try:
                    self.bodies.append(await self._body(head, reader))
                except (asyncio.IncompleteReadError, ConnectionError):
                    self.cut_off += 1
                    return
                answer = self.answers.pop(0) if self.answers else saying(b"{}")
                if answer == HANG_UP:
                    return
                writer.write(answer)
                if b"Connection: close" in answer:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # nobody asks anything more
        finally:
            writer.close()

    async def _body(self, head: bytes, reader: asyncio.StreamReader) -> bytes:
        if b"transfer-encoding: chunked" not in head.lower():
            return await reader.readexactly(int(dict(self.headers(head)).get(b"content-length", 0)))
        found = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            found += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return found

    @staticmethod
    def headers(head: bytes) -> list[tuple[bytes, bytes]]:
        """Return the headers of a request, byte by byte, names in small letters."""
        lines = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if line]
        return [(name.lower(), value) for name, value in lines]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    found = Wire()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield found
    server.close()


@pytest.fixture
async def before(core: Core, wire: Wire) -> AsyncIterator[Door]:
    """A bridge before the wire."""
    async with open_door(core, OPSCONDUCTOR_BACKEND_URL=wire.url) as door:
        yield door


@contextlib.asynccontextmanager
async def a_client(url: str, connections: int = 1) -> AsyncIterator[Client]:
    client = Client(HttpUrl(url), connections)
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("wanted", "on_the_wire"),
    [
        ("a b", b"a+b"),
        ("a+b", b"a%2Bb"),
        ("50%", b"50%25"),
        ("%2F%20", b"%252F%2520"),
        ("a&q=b;c", b"a%26q%3Db%3Bc"),
        ("x/y?z#~", b"x%2Fy%3Fz%23~"),
        ("ä€😀", b"%C3%A4%E2%82%AC%F0%9F%98%80"),
        ("'\"<|>[]{}\\^`", b"%27%22%3C%7C%3E%5B%5D%7B%7D%5C%5E%60"),
    ],
)
async def test_a_question_reaches_the_core_as_it_was_asked(
    before: Door, wire: Wire, wanted: str, on_the_wire: bytes
) -> None:
    await (await before.client("a-token")).get("/api/workflow/scripts", params={"q": wanted})

    assert wire.heads[0].startswith(b"GET /api/v3/scripts?limit=200&q=" + on_the_wire + b" HTTP/1.1\r\n")


async def test_what_is_asked_for_twice_is_asked_for_twice(before: Door, wire: Wire) -> None:
    ids = [SOME_ID, SOME_ID[:-1] + "1"]
    await (await before.client("a-token")).get(f"/api/workflow/outputs/{SOME_ID}", params={"target_id": ids})

    [line] = [head.split(b"\r\n")[0].decode() for head in wire.heads]
    assert line.split()[1] == f"/api/workflow/outputs/{SOME_ID}?target_id={ids[0]}&target_id={ids[1]}"


async def test_headers_arrive_byte_by_byte_and_those_that_cannot_are_refused(
    before: Door, wire: Wire
) -> None:
    client = await before.client("a-token")
    names = [b"X-OpsConductor-Flow", b"Idempotency-Key"]
    passed = await client.get(STATE, headers=[(names[0], "fl\u00f6w\u20ac".encode()), (names[1], b"a\tb ~")])
    refused = await client.get(STATE, headers=[(names[0], "fl\u00f6w".encode("latin-1"))])

    assert passed.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
    [head] = wire.heads
    seen = dict(Wire.headers(head))
    assert seen[b"x-opsconductor-flow"] == b"fl\xc3\xb6w\xe2\x82\xac"
    assert seen[b"idempotency-key"] == b"a\tb ~"


async def test_an_odd_cookie_of_another_program_keeps_nobody_out_of_the_editor(
    before: Door, wire: Wire
) -> None:
    wire.answers = [saying(b'{"ticket":"t"}')]
    cookies = [(b"Cookie", b"other=caf\xe9; opsc_session=mine; more=\xc3\xa9")]
    answer = await (await before.client()).get("/internal/editor-auth", headers=cookies)

    assert (answer.status_code, answer.headers["x-opsc-session"]) == (204, "t")
    assert dict(Wire.headers(wire.heads[0]))[b"cookie"].strip() == b"opsc_session=mine"


async def test_what_has_no_body_names_no_kind_of_it(before: Door, wire: Wire) -> None:
    await (await before.client("a-token")).post(f"/api/workflow/cancel/{SOME_ID}")

    seen = dict(Wire.headers(wire.heads[0]))
    assert (seen[b"content-length"], b"content-type" in seen) == (b"0", False)


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_of_many_megabytes_comes_whole(before: Door, wire: Wire, chunked: bool) -> None:
    content = json.dumps({"targets": ["x" * 1000] * 6000}).encode()
    pieces = b"".join(
        b"%x\r\n%b\r\n" % (len(piece), piece)
        for piece in (content[at : at + 70_000] for at in range(0, len(content), 70_000))
    )
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire.answers = [head + pieces + b"0\r\n\r\n" if chunked else saying(content)]
    answer = await (await before.client("a-token")).get(STATE)

    assert answer.content == content


async def test_an_answer_that_was_compressed_on_the_way_goes_out_as_it_was(before: Door, wire: Wire) -> None:
    wire.answers = [saying(gzip.compress(b'{"status":"running"}'), "200 OK", "Content-Encoding: gzip")]
    answer = await (await before.client("a-token")).get(STATE)

    assert answer.json() == {"status": "running"}
    assert "content-encoding" not in answer.headers


async def test_content_of_many_megabytes_arrives_whole_and_with_its_length(before: Door, wire: Wire) -> None:
    content = json.dumps({"content": {"users": "ä" * 500_000}}).encode()
    json_ = {"Content-Type": "application/json"}
    answer = await (await before.client("a-token")).put(SETTINGS, content=content, headers=json_)

    assert answer.status_code == 200
    assert wire.bodies == [content]
    assert dict(Wire.headers(wire.heads[0]))[b"content-length"] == str(len(content)).encode()


@pytest.mark.parametrize(
    "loss", [HANG_UP, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{", b"what?\r\n\r\n"]
)
async def test_what_only_reads_is_sent_a_second_time_where_the_connection_was_lost(
    before: Door, wire: Wire, loss: bytes
) -> None:
    client = await before.client("a-token")
    wire.answers = [saying(b"{}"), loss]
    before_it = await figure(before, "opsconductor_bridge_core_retries_total")
    answers = [await client.get(STATE) for _ in range(2)]
    retries = await figure(before, "opsconductor_bridge_core_retries_total") - before_it

    assert [answer.status_code for answer in answers] == [200, 200]
    assert (len(wire.heads), retries) == (3, 1)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_what_changes_something_is_never_sent_a_second_time(
    before: Door, wire: Wire, method: str
) -> None:
    asked = {
        "POST": (EXECUTE, command_on([SOME_ID])),
        "PUT": (SETTINGS, {"content": {}}),
        "DELETE": (f"/api/nodered/waits/{SOME_ID}", None),
    }
    client = await before.client("a-token")
    wire.answers = [saying(b"{}"), HANG_UP]
    read = await client.get(STATE)
    path, content = asked[method]
    answer = await client.request(method, path, json=content)

    assert read.status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (503, "core_unavailable")
    assert [head.split()[0].decode() for head in wire.heads] == ["GET", method]


async def test_a_connection_that_was_closed_while_nobody_used_it_harms_nobody(
    before: Door, wire: Wire
) -> None:
    client = await before.client("a-token")
    wire.patience = 0.1
    read = await client.get(STATE)
    await asyncio.sleep(0.4)
    changed = await client.post(EXECUTE, json=command_on([SOME_ID]))

    assert (read.status_code, changed.status_code) == (200, 200)
    assert [head.split()[0] for head in wire.heads] == [b"GET", b"POST"]
    assert wire.connections == 2


async def test_who_goes_away_while_sending_a_file_is_no_failure_of_the_core(before: Door, wire: Wire) -> None:
    url = urlsplit(before.url)
    head = f"POST {FILES}?name=a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: 1000000\r\n\r\n"
    for _ in range(breaker.FAILURES + 1):
        _, writer = await asyncio.open_connection(url.hostname, url.port)
        writer.write(head.encode() + b"x" * 100_000)
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
    async with asyncio.timeout(5):
        while wire.cut_off <= breaker.FAILURES:
            await asyncio.sleep(0.05)
    client = await before.client("a-token")
    health = (await client.get("/health")).json()
    whole = await client.post(FILES, params={"name": "a"}, content=b"x" * 100_000)

    assert (health["circuit"], health["core"]) == ("closed", "ok")
    assert len([head for head in wire.heads if head.startswith(b"POST")]) == breaker.FAILURES + 2
    assert (whole.status_code, wire.bodies[-1]) == (200, b"x" * 100_000)


@pytest.mark.parametrize("status", [404, 409, 422, 429])
async def test_a_refusal_of_the_core_goes_out_as_it_came(before: Door, wire: Wire, status: int) -> None:
    errors = [{"field": "name", "message": "is taken"}]
    said = {"detail": "No: „ä“.", "code": "a_code", "request_id": "request-1", "errors": errors}
    wire.answers = [saying(json.dumps(said).encode(), f"{status} No", "Retry-After: 3")]
    answer = await (await before.client("a-token", **{"X-Request-ID": "request-1"})).get(STATE)

    assert (answer.status_code, answer.json()) == (status, said)
    assert answer.headers["retry-after"] == "3"


async def test_the_core_sends_nobody_elsewhere(before: Door, wire: Wire) -> None:
    wire.answers = [saying(b"{}", "307 Temporary Redirect", "Location: /internal/secret")]
    answer = await (await before.client("a-token")).get(STATE)

    assert answer.status_code == 307
    assert "location" not in answer.headers
    assert len(wire.heads) == 1


async def test_who_finds_all_connections_in_use_is_told_apart_from_who_gets_no_answer() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with a_client(url) as client:
            slow, quick = Question("GET", "/", 0.6), Question("GET", "/", 0.2)
            errors = await asyncio.gather(client.send(slow), client.send(quick), return_exceptions=True)

    assert [type(error) for error in errors] == [NoAnswer, NoConnectionFree]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_core_that_stops_taking_what_it_is_sent_is_given_up(streamed: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.5)  # who sends may take longer than who answers
        for _ in range(1000):
            yield b"x" * 64 * 1024

    content = pieces() if streamed else b"x" * 64 * 1024 * 1000
    with socket.create_server(("127.0.0.1", 0)) as nobody_reads:
        async with a_client(f"http://127.0.0.1:{nobody_reads.getsockname()[1]}") as client:
            since = time.monotonic()
            with pytest.raises(NoAnswer) as given_up:
                await client.send(Question("POST", "/", 0.3, content=content))
            seconds = time.monotonic() - since

    assert not isinstance(given_up.value, ConnectionLost)
    assert 0.5 < seconds < 2.5


async def test_a_refusal_in_the_middle_of_a_file_is_passed_on_at_once(before: Door, wire: Wire) -> None:
    said = {"detail": "No.", "code": "a_code", "request_id": "x"}

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(saying(json.dumps(said).encode(), "413 Too large", "Connection: close"))
        await reader.read()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with open_door(before.core, OPSCONDUCTOR_BACKEND_URL=url) as door:
            client = await door.client("a-token")
            answer = await client.post(FILES, params={"name": "a"}, content=b"x" * 3_000_000)

    assert (answer.status_code, answer.json()["code"]) == (413, "a_code")


async def test_a_server_that_is_not_there_is_a_lost_connection() -> None:
    async with a_client("http://127.0.0.1:1") as client:
        with pytest.raises(ConnectionLost):
            await client.send(Question("GET", "/", 1))
