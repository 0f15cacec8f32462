"""Every place where the plan's own code is wrong has a test that names it, so that nobody builds it that way again."""

import re
from itertools import chain
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
NODES = [*range(1, 15), *range(16, 20), *range(21, 24)]
TABLES = [1, 2, 3, 5, 6, 8, 10]
ROWS = [*(f"B{number}" for number in NODES), *(f"D{number}" for number in TABLES)]
"""Rows of the corrections of the specification about nodes and tables."""


@pytest.fixture(scope="module")
def named() -> set[str]:
    files = chain(
        (HOUSE / "tests").rglob("test_*.py"),
        (HOUSE / "nodered/nodes/test").rglob("*.test.js"),
        (HOUSE / "nodered/runtime/test").rglob("*.test.js"),
    )
    here = Path(__file__)
    return {row for file in files if file != here for row in re.findall(r"\b[BD]\d{1,2}\b", file.read_text())}


@pytest.mark.parametrize("row", ROWS)
def test_a_test_names(row: str, named: set[str]) -> None:
    assert row in named
