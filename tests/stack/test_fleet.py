"""The demo fleet: OpenSSH's server and the one that ships with the product, and the fleet as a whole."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import psutil
import pytest
from tests.support.servers import free_port

from opsconductor.stack.fleet import Fleet, keys, read, run
from opsconductor.stack.fleet.target import Server, Spec


@contextlib.asynccontextmanager
async def served(home: Path, kind: str) -> AsyncIterator[Spec]:
    """Serve one target."""
    client_key = keys.ensure(home / "id_ed25519", "test")
    spec = run.make_spec(home / "one", "demo-one", free_port(), client_key)
    server: Server = await (run.start_built_in(spec) if kind == "built-in" else run.start(spec))
    assert server.kind == kind
    try:
        yield spec
    finally:
        await server.stop()


@pytest.fixture(params=["openssh", "built-in"])
async def spec(request, tmp_path: Path) -> AsyncIterator[Spec]:
    """A target by each kind of server."""
    async with served(tmp_path, request.param) as found:
        yield found


async def connect(spec: Spec, **other: object) -> asyncssh.SSHClientConnection:
    options: dict[str, object] = {
        "config": None,
        "agent_path": None,
        "known_hosts": ([spec.host_key.convert_to_public()], [], []),
        "username": spec.username,
        "client_keys": [spec.client_key],
        **other,
    }
    return await asyncssh.connect("127.0.0.1", spec.port, **options)


async def test_a_command_runs_in_a_shell_and_its_status_comes_back(spec):
    async with await connect(spec) as connection:
        done = await connection.run("echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.exit_status) == ("out\n", "err\n", 7)


async def test_a_target_knows_its_name(spec):
    async with await connect(spec) as connection:
        done = await connection.run("echo $OPSCONDUCTOR_DEMO_TARGET")
    assert done.stdout == "demo-one\n"


async def test_what_is_typed_reaches_the_command(spec):
    async with await connect(spec) as connection:
        done = await connection.run("wc -c", input="x" * 300_000)
    assert done.stdout.strip() == "300000"


async def test_long_output_arrives_whole(spec):
    async with await connect(spec) as connection:
        done = await connection.run("head -c 2000000 /dev/zero | tr '\\0' a")
    assert len(done.stdout) == 2_000_000


async def test_another_key_is_refused(spec):
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(spec, client_keys=[asyncssh.generate_private_key("ssh-ed25519")])


async def test_a_password_is_refused(spec):
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(spec, client_keys=None, password="x")


async def test_it_listens_on_this_machine_only(spec):
    listening = [
        connection.laddr
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == spec.port
    ]
    assert [address.ip for address in listening] == ["127.0.0.1"]


@pytest.mark.parametrize("kind", ["openssh", "built-in"])
async def test_what_ran_ends_with_its_server(tmp_path, kind):
    async with served(tmp_path, kind) as spec:
        connection = await connect(spec)  # still open when the server stops
        process = await connection.create_process("echo $$; exec sleep 600")
        pid = int(await process.stdout.readline())
    connection.abort()
    deadline = asyncio.get_running_loop().time() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def a_fleet(data_dir: Path) -> AsyncIterator[Fleet]:
    """Run the whole fleet."""
    stop = asyncio.Event()
    before = _written(data_dir)
    serving = asyncio.create_task(run.serve(data_dir, stop))
    while _written(data_dir) == before:
        assert not serving.done()
        await asyncio.sleep(0.02)
    try:
        yield read(data_dir)
    finally:
        stop.set()
        await serving


def _written(data_dir: Path) -> int:
    path = data_dir / "fleet" / "fleet.json"
    return path.stat().st_mtime_ns if path.exists() else 0


async def test_who_is_off_on_purpose_refuses_connections(tmp_path):
    async with a_fleet(tmp_path) as fleet:
        off = next(member for member in fleet.members if member.server == "none")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((off.host, off.port), 2)


async def test_the_fleet_keeps_its_ports_and_host_keys(tmp_path):
    async with a_fleet(tmp_path) as fleet:
        first = fleet
    async with a_fleet(tmp_path) as fleet:
        again = fleet
    assert [(m.port, m.host_key) for m in again.members] == [(m.port, m.host_key) for m in first.members]


async def test_the_key_of_the_fleet_is_its_owners_alone(tmp_path):
    async with a_fleet(tmp_path) as fleet:
        assert fleet.private_key.stat().st_mode & 0o077 == 0
