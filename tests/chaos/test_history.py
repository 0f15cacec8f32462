"""The judge of a storm catches every broken promise: a storm without findings says something."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from chaos.history import Verdict, _judge
from chaos.load import Load

NUMBER, TARGET, ID = 7, "bench-001", "e-1"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    (tmp_path / f"{NUMBER}.{TARGET}").write_text("ran\n")
    return Load(cast(Any, None), tmp_path, ["t-1"], [TARGET], accepted={ID: NUMBER})


def _row(**change: object) -> dict[str, Any]:
    ended = datetime(2026, 1, 1, tzinfo=UTC)
    lines = "".join(f"{line}\n" for line in range(7, 48))
    return {
        "execution_id": ID,
        "target_name": TARGET,
        "status": "completed",
        "error_code": None,
        "finished_at": ended,
        "execution_finished_at": ended,
        "output_head": f"7 {TARGET}\n{lines}".encode(),
        "output_path": None,
        "error_head": f"7 {TARGET}\n".encode(),
        "error_path": None,
        **change,
    }


def _broken(load: Load, **change: object) -> list[str]:
    verdict = Verdict()
    _judge(_row(**change), load.notes, load, verdict)
    return list(verdict.broken)


def test_an_honest_history_breaks_nothing(load: Load) -> None:
    assert _broken(load) == []
    assert _broken(load, status="lost", error_code="worker_lost") == []


def test_what_ran_twice_is_caught(load: Load) -> None:
    (load.notes / f"{NUMBER}.{TARGET}").write_text("ran\nran\n")

    assert "nothing runs twice" in _broken(load)
    assert "nothing runs twice" in _broken(load, status="lost")


def test_success_that_never_ran_is_caught(load: Load) -> None:
    (load.notes / f"{NUMBER}.{TARGET}").unlink()

    assert _broken(load) == ["what completed ran"]


def test_a_denied_run_is_caught(load: Load) -> None:
    assert _broken(load, status="unreachable") == ["what was not begun did not run"]


@pytest.mark.parametrize(
    "output", [b"", b"7 bench-001\n7\n", b"7 bench-002\n" + b"".join(b"%d\n" % n for n in range(7, 48))]
)
def test_output_that_is_cut_or_somebody_elses_is_caught(load: Load, output: bytes) -> None:
    assert _broken(load, output_head=output) == ["what completed is stored byte for byte, and is its own"]


@pytest.mark.parametrize("moment", ["finished_at", "execution_finished_at"])
def test_what_never_ended_is_caught(load: Load, moment: str) -> None:
    assert _broken(load, **{moment: None}) == ["nothing is stuck"]


def test_without_faults_only_completed_is_an_honest_end(load: Load) -> None:
    load.ends = frozenset({"completed"})

    assert _broken(load, status="lost", error_code="worker_lost") == ["every operation ends honestly"]


def test_a_failure_nobody_asked_for_is_caught(load: Load) -> None:
    assert _broken(load, status="failed", error_code="internal_error") == ["every operation ends honestly"]
