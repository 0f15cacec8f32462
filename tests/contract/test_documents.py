"""What is written down for others is what the code does."""

from collections import Counter
from pathlib import Path

import pytest

from opsconductor.apps import reference
from opsconductor.contracts.statuses import EXECUTION_STATUSES, RESULT_STATUSES, TABLE, TERMINAL
from opsconductor.kit.errors import OpsError, documented, sentence

HOUSE = Path(__file__).parents[2]


def _classes(of: type[OpsError]) -> list[type[OpsError]]:
    return [of, *(inner for child in of.__subclasses__() for inner in _classes(child))]


ERRORS = [error for error in _classes(OpsError) if error.__module__.startswith("opsconductor.")]


@pytest.mark.parametrize("name", reference.FILES)
def test_the_written_reference_is_what_the_code_does(name: str) -> None:
    written = (reference.FOLDER / name).read_text()

    assert reference.FILES[name]() == written, "run ./opsconductor reference"


def test_the_web_app_has_the_same_table_of_statuses() -> None:
    ours = HOUSE / "src/opsconductor/contracts/statuses.json"
    theirs = HOUSE / "frontend/src/lib/statuses.json"

    assert theirs.read_bytes() == ours.read_bytes()


def test_the_table_of_statuses_has_every_status_and_no_other() -> None:
    assert set(TABLE) == set(EXECUTION_STATUSES) | set(RESULT_STATUSES)


def test_every_status_is_shown_by_a_word_an_icon_and_a_tone() -> None:
    assert {frozenset(facts) for facts in TABLE.values()} == {
        frozenset({"label", "tone", "icon", "terminal", "shape", "fill"})
    }


def test_only_what_waits_or_runs_can_still_change() -> None:
    assert set(TABLE) - TERMINAL == {"scheduled", "running"}


def test_no_two_errors_have_the_same_code() -> None:
    own = [error for error in ERRORS if "code" in vars(error)]
    twice = {code for code, count in Counter(error.code for error in own).items() if count > 1}

    assert not twice


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_says_a_sentence(error: type[OpsError]) -> None:
    said = sentence(error)

    assert said[0].isupper() or said[0] == "{"
    assert said.endswith((".", "}"))


@pytest.mark.parametrize("error", documented(), ids=lambda error: error.code)
def test_every_documented_error_has_a_status_of_its_kind(error: type[OpsError]) -> None:
    assert error.status in (400, 401, 403, 404, 409, 412, 422, 429, 500, 503)
    assert error.code.islower()
    assert error.code.replace("_", "").isalnum()
