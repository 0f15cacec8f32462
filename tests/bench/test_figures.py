"""Rows of a benchmark: what is better, what was promised, and what programs and people get to read."""

import json

import pytest
from bench.figures import Goal, Measure, Missing, rank, report, show

CPU = Measure("CPU for an operation", "ms", 4.0)
RATE = Measure("output", "MB/s", 50.0, more_is_better=True)


def test_the_ratio_says_how_many_times_better_we_are() -> None:
    assert CPU.beside("Ansible", 120.0).ratio == 30
    assert RATE.beside("scp", 100.0).ratio == 0.5


@pytest.mark.parametrize(
    ("goal", "met"), [(Goal("≤", 4), True), (Goal("<", 4), False), (Goal("≥", 5), False)]
)
def test_a_limit_is_held_against_our_own_figure(goal: Goal, met: bool) -> None:
    assert CPU.aiming_at(goal).met is met


def test_a_figure_is_judged_as_it_was_measured_and_not_as_it_is_printed() -> None:
    just_missed = Measure("wall", "s", 20.004, goal=Goal("<", 20))

    assert just_missed.row()["ours"] == 20
    assert just_missed.met is False


def test_a_promise_beside_a_peer_is_judged_by_the_ratio() -> None:
    thirty = Goal("≥", 30, "ratio")

    assert CPU.beside("Ansible", 120.0, thirty).met is True
    assert CPU.beside("Ansible", 119.0, thirty).met is False


def test_a_peer_that_is_missing_breaks_no_promise_and_is_said_to_be_missing() -> None:
    row = CPU.beside("Ansible", Missing("could not be installed"), Goal("≥", 30, "ratio"))

    assert row.met is None
    assert row.row()["peer"] == "Ansible: could not be installed"
    assert (row.row()["theirs"], row.row()["ratio"]) == (None, None)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert rank([float(value) for value in range(1, 101)], 99) == 99
    assert rank([3.0, 1.0, 2.0], 50) == 2
    assert rank([7.0], 95) == 7


def test_programs_get_every_row_with_its_scenario_and_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [CPU.beside("Ansible", 100.0, Goal("≥", 30, "ratio")), RATE]
    show(report("ssh", {"ssh": rows}, {"ssh": "hostname"}), as_json=True)
    found = json.loads(capsys.readouterr().out)

    assert found["bench"] == "ssh"
    assert found["rows"][0] == {
        "bench": "ssh",
        "measure": "CPU for an operation",
        "unit": "ms",
        "ours": 4,
        "peer": "Ansible",
        "theirs": 100,
        "ratio": 25,
        "goal": "≥ 30 times",
        "met": False,
    }
    assert found["rows"][1]["met"] is None
    assert found["machine"]["cpus"] > 0


def test_people_get_a_table_for_each_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    missed = CPU.beside("Ansible raw", 100.0, Goal("≥", 30, "ratio"))
    show(
        report("all", {"ssh": [missed], "output": [RATE]}, {"ssh": "cold", "output": "large"}), as_json=False
    )
    printed = capsys.readouterr().out

    [row] = [line for line in printed.splitlines() if "CPU" in line]
    assert [word for word in row.split("  ") if word] == [
        "CPU for an operation", "4 ms", "Ansible raw: 100 ms", " 25", "≥ 30 times", " no",
    ]  # fmt: skip
    assert "output: large" in printed
    assert missed.verdict == "CPU for an operation, beside Ansible raw: 25 times, promised ≥ 30 times"
