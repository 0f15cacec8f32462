"""What a benchmark finds: rows of ours beside a peer's, with a goal; as a table, or as JSON."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

WIDE = 150  # columns where nobody says how many there are
Sense = Literal["<", "≤", "≥"]


@dataclass(frozen=True)
class Goal:
    """What was promised: a limit for our own figure, or for how many times better than the peer it is."""

    sense: Sense
    limit: float
    of: Literal["ours", "ratio"] = "ours"

    def is_met(self, value: float) -> bool:
        """Tell whether the value, as measured and not as printed, is within the limit."""
        match self.sense:
            case "<":
                return value < self.limit
            case "≤":
                return value <= self.limit
            case "≥":
                return value >= self.limit

    def __str__(self) -> str:
        return f"{self.sense} {self.limit:g}{' times' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Missing:
    """Why a peer could not be measured."""

    why: str


@dataclass(frozen=True)
class Measure:
    """One row: what we measured, beside one peer or none."""

    name: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float | Missing | None = None
    goal: Goal | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer ours is; below 1 the peer is better."""
        if not isinstance(self.theirs, float | int) or not self.theirs or not self.ours:
            return None
        return self.ours / self.theirs if self.more_is_better else self.theirs / self.ours

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None where there is none, or no peer to hold it against."""
        value = self.ratio if self.goal and self.goal.of == "ratio" else self.ours
        return None if self.goal is None or value is None else self.goal.is_met(value)

    def aiming_at(self, goal: Goal) -> "Measure":
        """Return the same measure with a goal."""
        return replace(self, goal=goal)

    def beside(self, peer: str, theirs: float | Missing, goal: Goal | None = None) -> "Measure":
        """Return the same measure beside another peer."""
        return replace(self, peer=peer, theirs=theirs, goal=goal)

    @property
    def verdict(self) -> str:
        """Return the sentence that holds what was measured against what was promised."""
        found = (
            f"{rounded(self.ratio):g} times"
            if self.goal and self.goal.of == "ratio"
            else self.with_unit(self.ours)
        )
        return f"{self.name}{f', beside {self.peer}' if self.peer else ''}: {found}, promised {self.goal}"

    def with_unit(self, value: float) -> str:
        """Return a value as people read it."""
        return f"{rounded(value):g} {self.unit}"

    def row(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "measure": self.name,
            "unit": self.unit,
            "ours": rounded(self.ours),
            "peer": f"{self.peer}: {self.theirs.why}"
            if isinstance(self.theirs, Missing)
            else self.peer or None,
            "theirs": None if isinstance(self.theirs, Missing) else rounded(self.theirs),
            "ratio": rounded(self.ratio),
            "goal": str(self.goal) if self.goal else None,
            "met": self.met,
        }


def report(bench: str, found: dict[str, list[Measure]], notes: dict[str, str]) -> dict[str, Any]:
    """Return everything for programs; each row names its scenario."""
    rows = [{"bench": name, **measure.row()} for name, measures in found.items() for measure in measures]
    return {"bench": bench, "what": notes, "rows": rows, "machine": machine()}


def show(report: dict[str, Any], *, as_json: bool) -> None:
    """Print a report as JSON, or as a table for each scenario."""
    if as_json:
        sys.stdout.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        return
    wide = None if sys.stdout.isatty() else WIDE
    console = Console(highlight=False, width=wide)
    for name, what in report["what"].items():
        rows = [row for row in report["rows"] if row["bench"] == name]
        if rows:
            console.print(_table(f"{name}: {what}", rows))
            console.print()
    console.print(", ".join(f"{name} {value}" for name, value in report["machine"].items()))


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("measure", "ours", "peer", "ratio", "goal", "met"):
        table.add_column(heading, justify="left" if heading in ("measure", "peer") else "right")
    for row in rows:
        unit, theirs = row["unit"], row["theirs"]
        peer = row["peer"] or ""
        table.add_row(
            row["measure"],
            f"{row['ours']:g} {unit}",
            f"{peer}: {theirs:g} {unit}" if theirs is not None else peer,
            "" if row["ratio"] is None else f"{row['ratio']:g}",
            row["goal"] or "",
            {True: "yes", False: "[bold]no[/]", None: ""}[row["met"]],
        )
    return table


def rank(values: Sequence[float], percent: int) -> float:
    """Return a percentile by its nearest rank: a value that was measured."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def rounded(value: float | None) -> float | None:
    """Return a value with three figures that count, or more where it is large."""
    if value is None:
        return None
    return float(round(value)) if abs(value) >= 100 else float(f"{value:.3g}")


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def progress(text: str) -> None:
    """Tell on stderr what is under way."""
    sys.stderr.write(f"{text}\n")


def root() -> Path:
    """Return the project's folder."""
    return Path(__file__).parents[1]
