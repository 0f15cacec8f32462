"""CPU that a command costs: at the engine, with a login of its own (cold) and on a kept connection (warm); and warm
through the whole product.

The engine is measured in this process (its user and system time), at the transport, as a worker uses it: connect,
start, wait, close, on all targets at once. Its peer is asyncssh as it comes, in the same process and by turns:
`connect` and `run` for cold, `run` on an open connection for warm. The product is measured as in `ssh`; its peer is
Ansible with the connections that it keeps.
"""

import asyncio
import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh
import uvloop
from pydantic import SecretStr

from bench.figures import Goal, Measure, progress
from bench.peers import FORKS, Found, median
from bench.scenario import Scenario, Site
from bench.toll import Toll, toll
from opsconductor.stack.fleet import keys
from opsconductor.stack.fleet.target import Spec
from opsconductor.stack.ports import LOOPBACK
from opsconductor.stack.problems import StackProblem
from opsconductor.transports import Command, Endpoint, HostKeyCheck, PooledTransport, SshLogin, Transport
from opsconductor.transports.ssh import SshTransport

EACH = 5  # warm commands on each target in a round: what a process has used is told in steps of 10 ms
COMMAND = "hostname"
COLD, WARM, PRODUCT = Goal("≤", 2.5), Goal("≤", 0.3), Goal("≤", 1)  # ms of CPU for a command
ANSIBLE = f"Ansible raw -f {FORKS}, ControlPersist"


class Nowhere:
    """Takes output as cheaply as possible: what storing it costs is not measured here."""

    def __init__(self) -> None:
        self.size = 0

    def stdout(self, data: bytes) -> None:
        self.size += len(data)

    stderr = stdout


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure the engine alone, then the product."""
    engine = uvloop.run(_engine(here, rounds))
    ours, theirs = _product(here, rounds)

    def for_one(cpu: float) -> float:
        return cpu * 1000 / len(here.ids)

    cpu = Measure("product, warm", "ms", for_one(statistics.median(each.product for each in ours) / EACH))
    whole = statistics.median(each.with_servers for each in ours) / EACH
    wall = Measure(
        f"product, warm, all {len(here.ids)} targets", "s", statistics.median(o.seconds for o in ours) / EACH
    )
    return [
        *(
            Measure(f"engine alone, {kind}", "ms", engine[kind]).beside(
                "asyncssh as it comes", engine[f"{kind} peer"], goal
            )
            for kind, goal in (("cold", COLD), ("warm", WARM))
        ),
        cpu.aiming_at(PRODUCT),
        Measure("the same with PostgreSQL, Valkey and nginx", "ms", for_one(whole)),
        cpu.beside(ANSIBLE, median(theirs, lambda run: for_one(run.cpu))),
        wall.beside(ANSIBLE, median(theirs, lambda run: run.seconds)),
    ]


def _product(here: Site, rounds: int) -> tuple[list[Toll], list[Found]]:
    peers = here.peers()
    here.stack.read(COMMAND, here.ids)  # from now on connections are there to be kept
    peers.ansible(COMMAND, kept=True)
    ours, theirs = list[Toll](), list[Found]()
    for number in range(rounds):
        ours.append(toll(here.stack, lambda: [here.stack.read(COMMAND, here.ids) for _ in range(EACH)]))
        theirs.append(peers.ansible(COMMAND, kept=True))
        progress(f"product, round {number + 1}: {ours[-1]}")
    return ours, theirs


async def _engine(here: Site, rounds: int) -> dict[str, float]:
    """Return the medians of ms of CPU for one command, by way."""
    specs, path = here.specs, here.home / "id_ed25519"
    login = SshLogin(specs[0].username, private_key=SecretStr(path.read_text()))
    key, cold, spent = asyncssh.read_private_key(path), SshTransport(), dict[str, list[float]]()
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(PooledTransport(SshTransport()))
        kept = [await stack.enter_async_context(_peer(spec, key)) for spec in specs]
        ways: dict[str, tuple[int, Callable[[int], Awaitable[None]]]] = {
            "cold": (1, lambda number: _ours(cold, specs[number], login)),
            "cold peer": (1, lambda number: _theirs_cold(specs[number], key)),
            "warm": (EACH, lambda number: _ours(pool, specs[number], login)),
            "warm peer": (EACH, lambda number: _theirs(kept[number])),
        }
        for name, (each, one) in ways.items():
            await _round(len(specs), each, one)  # parses keys, imports, fills the pool
            spent[name] = []
        for number in range(rounds):
            for name, (each, one) in ways.items():
                spent[name].append(await _round(len(specs), each, one))
            latest = ", ".join(f"{name} {spent[name][-1]:.2f} ms" for name in ways)
            progress(f"engine, round {number + 1}: {latest}")
    return {name: statistics.median(values) for name, values in spent.items()}


async def _round(targets: int, each: int, one: Callable[[int], Awaitable[None]]) -> float:
    """Return the ms of CPU that one of `each` commands on every target took."""

    async def several(number: int) -> None:
        for _ in range(each):
            await one(number)

    began = time.process_time()
    await asyncio.gather(*(several(number) for number in range(targets)))
    return (time.process_time() - began) * 1000 / (targets * each)


async def _ours(transport: Transport, spec: Spec, login: SshLogin) -> None:
    endpoint, check = Endpoint(LOOPBACK, spec.port), HostKeyCheck(keys.public_line(spec.host_key))
    async with await transport.connect(endpoint, login, check) as connection:
        end = await (await connection.start(Command(COMMAND, 60), Nowhere())).wait()
    if end.exit_code != 0:
        raise StackProblem(f"{COMMAND} ended with {end}.")


def _peer(spec: Spec, key: asyncssh.SSHKey) -> Any:
    known = asyncssh.import_known_hosts(f"[{LOOPBACK}]:{spec.port} {keys.public_line(spec.host_key)}")
    return asyncssh.connect(LOOPBACK, spec.port, username=spec.username, client_keys=[key], known_hosts=known)


async def _theirs_cold(spec: Spec, key: asyncssh.SSHKey) -> None:
    async with _peer(spec, key) as connection:
        await _theirs(connection)


async def _theirs(connection: asyncssh.SSHClientConnection) -> None:
    await connection.run(COMMAND, check=True)


SCENARIO = Scenario(f"CPU for `{COMMAND}`, medians of the rounds", targets=100, rounds=5, measure=measure)
