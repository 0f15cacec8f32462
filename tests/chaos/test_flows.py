"""A block of the storm over flows: Node-RED, bridge and core are killed under runs of durable commands; its judge."""

from pathlib import Path
from typing import Any

import pytest
from chaos.flows import Started, judge
from tests.chaos.conftest import a_storm

KILLS, RUNS, STEPS = 2, 12, 5
ID = "run-1"


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_a_storm_over_flows_runs_each_command_once_and_leaves_no_run_open() -> None:
    status, found = a_storm("--flows", f"--runs={RUNS}", f"--steps={STEPS}", f"--kills={KILLS}")

    assert found["broken"] == {}
    assert (status, found["runs"]) == (0, RUNS)
    assert set(found["faults"].values()) == {KILLS}
    assert found["ends"]["completed"] >= RUNS / 2, "most runs were lost: this test has proved little"


def _broken(folder: Path, status: str, ran: str) -> set[str]:
    (folder / ID).write_text(ran)
    run: dict[str, Any] = {"id": ID, "status": status, "error_message": None}
    return set(judge([run], folder, Started([ID]), 2).broken)


@pytest.mark.parametrize(
    ("status", "ran", "promise"),
    [
        ("completed", "1\n1\n2\n", "nothing runs twice"),
        ("lost", "1\n1\n", "nothing runs twice"),
        ("completed", "1\n", "what completed ran all its steps"),
        ("failed", "1\n", "every run ends honestly"),
        ("running", "1\n", "nothing is stuck"),
    ],
)
def test_the_judge_of_flows_catches(tmp_path: Path, status: str, ran: str, promise: str) -> None:
    assert _broken(tmp_path, status, ran) == {promise}


def test_the_judge_of_flows_has_nothing_against_what_is_right(tmp_path: Path) -> None:
    assert _broken(tmp_path, "completed", "1\n2\n") == set()
    assert _broken(tmp_path, "lost", "1\n") == set()


def test_the_judge_of_flows_misses_a_run_that_nobody_recorded(tmp_path: Path) -> None:
    (tmp_path / ID).write_text("1\n")

    assert set(judge([], tmp_path, Started([ID]), 2).broken) == {"a run that did something is recorded"}
