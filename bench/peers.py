"""Other programs for the same work, each set up as its documentation says, in an environment of their own.

All get what OpsConductor has: the same targets, key and known host keys; and as many targets at once as `FORKS`.
OpenSSH's client (and so Ansible and ClusterShell, which call it) is used as it comes; `sparing=True` gives it the key
exchange and the cipher that OpsConductor prefers, which cost less than its own first choice.
"""

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.figures import Missing, progress, root
from bench.spent import Run, run
from opsconductor.stack.fleet import keys
from opsconductor.stack.fleet.target import Spec
from opsconductor.stack.ports import LOOPBACK
from opsconductor.transports.ssh.options import CIPHERS, KEY_EXCHANGES

FORKS = 50
KEPT = "-o ControlMaster=auto -o ControlPersist=60s"  # Ansible's own choice
NOT_KEPT = "-o ControlMaster=no"
LEFT_OUT = Missing("left out")
LOCK = root() / "requirements" / "bench.txt"

PARALLEL_SSH = """\
import json, sys
from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig
given = json.load(open(sys.argv[1]))
client = ParallelSSHClient(
    given["names"], user=given["user"], pkey=given["key"], pool_size=given["forks"],
    allow_agent=False, identity_auth=False,
    host_config=[HostConfig(alias=name, port=port) for name, port in zip(given["names"], given["ports"])],
)
for output in client.run_command(given["command"]):
    list(output.stdout)
    print("answered", output.exit_code)
"""
PYINFRA = """\
hosts = [(name, {{"ssh_hostname": {host!r}, "ssh_port": port, "ssh_user": {user!r}, "ssh_key": {key!r},
    "ssh_known_hosts_file": {known!r}, "ssh_strict_host_key_checking": "yes", "ssh_config_file": "/dev/null",
    "ssh_look_for_keys": False, "ssh_allow_agent": False}}) for name, port in {targets!r}]
"""


Found = Run | Missing


def median(found: Sequence[Found], figure: Callable[[Run], float]) -> float | Missing:
    """Return the median of a peer's rounds, or why there is none."""
    missing = next((each for each in found if isinstance(each, Missing)), None)
    return missing or statistics.median(figure(each) for each in found if isinstance(each, Run))


class Peers:
    """The peers of one benchmark, with the targets they work on. Their files are in `home`."""

    def __init__(self, home: Path, specs: Sequence[Spec], *, wanted: bool = True) -> None:
        self._home, self._specs = home, specs
        self._key = str(home / "id_ed25519")
        self._known = home / "known_hosts"
        lines = [f"[{LOOPBACK}]:{spec.port} {keys.public_line(spec.host_key)}\n" for spec in specs]
        self._known.write_text("".join(lines))
        self.missing = _installed() if wanted else LEFT_OUT

    def ansible(self, command: str, *, sparing: bool = False, kept: bool = False) -> Found:
        """Run `ansible -m raw`, which needs no Python on the target; `kept` leaves connections to the next run.

        What holds kept connections are programs of their own, whose CPU is not counted.
        """
        inventory = self._home / "inventory"
        common = (
            f"ansible_host={LOOPBACK} ansible_user={self._specs[0].username} "
            f"ansible_ssh_private_key_file={self._key}"
        )
        inventory.write_text("".join(f"{s.name} ansible_port={s.port} {common}\n" for s in self._specs))
        environment = {
            "ANSIBLE_HOME": str(self._home / "ansible"),
            "ANSIBLE_SSH_ARGS": f"-F {self.config(sparing=sparing)} {KEPT if kept else NOT_KEPT}",
            "ANSIBLE_NOCOLOR": "1",
        }
        words = ["all", "-i", str(inventory), "-m", "raw", "-a", command, "-f", str(FORKS)]
        return self._installed_run("ansible", "CHANGED", *words, **environment)

    def pyinfra(self, command: str) -> Found:
        """Run `pyinfra exec`, which has an SSH client of its own (paramiko)."""
        inventory = self._home / "inventory.py"
        targets = [(spec.name, spec.port) for spec in self._specs]
        user = self._specs[0].username
        inventory.write_text(
            PYINFRA.format(host=LOOPBACK, user=user, key=self._key, known=str(self._known), targets=targets)
        )
        words = ["-y", "--parallel", str(FORKS), str(inventory), "exec", "--", command]
        return self._installed_run("pyinfra", "] Success", *words)

    def parallel_ssh(self, command: str) -> Found:
        """Run a program for parallel-ssh's library, which does not compare host keys."""
        script, given = self._home / "parallel.py", self._home / "parallel.json"
        script.write_text(PARALLEL_SSH)
        wanted = {
            "names": [LOOPBACK for _ in self._specs],
            "ports": [spec.port for spec in self._specs],
            "user": self._specs[0].username,
            "key": self._key,
            "forks": FORKS,
            "command": command,
        }
        given.write_text(json.dumps(wanted))
        return self._installed_run("python", "answered 0", str(script), str(given))

    def clush(self, command: str) -> Found:
        """Run ClusterShell's clush, which calls OpenSSH's client."""
        names = ",".join(spec.name for spec in self._specs)
        words = [
            "-S",
            "-f",
            str(FORKS),
            "-o",
            f"-F {self.config()}",
            "-w",
            names,
            f"{command} && echo answered",
        ]
        return self._installed_run("clush", ": answered", *words)

    def ssh(self, command: str, *, sparing: bool = False) -> Found:
        """Run OpenSSH's client for each target, started by xargs."""
        words = ["ssh", "-n", "-F", str(self.config(sparing=sparing)), "{}", f"{command} && echo answered"]
        return self._each(words, "answered")

    def ssh_command(self, spec: Spec, command: str) -> list[str] | Missing:
        """Return how OpenSSH's client is called for one target."""
        if self.missing is LEFT_OUT:
            return LEFT_OUT
        program = shutil.which("ssh")
        return [program, "-F", str(self.config()), spec.name, command] if program else Missing("no ssh here")

    def scp(self, source: str, destination: str) -> Found:
        """Copy by OpenSSH's scp, with our key exchange and cipher; `{}` in a name is the target's, and a host."""
        return self._each(["scp", "-q", "-F", str(self.config(sparing=True)), source, destination], None)

    def config(self, *, sparing: bool = False) -> Path:
        """Write a configuration of OpenSSH's client, in which targets are hosts; return it."""
        path = self._home / f"ssh_config{'_sparing' if sparing else ''}"
        hosts = "".join(f"Host {s.name}\n HostName {LOOPBACK}\n Port {s.port}\n" for s in self._specs)
        common = [
            "Host *",
            f"User {self._specs[0].username}",
            f"IdentityFile {self._key}",
            "IdentitiesOnly yes",
            "BatchMode yes",
            f"UserKnownHostsFile {self._known}",
            "GlobalKnownHostsFile none",
            *([f"KexAlgorithms {KEY_EXCHANGES[0]}", f"Ciphers {CIPHERS[0]}"] if sparing else []),
        ]
        path.write_text(hosts + "\n ".join(common) + "\n")
        return path

    def _each(self, command: list[str], answer: str | None) -> Found:
        if self.missing is LEFT_OUT:
            return LEFT_OUT
        program = shutil.which(command[0])
        if program is None:
            return Missing(f"no {command[0]} here")
        names = self._home / "names"
        names.write_text("".join(f"{spec.name}\n" for spec in self._specs))
        words = ["xargs", "-a", str(names), "-P", str(FORKS), "-I", "{}", program, *command[1:]]
        return self._checked(command[0], run(words), answer)

    def _installed_run(self, program: str, answer: str, *words: str, **environment: str) -> Found:
        if self.missing:
            return self.missing
        return self._checked(program, run([str(_venv() / "bin" / program), *words], environment), answer)

    def _checked(self, program: str, found: Run, answer: str | None) -> Found:
        """Return what was found, if every target answered: a figure of failures is none."""
        wanted = len(self._specs)
        answered = found.output.count(answer) if answer else wanted
        if found.status == 0 and answered == wanted:
            return found
        progress(f"{program} ended with {found.status}: {found.output[-400:]}")
        return Missing(f"failed: {answered} of {wanted} targets answered")


def _venv() -> Path:
    return root() / ".cache" / "peers"


def _installed() -> Missing | None:
    """Install the peers unless they are there; say why where that is impossible, as without a network."""
    venv = _venv()
    stamp = venv / "stamp"
    if stamp.exists() and stamp.read_text() == LOCK.read_text():
        return None
    progress("Installing the peers (Ansible, pyinfra, parallel-ssh, ClusterShell) ...")
    shutil.rmtree(venv, ignore_errors=True)
    uv = str(Path(sys.executable).with_name("uv"))
    make = [sys.executable, "-m", "venv", "--without-pip", str(venv)]
    install = [uv, "pip", "install", "--quiet", "--python", str(venv / "bin" / "python")]
    for command in (make, [*install, "--require-hashes", "-r", str(LOCK)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own installer
        if done.returncode != 0:
            reason = (done.stderr.strip() or "no reason was given").splitlines()[-1]
            progress(f"The peers can't be installed: {reason}")
            return Missing("could not be installed")
    stamp.write_text(LOCK.read_text())
    return None
