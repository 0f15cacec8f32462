"""What happened, held against what is promised: every operation ends once, ran at most once, and told the truth."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from bench.figures import machine
from psycopg.rows import dict_row

from chaos.load import Load

QUERY = """
    select r.execution_id::text, r.target_name, r.status, r.error_code, r.attempts, r.finished_at,
           e.status as execution_status, e.finished_at as execution_finished_at,
           r.output_head, r.output_path, r.error_head, r.error_path
    from execution_results r join executions e on e.id = r.execution_id
"""
OPEN = "select count(*) from execution_results where status in ('scheduled', 'running')"
OPEN_EXECUTIONS = "select count(*) from executions where status in ('scheduled', 'running')"


@dataclass
class Verdict:
    """The broken promises, each with examples, and what was counted."""

    broken: dict[str, list[str]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def held(self) -> bool:
        return not self.broken

    def breaks(self, promise: str, example: str) -> None:
        self.broken.setdefault(promise, []).append(example)

    def add(self, other: "Verdict", where: str) -> None:
        """Take over what another verdict found."""
        self.ends += other.ends
        self.reasons += other.reasons
        for promise, examples in other.broken.items():
            for example in examples:
                self.breaks(promise, f"{where}: {example}")

    def told(self) -> dict[str, Any]:
        """Return it as a report has it, with some examples of each broken promise."""
        return {
            "ends": dict(self.ends),
            "reasons": dict(self.reasons),
            "broken": {promise: examples[:10] for promise, examples in self.broken.items()},
            "held": self.held,
            "machine": machine(),
        }


def open_work(database_url: str) -> int:
    """Return how much has not ended. Raises psycopg.Error while the database is away."""
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        counts = [connection.execute(query).fetchone() for query in (OPEN, OPEN_EXECUTIONS)]
    return sum(int(row[0]) for row in counts if row)


def judge(database_url: str, storage: Path, load: Load) -> Verdict:
    """Return what came of a storm."""
    verdict = Verdict()
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        rows = connection.execute(QUERY).fetchall()
    seen = Counter((row["execution_id"], row["target_name"]) for row in rows)
    for id, number in load.accepted.items():
        for target in load.target_names:
            if seen[id, target] != 1:
                verdict.breaks("every accepted operation has one result", f"{number} on {target}")
    for row in rows:
        _judge(row, storage, load, verdict)
    for row in rows:
        if row["execution_id"] not in load.accepted:
            verdict.breaks("nothing runs that was not accepted", row["execution_id"])
    return verdict


def _judge(row: dict[str, Any], storage: Path, load: Load, verdict: Verdict) -> None:
    number, target, status = load.accepted.get(row["execution_id"], -1), row["target_name"], row["status"]
    name = f"{number} on {target} ({status}, {row['error_code']})"
    note = load.notes / f"{number}.{target}"
    runs = len(note.read_text().splitlines()) if note.exists() else 0
    verdict.ends[status] += 1
    if row["error_code"]:
        verdict.reasons[f"{status}: {row['error_code']}"] += 1
    if runs > 1:
        verdict.breaks("nothing runs twice", f"{name} ran {runs} times")
    if status not in load.ends:
        verdict.breaks("every operation ends honestly", name)
    if row["finished_at"] is None or row["execution_finished_at"] is None:
        verdict.breaks("nothing is stuck", name)
    if status == "unreachable" and runs:
        verdict.breaks("what was not begun did not run", name)
    if status == "completed":
        if runs != 1:
            verdict.breaks("what completed ran", name)
        if _digests(row, storage) != load.expected(number, target):
            verdict.breaks("what completed is stored byte for byte, and is its own", name)


def _digests(row: dict[str, Any], storage: Path) -> tuple[bytes, bytes]:
    out = _content(storage, row["output_path"], row["output_head"])
    err = _content(storage, row["error_path"], row["error_head"])
    return hashlib.sha256(out).digest(), hashlib.sha256(err).digest()


def _content(storage: Path, path: str | None, head: bytes) -> bytes:
    return (storage / path).read_bytes() if path else head
