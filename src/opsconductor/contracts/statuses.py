"""Statuses of executions and results: one table for API, web app, nodes and command line (statuses.json)."""

import json
from importlib.resources import files
from typing import Literal, get_args

ExecutionStatus = Literal["scheduled", "running", "completed", "failed", "cancelled"]
ResultStatus = Literal[
    "scheduled",
    "running",
    "completed",
    "failed",
    "cancelled",
    "unreachable",
    "timed_out",
    "skipped",
    "lost",
]
EXECUTION_STATUSES: tuple[str, ...] = get_args(ExecutionStatus)
RESULT_STATUSES: tuple[str, ...] = get_args(ResultStatus)

TABLE: dict[str, dict[str, str | bool]] = json.loads(
    files("opsconductor.contracts").joinpath("statuses.json").read_text()
)
TERMINAL: frozenset[str] = frozenset(name for name, facts in TABLE.items() if facts["terminal"])
