"""`hostname` on 100 targets, each with an OpenSSH server of its own: OpsConductor beside Ansible, in one run.

The first round is cold on both sides. From the second on OpsConductor uses the connections it has kept, as it does by
default; Ansible keeps none here, as its own way of keeping them would need a program of OpenSSH for each target.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.figures import machine, progress, root, show, spread
from bench.idle_stack import IdleStack, idle_stack
from bench.servers import servers
from opsconductor.apps.cli.console import guarded
from opsconductor.stack.fleet import keys
from opsconductor.stack.fleet.target import Spec
from opsconductor.stack.problems import StackProblem

TARGETS = 100
ROUNDS = 5
FORKS = 50
COMMAND = "hostname"


def main() -> None:
    """Measure and print."""
    ansible = _ansible()
    with idle_stack(fleet=False) as stack:
        home = stack.data.root / "bench"
        home.mkdir()
        found = asyncio.run(_measured(stack, home, ansible))
    rows = {
        "OpsConductor": {**found["opsconductor_s"], "first": found["opsconductor_first_s"]},
        f"Ansible (-m raw -f {FORKS})": {**found["ansible_s"], "first": found["ansible_first_s"]},
    }
    show(found, rows, f"s for {COMMAND} on {TARGETS} targets")


async def _measured(stack: IdleStack, home: Path, ansible: Path) -> dict[str, Any]:
    async with servers(home, TARGETS) as specs:
        key = home / "id_ed25519"
        credential = stack.credential(specs[0].username, key)
        targets = [stack.target(spec.name, spec.port, credential) for spec in specs]
        inventory = _inventory(home, specs, key)
        ours, theirs = [], []
        for number in range(ROUNDS):  # taking turns, so that both see the same machine
            ours.append(await asyncio.to_thread(_ours, stack, targets))
            theirs.append(await asyncio.to_thread(_theirs, ansible, inventory, home))
            progress(f"round {number + 1}: OpsConductor {ours[-1]:.2f} s, Ansible {theirs[-1]:.2f} s")
    return {
        "bench": "ssh",
        "what": f"s for `{COMMAND}` on {TARGETS} targets, from the request to the last stored result",
        "rounds": ROUNDS,
        "opsconductor_first_s": round(ours[0], 2),
        "ansible_first_s": round(theirs[0], 2),
        "ansible_over_opsconductor_first": round(theirs[0] / ours[0], 2),
        "opsconductor_s": _seconds(ours),
        "ansible_s": _seconds(theirs),
        "ansible_over_opsconductor_p50": round(_seconds(theirs)["p50"] / _seconds(ours)["p50"], 2),
        "machine": machine(),
    }


def _seconds(rounds: list[float]) -> dict[str, float]:
    return {name: round(value / 1000, 2) for name, value in spread([r * 1000 for r in rounds]).items()}


def _ours(stack: IdleStack, targets: list[str]) -> float:
    began = time.perf_counter()
    ended = stack.run(COMMAND, targets)
    seconds = time.perf_counter() - began
    if ended["counts"].get("completed") != TARGETS:
        raise StackProblem(f"Not every target completed: {ended['counts']}")
    return seconds


def _inventory(home: Path, specs: list[Spec], key: Path) -> Path:
    known = home / "known_hosts"
    lines = [f"[127.0.0.1]:{spec.port} {keys.public_line(spec.host_key)}\n" for spec in specs]
    known.write_text("".join(lines))
    common = (
        f"ansible_host=127.0.0.1 ansible_user={specs[0].username} ansible_ssh_private_key_file={key} "
        f"ansible_ssh_common_args='-F none -o UserKnownHostsFile={known}'"
    )
    inventory = home / "inventory"
    inventory.write_text("".join(f"{spec.name} ansible_port={spec.port} {common}\n" for spec in specs))
    return inventory


def _theirs(ansible: Path, inventory: Path, home: Path) -> float:
    # No connection is kept from round to round: compare the first rounds for what is cold on both sides.
    environment = {
        **os.environ,
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=no",
        "ANSIBLE_NOCOLOR": "1",
    }
    command = [str(ansible), "all", "-i", str(inventory), "-m", "raw", "-a", COMMAND, "-f", str(FORKS)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603  # Ansible
    seconds = time.perf_counter() - began
    answered = done.stdout.count("CHANGED")
    if answered != TARGETS:
        raise StackProblem(f"Ansible reached {answered} of {TARGETS} targets: {done.stderr[-300:]}")
    return seconds


def _ansible() -> Path:
    """Return Ansible's program, in an environment of its own that is made for this benchmark only."""
    venv = root() / ".cache" / "ansible"
    program = venv / "bin" / "ansible"
    lock = root() / "requirements" / "bench.txt"
    stamp = venv / "stamp"
    if not (stamp.exists() and stamp.read_text() == lock.read_text()):
        progress("Installing Ansible for this benchmark ...")
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)  # noqa: S603  # Python itself
        uv, python = Path(sys.executable).with_name("uv"), venv / "bin" / "python"
        install = [
            str(uv),
            "pip",
            "install",
            "-q",
            "--python",
            str(python),
            "--require-hashes",
            "-r",
            str(lock),
        ]
        subprocess.run(install, check=True)  # noqa: S603  # our own installer
        stamp.write_text(lock.read_text())
    return program


if __name__ == "__main__":
    guarded(main)
