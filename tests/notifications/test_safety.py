"""Where notifications may go, how it is encrypted, and that no secret gets out. Each with a positive control."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Response
from sqlalchemy import text
from tests.notifications.conftest import SIGNING_KEY, Desk
from tests.support.core import BEAT, Core, Process, running_core
from tests.support.receivers import MAIL_PASSWORD, MAIL_USER, Hook, hook_server, mail_server, make_authority
from tests.support.servers import free_port

from opsconductor.notifications.addresses import permitted, resolved
from opsconductor.notifications.errors import AddressRefused, NameNotResolved
from opsconductor.notifications.senders.services import problem_with

NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104
    *("127.0.0.1", "127.8.9.10", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
    *("169.254.169.254", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::"),
    "2001:db8::1",
]
NEVER = ["169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::", "::ffff:169.254.169.254"]  # noqa: S104


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not permitted(address, allow_private=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_not(address: str) -> None:
    assert permitted(address, allow_private=False)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_refused_even_with_permission(address: str) -> None:
    assert not permitted(address, allow_private=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "fd12::1"])
def test_with_permission_the_own_network_is_allowed(address: str) -> None:
    assert permitted(address, allow_private=True)


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "::1", "127.0.0.1"]
)
async def test_names_and_odd_spellings_of_loopback_are_seen_through(host: str) -> None:
    with pytest.raises((AddressRefused, NameNotResolved)):
        await resolved(host, 443, allow_private=False)


HOOK_HOSTS = ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"]


@pytest.mark.parametrize("host", HOOK_HOSTS)
async def test_a_webhook_to_loopback_sends_nothing_without_permission(desk: Desk, host: str) -> None:
    reached = asyncio.Event()
    server = await asyncio.start_server(lambda *_: reached.set(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"https://{host}:{port}/"
    channel = await desk.webhook(f"own network {host}", url, allow_private=False)
    delivery = await desk.sent(channel["id"])
    server.close()

    assert (delivery["status"], delivery["error_code"]) == ("failed", "address_refused")
    assert not reached.is_set()


async def test_the_same_webhook_with_permission_reaches_it(desk: Desk, hook: Hook) -> None:
    channel = await desk.webhook("own network allowed", hook.url)

    assert (await desk.sent(channel["id"]))["status"] == "delivered"


SERVICES = [
    "json://127.0.0.1/",
    "xml://10.0.0.1/",
    "mailto://user:pass@127.0.0.1",
    "ntfy://localhost/topic",
    "gotify://192.168.0.1/token",
    "matrix://user:pass@localhost",
    "syslog://",
    "dbus://",
    "nonsense://x",
    "slack://",
    "no url",
]
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"


@pytest.mark.parametrize("url", SERVICES)
def test_a_service_at_a_host_of_ones_own_choice_is_refused(url: str) -> None:
    assert problem_with(url, allow_private=False)


@pytest.mark.parametrize("option", ["template=/etc/passwd", "+template=x", "keyfile=/etc/shadow"])
def test_an_option_that_names_a_file_is_refused(option: str) -> None:
    assert "not allowed" in (problem_with(f"{SLACK.partition('#')[0]}?{option}", allow_private=True) or "")


def test_a_service_at_a_known_address_is_taken() -> None:
    assert problem_with(SLACK, allow_private=False) is None


async def test_an_apprise_channel_really_sends(desk: Desk, hook: Hook) -> None:
    url = hook.url.replace("http://", "json://")
    channel = await desk.channel(name="apprise", kind="apprise", allow_private=True, apprise={"url": url})
    delivery = await desk.sent(channel["id"])

    assert delivery["status"] == "delivered", delivery
    assert b"Disk full" in hook.received[0].content


async def test_a_service_that_refuses_is_tried_again_and_says_so(desk: Desk, hook: Hook) -> None:
    hook.answer = lambda: Response(status_code=500)
    url = hook.url.replace("http://", "json://")
    channel = await desk.channel(name="refusing", kind="apprise", allow_private=True, apprise={"url": url})
    delivery = await desk.sent(channel["id"])

    assert (delivery["status"], delivery["error_code"]) == ("pending", "service_refused")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
async def trusting(
    core: Core, authority: tuple[Path, ssl.SSLContext], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """A second core over the same database, which trusts the authority of the test."""
    more = {"OPSCONDUCTOR_NOTIFY_CA_FILE": str(authority[0])}
    servers = (core.environment["DATABASE_URL"], core.environment["REDIS_URL"])
    async with running_core(*servers, tmp_path_factory.mktemp("trusting"), **more) as second:
        second.admin = await second.client(core.admin.headers["Authorization"].removeprefix("Bearer "))
        yield Desk(second)


SIGN_IN = {"username": MAIL_USER, "password": MAIL_PASSWORD}


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_is_sent_encrypted_to_a_server_whose_certificate_is_trusted(
    trusting: Desk, authority: tuple[Path, ssl.SSLContext], security: str
) -> None:
    with mail_server(authority[1], implicit=security == "tls") as mailbox:
        channel = await trusting.email(f"trusted {security}", mailbox, {"security": security, **SIGN_IN})
        delivery = await trusting.sent(channel["id"])

    assert delivery["status"] == "delivered", delivery
    assert len(mailbox.letters) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_to_a_server_with_a_wrong_certificate_is_not_sent(
    trusting: Desk, tmp_path: Path, security: str
) -> None:
    _, stranger = make_authority(tmp_path)
    with mail_server(stranger, implicit=security == "tls") as mailbox:
        channel = await trusting.email(f"stranger {security}", mailbox, {"security": security, **SIGN_IN})
        delivery = await trusting.sent(channel["id"])

    assert (delivery["status"], delivery["error_code"]) == ("failed", "certificate_refused")
    assert mailbox.letters == []


async def test_mail_is_never_sent_in_the_clear_unless_the_channel_says_so(trusting: Desk) -> None:
    with mail_server() as mailbox:
        wanted = await trusting.email("downgraded", mailbox, {"security": "starttls", **SIGN_IN})
        plain = await trusting.email("plain", mailbox, {"security": "none"})
        refused, sent = await trusting.sent(wanted["id"]), await trusting.sent(plain["id"])

    assert (refused["status"], refused["error_code"]) == ("failed", "encryption_missing")
    assert sent["status"] == "delivered"


async def test_a_wrong_mail_password_is_said_and_not_tried_again(
    trusting: Desk, authority: tuple[Path, ssl.SSLContext]
) -> None:
    with mail_server(authority[1]) as mailbox:
        block = {"security": "starttls", "username": MAIL_USER, "password": "wrong"}
        delivery = await trusting.sent((await trusting.email("wrong password", mailbox, block))["id"])

    assert (delivery["status"], delivery["error_code"]) == ("failed", "login_refused")


async def test_a_webhook_over_tls_is_verified(
    trusting: Desk, authority: tuple[Path, ssl.SSLContext], tmp_path: Path
) -> None:
    _, stranger = make_authority(tmp_path)
    outcomes = {}
    for name, context in {"trusted": authority[1], "stranger": stranger}.items():
        server = await asyncio.start_server(_answer_204, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        channel = await trusting.webhook(name, f"https://127.0.0.1:{port}/")
        outcomes[name] = await trusting.sent(channel["id"])
        server.close()

    assert outcomes["trusted"]["status"] == "delivered", outcomes
    assert (outcomes["stranger"]["status"], outcomes["stranger"]["error_code"]) == (
        "failed",
        "certificate_refused",
    )


async def _answer_204(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


CANARIES = {
    "mail password": MAIL_PASSWORD,
    "path of a webhook": "t0ken-in-the-path-canary",
    "signing key": SIGNING_KEY,
    "token of a service": "apprise-t0ken-canary",
}
VISIBLE = "visible-notification-canary"


@pytest.fixture(scope="module")
async def traces(core: Core, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Use every secret, rightly and wrongly, with a core and a sender that are processes; gather what came out."""
    desk, answers = Desk(core), []

    async def call(method: str, path: str, body: Any = None) -> Any:
        answer = await client.request(method, f"/api/v3{path}", json=body)
        answers.append(answer.text)
        return answer.json() if answer.content else None

    beat = Process(
        BEAT, core.environment | {"OPSCONDUCTOR_LOG_LEVEL": "DEBUG"}, tmp_path_factory.mktemp("beat")
    )
    beat.wait_until_ready()
    port = free_port()
    program = ["-m", "uvicorn", "--factory", "opsconductor.apps.core:app", "--port", str(port)]
    process = Process(program, core.environment | {"OPSCONDUCTOR_LOG_LEVEL": "DEBUG"}, beat.log.parent)
    headers = {"Authorization": core.admin.headers["Authorization"]}
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30)
    async with client, hook_server() as hook:
        await _answers(client)
        with mail_server() as mailbox:
            mail = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "a@example.org"}
            mail |= {"recipients": ["b@example.org"], **SIGN_IN}
            token = f"json://127.0.0.1:1/{CANARIES['token of a service']}"
            blocks = {
                "webhook": {"url": hook.url, "signing_key": SIGNING_KEY},
                "email": mail,
                "apprise": {"url": token},
            }
            ids = []
            for kind, block in blocks.items():
                wanted = {"name": f"{VISIBLE} {kind}", "kind": kind, "allow_private": True, kind: block}
                made = await call("POST", "/notification-channels", wanted)
                await call("POST", "/notification-channels", wanted)  # the name is taken
                await call("POST", "/notification-channels", wanted | {"name": "x", "kind": "in_app"})
                await call("POST", "/notification-channels", wanted | {"name": "y", "surplus": 1})
                await call("PATCH", f"/notification-channels/{made['id']}", {kind: block})
                await call("POST", f"/notification-channels/{made['id']}/test")
                ids.append(made["id"])
            hook.answer = lambda: Response(hook.url, status_code=400)
            sent = await desk.send(*ids, title=VISIBLE)
            async with asyncio.timeout(20):
                while any(
                    one["attempts"] == 0
                    for one in (await core.admin.get(f"/notifications/{sent['id']}")).json()["deliveries"]
                ):
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)
            for path in ("/notification-channels", f"/notifications/{sent['id']}", "/audit?limit=200"):
                await call("GET", path)
            for id in ids:
                await call("GET", f"/notification-channels/{id}/deliveries")
    beat.stop()
    process.stop()
    log = beat.log.read_text() + process.log.read_text()
    return {"answers": "\n".join(answers), "log": log, "tables": await _everything(core)}


async def _answers(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/health")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def _everything(core: Core) -> str:
    async with core.app.state.units.sessions() as session:
        names = await session.scalars(
            text("select table_name from information_schema.tables where table_schema = 'public'")
        )
        queries = [text(f'select t::text from "{name}" t') for name in names.all()]  # noqa: S608
        rows = [str(row[0]) for query in queries for row in await session.execute(query)]
    return "\n".join(rows)


@pytest.mark.parametrize("secret", CANARIES.values(), ids=CANARIES.keys())
async def test_no_secret_of_a_channel_is_in_answers_logs_or_tables(
    traces: dict[str, str], secret: str
) -> None:
    shown = (secret, secret.encode().hex())

    assert [place for place, said in traces.items() if any(one in said for one in shown)] == []


async def test_what_is_not_secret_is_found_by_the_same_search(traces: dict[str, str]) -> None:
    assert VISIBLE in traces["answers"]
    assert VISIBLE in traces["tables"]
    assert "notification.not_delivered" in traces["log"]
    assert "/api/v3/notification-channels/{channel_id}/test" in traces["log"]
