"""Secrets are looked for everywhere they must not be: in answers, in every table, in the log."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import asyncssh
import httpx
import pytest
from sqlalchemy import text
from tests.support.core import Core, Process
from tests.support.servers import free_port
from tests.support.sshd import running_sshd

PASSWORD = "pa55word-sentinel"
PASSPHRASE = "passphra5e-sentinel"
SIGN_IN = "a sentinel to 5ign in with"
BECOME = "become-5entinel"
VISIBLE = "visible-sentinel"
"""Not secret: it has to be found, or the search is blind."""


@dataclass
class Traces:
    """Everything that came out of a core."""

    answers: list[str] = field(default_factory=list)
    log: str = ""
    tables: str = ""


@pytest.fixture(scope="module")
async def traces(core: Core, tmp_path_factory: pytest.TempPathFactory) -> Traces:
    """Use secrets in every way, right and wrong, with a core in a process of its own, and gather its traces."""
    port = free_port()
    home = tmp_path_factory.mktemp("process")
    program = ["-m", "uvicorn", "--factory", "opsconductor.apps.core:app", "--port", str(port)]
    process = Process(program, core.environment | {"OPSCONDUCTOR_LOG_LEVEL": "DEBUG"}, home)
    found = Traces()
    headers = {"Authorization": core.admin.headers["Authorization"]}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            await _wait_for(client)
            await _use_secrets(client, found)
    finally:
        process.stop()
    found.log = process.log.read_text()
    found.tables = await _everything_stored(core)
    return found


async def _wait_for(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/health")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def _use_secrets(client: httpx.AsyncClient, found: Traces) -> None:
    new_key = asyncssh.generate_private_key("ssh-ed25519")
    locked_key = new_key.export_private_key("pkcs8-pem", passphrase=PASSPHRASE).decode()

    async def call(method: str, path: str, body: object = None) -> dict[str, str]:
        answer = await client.request(method, f"/api/v3{path}", json=body)
        found.answers.append(answer.text)
        return answer.json() if answer.content else {}

    wanted = {"name": VISIBLE, "kind": "password", "username": VISIBLE, "password": PASSWORD}
    wanted["become_password"] = BECOME
    credential = (await call("POST", "/credentials", wanted))["id"]
    await call("POST", "/credentials", wanted)  # the name is taken
    await call("POST", "/credentials", wanted | {"kind": "ssh_key"})
    key = {"name": "key", "kind": "ssh_key", "username": "root"}
    await call("POST", "/credentials", key | {"private_key": locked_key, "passphrase": PASSPHRASE})
    await call(
        "POST", "/credentials", key | {"name": "no key", "private_key": PASSWORD, "passphrase": PASSPHRASE}
    )
    await call("PATCH", f"/credentials/{credential}", {"password": PASSWORD + "2", "description": VISIBLE})
    await call("PATCH", f"/credentials/{credential}", {"passphrase": PASSPHRASE})
    await call("POST", "/users", {"username": "sentinel", "role": "viewer", "password": SIGN_IN})
    await call("POST", "/auth/login", {"username": "sentinel", "password": SIGN_IN})
    await call("POST", "/auth/login", {"username": "sentinel", "password": SIGN_IN + "x"})
    await call("POST", "/auth/login", {"username": "sentinel", "pass": SIGN_IN})
    async with running_sshd() as [server]:
        target = {"host": "127.0.0.1", "port": server.endpoint.port, "credential_id": credential}
        target_id = (await call("POST", "/targets", target | {"name": VISIBLE}))["id"]
        await call("POST", f"/targets/{target_id}/test")  # the login is refused
    for path in ("/credentials", f"/credentials/{credential}", "/targets", "/users", "/audit?limit=200"):
        await call("GET", path)


async def _everything_stored(core: Core) -> str:
    async with core.app.state.units.sessions() as session:
        names = await session.scalars(
            text("select table_name from information_schema.tables where table_schema = 'public'")
        )
        rows = [
            str(row[0])
            for name in names.all()
            for row in await session.execute(text(f'select t::text from "{name}" t'))  # noqa: S608
        ]
    return "\n".join(rows)


SECRETS = {"password": PASSWORD, "passphrase": PASSPHRASE, "become": BECOME, "sign-in password": SIGN_IN}


def _shown(secret: str) -> list[str]:
    """Return how a secret would look in text, and in the bytes PostgreSQL shows in hexadecimal."""
    return [secret, secret.encode().hex()]


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_no_answer_has_a_secret(traces: Traces, secret: str) -> None:
    assert not [answer for answer in traces.answers if any(s in answer for s in _shown(secret))]


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_no_table_has_a_secret(traces: Traces, secret: str) -> None:
    assert not any(shown in traces.tables for shown in _shown(secret))


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_the_log_has_no_secret(traces: Traces, secret: str) -> None:
    assert not any(shown in traces.log for shown in _shown(secret))


def test_what_is_not_secret_is_found_by_the_same_search(traces: Traces) -> None:
    assert any(VISIBLE in answer for answer in traces.answers)
    assert VISIBLE in traces.tables
    assert '"/api/v3/credentials/{credential_id}"' in traces.log


def test_the_uses_of_the_secrets_went_as_meant(traces: Traces) -> None:
    said = "\n".join(traces.answers)

    for code in ("credential_name_taken", "private_key_unusable", "sign_in_refused", "login_refused"):
        assert code in said
