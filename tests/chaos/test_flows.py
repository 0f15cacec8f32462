"""Blocks of the storm over flows: what runs durable commands is killed, stalled and deployed to; its judge."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chaos.faults import Faults
from chaos.flow_history import COMPLETED, Started, judge, met
from chaos.flows import BOUTS, wanted
from tests.chaos.conftest import a_storm

from opsconductor.stack.folders import DataDir
from opsconductor.stack.problems import StackProblem

RUNS, STEPS = 6, 5
BLOWS = {"together": 2, "bridge": 3, "core": 2, "slow": 1, "deploys": 2}
ID, OTHER = "run-1", "run-2"


@pytest.fixture(scope="module")
def storm() -> tuple[int, dict[str, Any]]:
    """One storm, with all bouts one after the other."""
    bouts = [f"--bout={name}={count}" for name, count in BLOWS.items()]
    return a_storm("--flows", f"--runs={RUNS}", f"--steps={STEPS}", *bouts)


@pytest.mark.crash
@pytest.mark.timeout(900)
@pytest.mark.parametrize("bout", BOUTS)
def test_what_was_answered_for_completes_with_each_command_run_once(
    storm: tuple[int, dict[str, Any]], bout: str
) -> None:
    _, found = storm
    told = found["bouts"][bout]

    assert [one for examples in found["broken"].values() for one in examples if one.startswith(bout)] == []
    assert set(told["faults"].values()) == {BLOWS[bout]}
    assert (told["runs"], told["ends"]["completed"] >= RUNS) == (RUNS, True)
    assert told["faults_during_runs"] > 0, "no blow met a run: this test has proved nothing"
    assert told["settled_after_s"] <= 30


def test_bridge_and_core_alone_can_be_killed_and_deployed_to_without_any_run_being_lost() -> None:
    alone = {name: bout.blows for name, bout in BOUTS.items() if bout.ends == COMPLETED}

    assert alone == {
        "bridge": ("kill_bridge",),
        "core": ("kill_core",),
        "slow": ("stall_bridge", "stall_core"),
    }


def _broken(folder: Path, status: str, ran: str, *, answered: bool, reason: str | None = None) -> set[str]:
    (folder / ID).write_text(ran)
    run: dict[str, Any] = {"id": ID, "status": status, "error_message": reason}
    started = Started([ID] if answered else [])
    return set(judge([run], folder, started, 2, COMPLETED | {"lost"}).broken)


@pytest.mark.parametrize(
    ("status", "ran", "promise"),
    [
        ("completed", "1\n1\n2\n", "nothing runs twice"),
        ("completed", "1\n", "what completed ran all its steps"),
        ("failed", "1\n", "every run ends as it may"),
        ("lost", "1\n", "every run ends as it may"),
        ("running", "1\n", "nothing is stuck"),
    ],
)
def test_the_judge_of_flows_catches(tmp_path: Path, status: str, ran: str, promise: str) -> None:
    assert _broken(tmp_path, status, ran, answered=True, reason="why") == {promise}


def test_a_run_whose_caller_got_no_answer_may_be_lost_if_it_says_so_and_did_nothing_twice(
    tmp_path: Path,
) -> None:
    assert _broken(tmp_path, "lost", "1\n", answered=False, reason="Node-RED fell silent.") == set()
    assert _broken(tmp_path, "lost", "1\n", answered=False) == {"what did not complete says why"}
    assert _broken(tmp_path, "lost", "1\n1\n", answered=False, reason="why") == {"nothing runs twice"}


def test_the_judge_of_flows_has_nothing_against_what_is_right(tmp_path: Path) -> None:
    assert _broken(tmp_path, "completed", "1\n2\n", answered=True) == set()


def test_the_judge_of_flows_misses_runs_that_nobody_recorded(tmp_path: Path) -> None:
    (tmp_path / ID).write_text("1\n")
    verdict = judge([], tmp_path, Started([OTHER]), 2, COMPLETED)

    [(promise, examples)] = verdict.broken.items()
    assert promise == "a run that did something, or was answered for, is recorded"
    assert sorted(examples) == [ID, OTHER]


def test_a_blow_counts_as_met_while_a_run_is_under_way() -> None:
    run = {"started_at": "2026-01-01T00:00:10+00:00", "completed_at": "2026-01-01T00:00:20+00:00"}
    open_run = {"started_at": "2026-01-01T00:01:00+00:00", "completed_at": None}
    midnight = 1_767_225_600.0

    assert met([run, open_run], [midnight + second for second in (5, 15, 25, 90)]) == 2


def test_words_name_bouts_and_their_blows() -> None:
    assert wanted(["core", "bridge=3"], 20) == [("core", 20), ("bridge", 3)]
    for word in ("cor", "core=x", "core=-1"):
        with pytest.raises(StackProblem, match="There is no bout"):
            wanted([word], 20)


@pytest.fixture
def sleeper() -> Any:
    """A process that does something all the time."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield process
    process.kill()
    process.wait()


def test_a_part_that_is_stalled_stands_still_and_goes_on(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = []

    def look(_seconds: float) -> None:
        if faults.at:
            stopped.append(os.waitid(os.P_PID, sleeper.pid, os.WSTOPPED))

    dice: Any = type("Dice", (), {"uniform": staticmethod(lambda least, _most: least)})
    faults = Faults(DataDir.at(tmp_path), dice)
    ready: Callable[..., int] = lambda *_: sleeper.pid  # noqa: E731
    monkeypatch.setattr(faults, "_when_ready", ready)
    monkeypatch.setattr("chaos.faults.time.sleep", look)
    faults.stall_core()

    assert len(stopped) == 1
    assert dict(faults.dealt) == {"core stalled": 1}
    assert os.waitid(os.P_PID, sleeper.pid, os.WCONTINUED) is not None
