"""Workers, sessions and keepers are killed at random: no detached operation is lost, run twice or told wrongly."""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.sshd import Target, running_sshd
from tests.transports.detached_runs import processes, until

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
OPERATIONS = int(os.environ.get("OPSCONDUCTOR_TEST_OPERATIONS", "60"))
ENOUGH = Counter(worker=2, session=5)
"""Kills without which a block has proved nothing: it goes on with more operations until it has had them."""
SIZES = (0, 1, 31, 4_096, 65_536, 100_000, 1_000_000)


@dataclass
class Storm:
    """What is done to one block of operations, and what came of it."""

    target: Target
    folder: Path
    dice: random.Random = field(default_factory=lambda: random.Random(11))
    expected: dict[str, tuple[str, str]] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    fence: int = 0

    def prepare(self, operations: int) -> None:
        for name in ("notes", "results", "outputs"):
            (self.folder / name).mkdir(exist_ok=True)
        for number in range(len(self.commands), len(self.commands) + operations):
            self._operation(f"op-{number}")

    def _operation(self, id: str) -> None:
        hashes = []
        for stream in ("out", "err"):
            content = self.dice.randbytes(self.dice.choice(SIZES))
            (self.folder / "outputs" / f"{id}.{stream}").write_bytes(content)
            hashes.append(hashlib.sha256(content).hexdigest())
        self.expected[id] = (hashes[0], hashes[1])
        outputs, pause = self.folder / "outputs" / id, self.dice.choice((0, 0.05, 0.3))
        self.commands[id] = (
            f"echo ran >>{self.folder}/notes/{id}; head -c 5000 {outputs}.out; sleep {pause}; "
            f"cat {outputs}.err >&2; tail -c +5001 {outputs}.out; exit 3"
        )

    async def start_worker(self) -> asyncio.subprocess.Process:
        self.fence += 1
        plan = self._plan_of(self.fence)
        plan.write_text(json.dumps(self._plan()))
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PYTHONWARNINGS": ""}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.transports.detached_worker", str(plan), env=environment
        )

    def _plan_of(self, fence: int) -> Path:
        return self.folder / f"{fence}.plan"

    def _plan(self) -> dict[str, object]:
        login = self.target.login
        assert login.private_key is not None
        return {
            "host": self.target.endpoint.host,
            "port": self.target.endpoint.port,
            "username": login.username,
            "private_key": login.private_key.get_secret_value(),
            "host_key": self.target.host_key,
            "commands": self.commands,
            "results": str(self.folder / "results"),
            "fence": self.fence,
        }

    @property
    def finished(self) -> int:
        return len(list((self.folder / "results").glob("*.json")))

    async def rage(self, *, kills_keepers: bool) -> None:
        """Kill workers and what serves them, until enough died and all is known; give up where nothing proceeds."""
        give_up = time.monotonic() + 60 + OPERATIONS / 2
        while self.finished < len(self.commands) or not self.done >= ENOUGH:
            assert time.monotonic() < give_up, f"stuck: {self.finished} finished, {self.done}"
            if self.finished == len(self.commands):
                self.prepare(OPERATIONS // 2)
            worker = await self.start_worker()
            try:
                await until(self._plan_of(self.fence).with_suffix(".taken").exists, 30)
                await self._while_it_works(kills_keepers=kills_keepers)
            finally:
                self.done["worker"] += worker.returncode is None
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
                await worker.wait()

    async def _while_it_works(self, *, kills_keepers: bool) -> None:
        end = time.monotonic() + self.dice.uniform(1, 3)
        while self.finished < len(self.commands) and time.monotonic() < end:
            await asyncio.sleep(self.dice.uniform(0.05, 0.25))
            self._kill_one("session", _sessions(self.target))
            if kills_keepers and self.dice.random() < 0.2:
                self._kill_one("keeper", _keepers(self.target))

    def _kill_one(self, kind: str, candidates: Iterator[int]) -> None:
        found = list(candidates)
        if found and self.dice.random() < 0.5:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.dice.choice(found), signal.SIGKILL)
                self.done[kind] += 1

    def judge(self) -> Counter[str]:
        """Compare results with what should have come, and with what really happened."""
        verdicts = Counter[str]()
        for id, expected in self.expected.items():
            story = json.loads((self.folder / "results" / f"{id}.json").read_text())
            note = self.folder / "notes" / id
            runs = len(note.read_text().splitlines()) if note.exists() else 0
            verdicts["twice"] += runs > 1
            verdicts["unknown"] += "unknown" in story
            if "unknown" not in story:
                verdicts["never ran"] += runs == 0
                right = (story["code"], story["clean"], story["out"], story["err"]) == (3, True, *expected)
                verdicts["right" if right else "wrong"] += 1
        return +verdicts


def _sessions(target: Target) -> Iterator[int]:
    """Yield the sshd of each connection, and the attendants it serves."""
    for process in processes(target):
        with contextlib.suppress(OSError):
            parent = Path(f"/proc/{_parent(process)}")
            if (parent / "comm").read_text().startswith("sshd"):
                yield int(parent.name)
                yield int(process.name)


def _keepers(target: Target) -> Iterator[int]:
    """Yield what leads a session, is no command, and was not started by sshd."""
    for process in processes(target):
        with contextlib.suppress(OSError):
            leads = _field(process, 3) == process.name
            if leads and (process / "cmdline").read_bytes() == b"sh\0-s\0" and _field(process, 1) == "1":
                yield int(process.name)


def _parent(process: Path) -> str:
    return _field(process, 1)


def _field(process: Path, number: int) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[number]


@pytest.mark.crash
@pytest.mark.parametrize("kills_keepers", [False, True], ids=["sessions", "keepers too"])
async def test_kills_lose_double_and_falsify_no_operation(kills_keepers, tmp_path):
    async with running_sshd() as [target]:
        if target.kind != "openssh":
            pytest.skip("kills the processes of an sshd")
        storm = Storm(target, tmp_path)
        storm.prepare(OPERATIONS)
        await storm.rage(kills_keepers=kills_keepers)
        verdicts = storm.judge()
    log.warning("%s, having killed %s", dict(verdicts), dict(storm.done))

    assert set(verdicts) <= {"right", "unknown"}
    assert verdicts["unknown"] <= storm.done["keeper"]
