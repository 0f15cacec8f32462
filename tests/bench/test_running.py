"""What a run of benchmarks prints and how it ends, whatever its scenarios find."""

import json
import sys
from collections.abc import Callable

import pytest
from bench.figures import Goal, Measure, Missing

from bench import __main__ as runner
from opsconductor.stack.problems import StackProblem

KEPT = Measure("time", "s", 2.0, goal=Goal("<", 20))
BROKEN = Measure("time", "s", 21.0, goal=Goal("<", 20))
UNKNOWN = Measure("time", "s", 2.0).beside("Ansible", Missing("no network"), Goal("≥", 5, "ratio"))

Find = Callable[..., None]


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Find:
    """Return what makes scenarios find something, without measuring anything."""

    def find(*words: str, **found: list[Measure]) -> None:
        def measured(name: str, options: object) -> list[Measure]:
            if name not in found:
                raise StackProblem("no sshd here")
            return found[name]

        monkeypatch.setattr(runner, "_measured", measured)
        monkeypatch.setattr(sys, "argv", ["bench", *words, "--json"])

    return find


def test_promises_that_were_kept_or_could_not_be_judged_are_no_failure(
    finds: Find, capsys: pytest.CaptureFixture[str]
) -> None:
    finds("ssh", ssh=[KEPT, UNKNOWN])
    runner.main()

    assert [row["met"] for row in json.loads(capsys.readouterr().out)["rows"]] == [True, None]


def test_a_broken_promise_fails_the_run_and_is_still_printed(
    finds: Find, capsys: pytest.CaptureFixture[str]
) -> None:
    finds("ssh", ssh=[BROKEN])

    with pytest.raises(StackProblem, match="ssh: time: 21 s, promised < 20"):
        runner.main()
    assert json.loads(capsys.readouterr().out)["rows"][0]["met"] is False


def test_a_scenario_that_can_not_be_measured_does_not_keep_the_others_from_it(
    finds: Find, capsys: pytest.CaptureFixture[str]
) -> None:
    finds(start=[KEPT], output=[KEPT])

    with pytest.raises(StackProblem, match="warm could not be measured: no sshd here"):
        runner.main()
    assert [row["bench"] for row in json.loads(capsys.readouterr().out)["rows"]] == ["start", "output"]
