"""How long it takes from an HTTP POST to the command running on its first target, on an idle stack.

The command prints the clock of the machine it runs on, which here is ours; so the figure is what a person waits for,
connection and login included. The peer is OpenSSH's own client, started afresh for the same target and command.
"""

import shutil
import subprocess
import time
from pathlib import Path

from bench.figures import machine, progress, show, spread
from bench.idle_stack import IdleStack, idle_stack
from opsconductor.apps.cli.console import guarded
from opsconductor.stack import fleet
from opsconductor.stack.fleet import Member
from opsconductor.stack.problems import StackProblem

ROUNDS = 100
WARM_UP = 5
PAUSE = 0.05  # s between rounds: idle, not saturated
CLOCK = "date +%s%N"
PROMISED = 200.0  # ms, p95


def main() -> None:
    """Measure and print."""
    with idle_stack(fleet=True) as stack:
        here = fleet.read(stack.data.root)
        member = next(member for member in here.members if member.server != "none")
        target = stack.target(member.name, member.port, stack.credential(member.username, here.private_key))
        progress(f"{ROUNDS} rounds on {member.name} ({member.server}) ...")
        ours = [_ours(stack, target) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
        peer = _peer(stack.data.root, member, here.private_key)
    found = {
        "bench": "start",
        "what": "ms from POST /api/v3/executions to the command running on its target",
        "server": member.server,
        "rounds": ROUNDS,
        "opsconductor_ms": spread(ours),
        "openssh_client_ms": spread(peer) if peer else None,
        "ratio_p50": round(spread(ours)["p50"] / spread(peer)["p50"], 2) if peer else None,
        "promised_p95_ms": PROMISED,
        "kept": spread(ours)["p95"] < PROMISED,
        "machine": machine(),
    }
    rows = {"OpsConductor, from POST": spread(ours)}
    if peer:
        rows["ssh, from its start"] = spread(peer)
    show(found, rows, "ms until the command runs")
    raise SystemExit(0 if found["kept"] else 1)


def _ours(stack: IdleStack, target: str) -> float:
    time.sleep(PAUSE)
    began = time.time_ns()
    execution = stack.run(CLOCK, [target])
    [result] = stack.call("GET", f"/executions/{execution['id']}/results")["items"]
    if result["status"] != "completed":
        raise StackProblem(f"A round did not complete: {result['status']}: {result['error_message']}")
    return (int(result["output_text"]) - began) / 1e6


def _peer(data: Path, member: Member, key: Path) -> list[float] | None:
    program = shutil.which("ssh")
    if program is None or member.host_key is None:
        progress("no ssh client here: no peer")
        return None
    known = data / "bench_known_hosts"
    known.write_text(f"[127.0.0.1]:{member.port} {member.host_key}\n")
    options = ["-F", "none", "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={known}", "-i", str(key)]
    command = [program, *options, "-p", str(member.port), f"{member.username}@127.0.0.1", CLOCK]
    rounds = []
    for _ in range(ROUNDS):
        time.sleep(PAUSE)
        began = time.time_ns()
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # OpenSSH's client
        rounds.append((int(done.stdout) - began) / 1e6)
    return rounds


if __name__ == "__main__":
    guarded(main)
