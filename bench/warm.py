"""CPU that a command costs us: with a login of its own (cold), and on a connection that was kept (warm).

Measured is this process alone (its user and system time), at the transport, as the engine uses it: connect, start,
wait, close, on 100 targets at once, each with an OpenSSH server of its own. The peer is asyncssh as it comes, in
the same process and taking turns with us: `connect` and `run` for cold, `run` on an open connection for warm.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncssh
from pydantic import SecretStr

from bench.figures import machine, progress, show, spread
from bench.servers import servers
from opsconductor.apps.cli.console import guarded
from opsconductor.stack.fleet import keys
from opsconductor.stack.fleet.target import Spec
from opsconductor.stack.problems import StackProblem
from opsconductor.transports import Command, Endpoint, HostKeyCheck, PooledTransport, SshLogin, Transport
from opsconductor.transports.ssh import SshTransport

TARGETS = 100
ROUNDS = 7
EACH = 5  # warm commands on each target in a round
COMMAND = "hostname"
GOAL = {"cold": 2.5, "warm": 0.3}  # ms of CPU for a command


class Nowhere:
    """Takes output as cheaply as possible: what storing it costs is not measured here."""

    def __init__(self) -> None:
        self.size = 0

    def stdout(self, data: bytes) -> None:
        self.size += len(data)

    stderr = stdout


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_measured(Path(folder)))
    rows = {
        kind: {
            "OpsConductor": found[kind]["opsconductor_ms"]["p50"],
            "asyncssh": found[kind]["asyncssh_ms"]["p50"],
            "ratio": found[kind]["ratio_p50"],
            "goal": found[kind]["goal_ms"],
            "met": "yes" if found[kind]["met"] else "no",
        }
        for kind in GOAL
    }
    show(found, rows, f"ms of CPU for {COMMAND}, {TARGETS} targets at once, median of {ROUNDS} rounds")
    raise SystemExit(0 if all(found[kind]["met"] for kind in GOAL) else 1)


async def _measured(home: Path) -> dict[str, Any]:
    async with servers(home, TARGETS) as specs, PooledTransport(SshTransport()) as pool:
        login = SshLogin(specs[0].username, private_key=SecretStr((home / "id_ed25519").read_text()))
        key = asyncssh.read_private_key(home / "id_ed25519")
        cold, spent = SshTransport(), dict[str, list[float]]()
        async with contextlib.AsyncExitStack() as stack:
            kept = [await stack.enter_async_context(_peer(spec, key)) for spec in specs]
            ways: dict[str, tuple[int, Callable[[int], Awaitable[None]]]] = {
                "cold": (1, lambda number: _ours(cold, specs[number], login)),
                "cold peer": (1, lambda number: _theirs_cold(specs[number], key)),
                "warm": (EACH, lambda number: _ours(pool, specs[number], login)),
                "warm peer": (EACH, lambda number: _theirs(kept[number])),
            }
            for name, (each, one) in ways.items():
                await _round(each, one)  # parses keys, imports, fills the pool
                spent[name] = []
            for number in range(ROUNDS):
                for name, (each, one) in ways.items():
                    spent[name].append(await _round(each, one))
                progress(
                    f"round {number + 1}: " + ", ".join(f"{name} {spent[name][-1]:.2f}" for name in ways)
                )
    return {
        "bench": "warm",
        "what": f"ms of the controller's CPU for `{COMMAND}`, {TARGETS} targets at once",
        "rounds": ROUNDS,
        **{kind: _verdict(spent[kind], spent[f"{kind} peer"], GOAL[kind]) for kind in GOAL},
        "machine": machine(),
    }


def _verdict(ours: list[float], theirs: list[float], goal: float) -> dict[str, Any]:
    mine, peer = _spread(ours), _spread(theirs)
    return {
        "opsconductor_ms": mine,
        "asyncssh_ms": peer,
        "ratio_p50": round(peer["p50"] / mine["p50"], 2),
        "goal_ms": goal,
        "met": mine["p50"] <= goal,
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {name: round(value / 100, 2) for name, value in spread([v * 100 for v in values]).items()}


async def _round(each: int, one: Callable[[int], Awaitable[None]]) -> float:
    """Return the ms of CPU that one of `each` commands on every target took."""

    async def several(number: int) -> None:
        for _ in range(each):
            await one(number)

    began = time.process_time()
    await asyncio.gather(*(several(number) for number in range(TARGETS)))
    return (time.process_time() - began) * 1000 / (TARGETS * each)


async def _ours(transport: Transport, spec: Spec, login: SshLogin) -> None:
    endpoint, check = Endpoint("127.0.0.1", spec.port), HostKeyCheck(keys.public_line(spec.host_key))
    async with await transport.connect(endpoint, login, check) as connection:
        end = await (await connection.start(Command(COMMAND, 60), Nowhere())).wait()
    if end.exit_code != 0:
        raise StackProblem(f"{COMMAND} ended with {end}.")


def _peer(spec: Spec, key: asyncssh.SSHKey) -> Any:
    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{spec.port} {keys.public_line(spec.host_key)}")
    return asyncssh.connect(
        "127.0.0.1", spec.port, username=spec.username, client_keys=[key], known_hosts=known
    )


async def _theirs_cold(spec: Spec, key: asyncssh.SSHKey) -> None:
    async with _peer(spec, key) as connection:
        await _theirs(connection)


async def _theirs(connection: asyncssh.SSHClientConnection) -> None:
    await connection.run(COMMAND, check=True)


if __name__ == "__main__":
    guarded(main)
