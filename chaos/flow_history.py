"""What came of the runs of a storm over flows, held against what is promised of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from chaos.history import Verdict

COMPLETED = frozenset({"completed"})


@dataclass
class Started:
    """Runs that were answered for, and how often Node-RED had to be asked again."""

    runs: list[str] = field(default_factory=list)
    tried_again: int = 0


def judge(
    runs: Sequence[dict[str, Any]], notes: Path, started: Started, steps: int, ends: frozenset[str]
) -> Verdict:
    """Return what came of the runs: those that were answered for have completed, the others may end like that."""
    verdict = Verdict()
    for id in untold(runs, notes, started):
        verdict.breaks("a run that did something, or was answered for, is recorded", id)
    for run in runs:
        _judge(run, notes, steps, COMPLETED if run["id"] in started.runs else ends, verdict)
    return verdict


def untold(runs: Sequence[dict[str, Any]], notes: Path, started: Started) -> set[str]:
    """Return runs that did something, or were answered for, but that nobody has told of."""
    return {*started.runs, *(note.name for note in notes.iterdir())} - {run["id"] for run in runs}


def _judge(run: dict[str, Any], notes: Path, steps: int, ends: frozenset[str], verdict: Verdict) -> None:
    id, status, reason = run["id"], run["status"], run["error_message"]
    verdict.ends[status] += 1
    if reason:
        verdict.reasons[f"{status}: {reason[:80]}"] += 1
    note = notes / id
    ran = Counter(note.read_text().split()) if note.exists() else Counter[str]()
    if any(count > 1 for count in ran.values()):
        verdict.breaks("nothing runs twice", f"{id} ({status}): {dict(ran)}")
    if status == "running":
        verdict.breaks("nothing is stuck", id)
    elif status not in ends:
        verdict.breaks("every run ends as it may", f"{id}: {status}, {reason}, {dict(ran)}")
    elif status != "completed" and not reason:
        verdict.breaks("what did not complete says why", f"{id}: {status}")
    if status == "completed" and ran.keys() != {str(step) for step in range(1, steps + 1)}:
        verdict.breaks("what completed ran all its steps", f"{id}: {dict(ran)}")


def met(runs: Sequence[dict[str, Any]], blows: Sequence[float]) -> int:
    """Return how many blows, given in s since 1970, fell while a run was under way."""
    spans = [(_seconds(run["started_at"]), _seconds(run["completed_at"])) for run in runs]
    return sum(any(begun < blow < ended for begun, ended in spans) for blow in blows)


def _seconds(instant: str | None) -> float:
    return datetime.fromisoformat(instant).timestamp() if instant else float("inf")
