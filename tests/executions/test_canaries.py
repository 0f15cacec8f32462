"""A hundred secrets are printed by targets in six encodings, in pieces, and then looked for everywhere.

The targets print a secret that nobody has told OpsConductor, too: the same search has to find it, in each place.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from tests.executions.canaries import (
    ENCODINGS,
    Holder,
    PasswordServer,
    Script,
    Search,
    Watched,
    a_canary,
    bytes_in,
    holders,
    in_json,
)
from tests.support.core import Core, Process, start_worker
from tests.support.servers import free_port, running_valkey
from tests.support.sshd import running_sshd

from opsconductor.stack.fleet import keys, run
from opsconductor.stack.fleet.target import IDENTITY

CONTROL = a_canary(1)
"""Printed as well, but no credential: what is looked for must be found where outputs are kept."""
PLANTED = a_canary(0)
"""Put where outputs are never kept, for the same reason."""
TIMES = 2
"""How often a target prints each secret in each encoding to its standard output."""
OUTPUTS = ["files", "database", "events", "answers"]
OTHERS = ["redis", "append-only file", "logs", "cmdline", "environ"]

pytestmark = pytest.mark.timeout(240)  # a core, a worker, and 85 targets at once, beside the other tests


@dataclass(repr=False)
class Left:
    """What a run left behind, by place; and how it went. Megabytes: a report of a failure must not show it."""

    canaries: list[str]
    places: dict[str, bytes] = field(default_factory=dict)
    executions: list[dict[str, Any]] = field(default_factory=list)
    masks: dict[str, int] = field(default_factory=dict)
    """How many each target's answer has."""
    expected_masks: dict[str, int] = field(default_factory=dict)

    def found(self, place: str, *canaries: str) -> Counter[str]:
        """Return how many canaries are there in each encoding."""
        found = Search(canaries or self.canaries).found(self.places[place])
        return Counter(encoding for _, encoding in found)


@pytest.fixture(scope="module")
def valkey_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("valkey-with-aof")


@pytest.fixture(scope="module")
def redis_url(valkey_home: Path) -> Iterator[str]:
    """A server that writes everything to disk, which ours does not."""
    with running_valkey(valkey_home, "--appendonly", "yes", "--appendfsync", "always") as url:
        yield url


@pytest.fixture(scope="module")
async def left(
    core: Core, redis_url: str, valkey_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Left:
    home = tmp_path_factory.mktemp("canaries")
    everybody = holders()
    left = Left([canary for holder in everybody for canary in holder.canaries])
    async with contextlib.AsyncExitStack() as stack:
        api, of_core, of_worker = await _processes(stack, core, home)
        redis = await stack.enter_async_context(Redis.from_url(redis_url))
        traffic = await stack.enter_async_context(_traffic(redis))
        watched = stack.enter_context(Watched(of_core.process.pid, of_worker.process.pid))
        said = _Said(api)
        await _use(said, everybody, home, left)
        await redis.set("planted", "\n".join(encode(PLANTED) for encode in ENCODINGS.values()))
        left.places["redis"] = b"\n".join([*traffic, *await _everything_in(redis)])
    left.places |= {
        "files": _all_bytes(core.settings.storage_dir),
        "database": await _all_rows(core),
        "events": b"\n".join(said.events),
        "answers": b"\n".join(said.answers),
        "append-only file": _all_bytes(valkey_home / "appendonlydir"),
        "logs": of_core.log.read_bytes() + of_worker.log.read_bytes(),
    } | {name: b"\n".join(seen) for name, seen in watched.seen.items()}
    return left


async def _processes(
    stack: contextlib.AsyncExitStack, core: Core, home: Path
) -> tuple[httpx.AsyncClient, Process, Process]:
    """Start a core and a worker with much to say, and with something planted in arguments, environment and log."""
    port = free_port()
    loud = {"OPSCONDUCTOR_LOG_LEVEL": "DEBUG"}
    environment = {f"PLANTED_{name}": encode(PLANTED) for name, encode in ENCODINGS.items()}
    program = ["-m", "uvicorn", "--factory", "opsconductor.apps.core:app", "--port", str(port)]
    for encode in ENCODINGS.values():
        program += ["--header", f"X-Planted:{encode(PLANTED)}"]
    of_core = Process(program, core.environment | loud | environment, home)
    stack.callback(of_core.stop)
    of_worker = start_worker(core, home, **loud)
    stack.callback(of_worker.stop)
    headers = {"Authorization": core.admin.headers["Authorization"]}
    url = f"http://127.0.0.1:{port}/api/v3"
    api = await stack.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers, timeout=40))
    await asyncio.to_thread(of_worker.wait_until_ready, 90)
    await _answers(api)
    for encode in ENCODINGS.values():
        await api.get("/targets", headers={"X-Request-ID": encode(PLANTED)})
    return api, of_core, of_worker


async def _answers(api: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.TransportError):
                await api.get("/executions")
                return
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _traffic(redis: Redis) -> AsyncIterator[list[bytes]]:
    """Gather every command that anybody sends to Redis."""
    seen: list[bytes] = []

    async def listen() -> None:
        async with redis.monitor() as monitor:
            async for command in monitor.listen():
                seen.append(str(command).encode())

    listening = asyncio.create_task(listen())
    yield seen
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert seen, "nothing was sent through Redis"


@dataclass
class _Said:
    """A client that remembers everything it is told."""

    api: httpx.AsyncClient
    answers: list[bytes] = field(default_factory=list)
    events: list[bytes] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.api.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        if answer.headers["content-type"].startswith("application/json"):
            self.answers.append(in_json(answer.text))
            return answer.json()
        self.answers.append(answer.content)
        return answer.content

    async def follow(self, execution_id: str) -> None:
        async with self.api.stream("GET", f"/executions/{execution_id}/events") as answer:
            async for line in answer.aiter_lines():
                self.events.append(line.encode())
                if line.startswith("data:"):
                    self.events.append(in_json(line.removeprefix("data:")))


async def _use(said: _Said, everybody: list[Holder], home: Path, left: Left) -> None:
    """Let every target sign its holder in and print what it knows; look at all that can be looked at."""
    folder = home / "known"
    folder.mkdir()
    script = Script(folder)
    for holder in everybody:
        script.write(holder.name, [*holder.canaries, CONTROL])
    async with _servers(everybody, home) as ports:
        targets = {holder.name: await _target(said, holder, ports) for holder in everybody}
        with_password = [id for name, id in targets.items() if name.startswith("password")]
        wanted = [(script.command(f"${IDENTITY}"), with_password)]
        wanted += [(script.command(name), [id]) for name, id in targets.items() if id not in with_password]
        left.executions = await asyncio.gather(*(_run(said, command, ids) for command, ids in wanted))
    results = [r for e in left.executions for r in await _results(said, e["id"])]
    left.masks = {r["target_name"]: r["output_text"].count("•••") for r in results}
    left.expected_masks = {h.name: TIMES * len(h.canaries) * len(ENCODINGS) for h in everybody}
    for path in ("/audit?limit=200", "/executions?limit=200", "/targets?limit=200", "/credentials?limit=200"):
        await said.ask("GET", path)


@contextlib.asynccontextmanager
async def _servers(everybody: list[Holder], home: Path) -> AsyncIterator[dict[str, int]]:
    """Serve holders of passwords by a server of ours, and those of keys by sshd; yield the ports."""
    PasswordServer.passwords = {h.name: h.secret["password"] for h in everybody if "password" in h.secret}
    spec = run.make_spec(home / "own", "own", free_port(), asyncssh.generate_private_key("ssh-ed25519"))
    server = PasswordServer(spec)
    await server.start()
    try:
        async with running_sshd(1) as [sshd]:
            with (sshd.home / "authorized_keys").open("a") as authorized:
                authorized.writelines(_public(h) + "\n" for h in everybody if "private_key" in h.secret)
            yield {"password": spec.port, "ssh_key": sshd.endpoint.port, "user": sshd.login.username}
    finally:
        await server.stop()


def _public(holder: Holder) -> str:
    secret = holder.secret
    return keys.public_line(asyncssh.import_private_key(secret["private_key"], secret.get("passphrase")))


async def _target(said: _Said, holder: Holder, ports: dict[str, Any]) -> str:
    kind = "password" if "password" in holder.secret else "ssh_key"
    username = holder.name if kind == "password" else ports["user"]
    wanted = {"name": holder.name, "kind": kind, "username": username, **holder.secret}
    credential = await said.ask("POST", "/credentials", wanted)
    target = {"host": "127.0.0.1", "port": ports[kind], "credential_id": credential["id"]}
    return str((await said.ask("POST", "/targets", target | {"name": holder.name}))["id"])


async def _run(said: _Said, command: str, ids: list[str]) -> dict[str, Any]:
    action = {"action_type": "command", "action_parameters": {"command": command, "timeout": 60}}
    accepted = await said.ask("POST", "/executions", {"actions": [action], "target_ids": ids})
    await said.follow(accepted["id"])
    return dict(await said.ask("GET", f"/executions/{accepted['id']}"))


async def _results(said: _Said, execution_id: str) -> list[dict[str, Any]]:
    results = (await said.ask("GET", f"/executions/{execution_id}/results?limit=200"))["items"]
    for result in results[:5]:
        await said.ask("GET", f"/executions/{execution_id}/results/{result['id']}/output")
    return list(results)


async def _everything_in(redis: Redis) -> list[bytes]:
    dumps = []
    async for key in redis.scan_iter():
        dumps += [key, *bytes_in(await _value(redis, key))]
    return dumps


async def _value(redis: Redis, key: bytes) -> Any:
    read = {
        b"string": lambda: redis.get(key),
        b"list": lambda: redis.lrange(key, 0, -1),
        b"set": lambda: redis.smembers(key),
        b"hash": lambda: redis.hgetall(key),
        b"zset": lambda: redis.zrange(key, 0, -1),
    }
    return await read[await redis.type(key)]()


def _all_bytes(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def _all_rows(core: Core) -> bytes:
    """Return every column of every table, as PostgreSQL writes it and as what it means."""
    seen = []
    async with core.app.state.units.sessions() as session:
        names = await session.scalars(
            text("select table_name from information_schema.tables where table_schema = 'public'")
        )
        for name in names.all():
            rows = await session.execute(text(f'select t::text, t.* from "{name}" t'))  # noqa: S608
            seen += [part for row in rows for part in bytes_in(tuple(row))]
    return b"\n".join(seen)


def test_a_hundred_secrets_were_used_and_printed(left: Left) -> None:
    assert len(left.canaries) == 100
    assert [e["status"] for e in left.executions] == ["completed"] * len(left.executions)
    assert left.masks == left.expected_masks


@pytest.mark.parametrize("place", OUTPUTS + OTHERS)
def test_no_secret_is_left_in(left: Left, place: str) -> None:
    assert left.found(place) == {}


@pytest.mark.parametrize("place", OUTPUTS)
def test_what_is_printed_and_no_secret_is_found_by_the_same_search_in(left: Left, place: str) -> None:
    assert left.found(place, CONTROL) == dict.fromkeys(ENCODINGS, 1)


@pytest.mark.parametrize("place", OTHERS)
def test_what_is_planted_is_found_by_the_same_search_in(left: Left, place: str) -> None:
    assert left.found(place, PLANTED) == dict.fromkeys(ENCODINGS, 1)


def test_logs_and_redis_have_what_they_should(left: Left) -> None:
    written, logged = left.places["append-only file"], left.places["logs"]
    assert all(execution["id"].encode() in written for execution in left.executions)
    assert all(words in logged for words in (b"worker.ready", b'"/api/v3/executions/{execution_id}/results"'))
