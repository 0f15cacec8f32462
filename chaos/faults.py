"""What a storm does to the stack and to the targets."""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil
import redis

from opsconductor.stack import control
from opsconductor.stack.folders import DataDir

READY_LIMIT = 60.0  # s for a part to be back
SETTLED = (0.05, 0.8)  # s between "it is back" and the next blow: early and late moments alike
STALL = (3.0, 8.0)  # s in which a slow part does nothing: shorter and longer than its callers' patience


@dataclass
class Faults:
    """Deals blows, one after the other, each when the part it meets is up."""

    data: DataDir
    dice: random.Random
    deploy: Callable[[], None] = lambda: None
    """Deploys the flows of the storm again."""
    dealt: Counter[str] = field(default_factory=Counter)
    at: list[float] = field(default_factory=list)
    """When parts were struck, in s since 1970."""

    def deck(self, worker: int, postgres: int, session: int, valkey: int) -> list[Callable[[], None]]:
        """Return blows in random order."""
        blows: list[Callable[[], None]] = [
            *[self.kill_worker] * worker,
            *[self.restart_postgres] * postgres,
            *[self.kill_session] * session,
            *[self.kill_valkey] * (valkey - valkey // 2),
            *[self.flush_valkey] * (valkey // 2),
        ]
        self.dice.shuffle(blows)
        return blows

    def flow_deck(self, blows: Sequence[str], count: int) -> list[Callable[[], None]]:
        """Return so many of each of these blows, by the names they have here, in random order."""
        deck: list[Callable[[], None]] = [getattr(self, name) for name in blows for _ in range(count)]
        self.dice.shuffle(deck)
        return deck

    def kill_nodered(self) -> None:
        """SIGKILL to Node-RED, with all its messages."""
        self._strike("nodered", signal.SIGKILL)

    def kill_bridge(self) -> None:
        """SIGKILL to the bridge."""
        self._strike("bridge", signal.SIGKILL)

    def kill_core(self) -> None:
        """SIGKILL to the core."""
        self._strike("core", signal.SIGKILL)

    def stall_bridge(self) -> None:
        """The bridge does nothing for some seconds, and then goes on."""
        self._stall("bridge")

    def stall_core(self) -> None:
        """The core does nothing for some seconds, and then goes on."""
        self._stall("core")

    def redeploy(self) -> None:
        """A deploy of all flows: Node-RED stops every node, with the messages it has, and starts it anew."""
        self._when_ready("nodered")
        time.sleep(self.dice.uniform(*SETTLED))
        self._note("deploy")
        self.deploy()

    def kill_worker(self) -> None:
        """SIGKILL to the worker."""
        self._strike("worker", signal.SIGKILL)

    def restart_postgres(self) -> None:
        """An immediate shutdown: no checkpoint, recovery at the next start."""
        self._strike("postgres", signal.SIGQUIT)

    def kill_valkey(self) -> None:
        """SIGKILL to Valkey, which forgets everything."""
        self._strike("valkey", signal.SIGKILL)

    def flush_valkey(self) -> None:
        """Make Valkey forget everything."""
        client = redis.Redis.from_url((self.data.secrets / "redis_url").read_text())
        with contextlib.suppress(redis.RedisError):
            client.flushall()
            self.dealt["valkey flushed"] += 1
        client.close()

    def kill_session(self) -> None:
        """SIGKILL to the process of one SSH session on the side of the target."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            sessions = [p for p in psutil.Process().children(recursive=True) if _is_session(p)]
            if sessions:
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.dice.choice(sessions).kill()
                    self.dealt["session killed"] += 1
                    return
            time.sleep(0.02)

    def _strike(self, service: str, how: signal.Signals) -> None:
        pid = self._when_ready(service)
        time.sleep(self.dice.uniform(*SETTLED))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
            self._note(f"{service} {how.name}")
        self._when_ready(service, other_than=pid)

    def _stall(self, service: str) -> None:
        pid = self._when_ready(service)
        time.sleep(self.dice.uniform(*SETTLED))
        os.kill(pid, signal.SIGSTOP)
        self._note(f"{service} stalled")
        try:
            time.sleep(self.dice.uniform(*STALL))
        finally:
            os.kill(pid, signal.SIGCONT)

    def _note(self, blow: str) -> None:
        self.dealt[blow] += 1
        self.at.append(time.time())

    def _when_ready(self, service: str, other_than: int | None = None) -> int:
        """Return the process id of a service that works, without the supervisor's growing pauses."""
        deadline = time.monotonic() + READY_LIMIT
        while time.monotonic() < deadline:
            found = (control.ask(self.data.socket, "status") or {}).get("services", {}).get(service, {})
            if found.get("state") == "ready" and found.get("pid") not in (None, other_than):
                return int(found["pid"])
            if found.get("state") == "restarting":
                control.ask(self.data.socket, "restart", service=service)
            time.sleep(0.05)
        raise TimeoutError(f"{service} was not back within {READY_LIMIT:.0f} s")


def _is_session(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        line = " ".join(process.cmdline())
        return line.startswith("sshd") and "@" in line
    return False
