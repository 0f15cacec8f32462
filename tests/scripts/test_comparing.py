"""Comparing texts of scripts: right for whatever text, and never long."""

import random
import time

import pytest

from opsconductor.scripts.content import MOST_SHOWN, Line, comparison, readable


def _sides(lines: list[Line]) -> tuple[list[str], list[str]]:
    """Return the texts of a comparison without gaps, old and new."""
    old = [line.text for line in lines if line.kind in ("same", "removed")]
    new = [line.text for line in lines if line.kind in ("same", "added")]
    return old, new


def _shown(old: str, new: str) -> list[str]:
    signs = {"same": " ", "added": "+", "removed": "-", "gap": "…"}
    return [signs[line.kind] + line.text for line in comparison(old, new)[0]]


def test_the_same_text_has_no_differences() -> None:
    assert comparison("a\nb", "a\nb") == ([], True)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a", "b", ["-a", "+b"]),
        ("", "a", ["-", "+a"]),
        ("a\n", "a", [" a", "-"]),
        ("a\nc", "a\nb\nc", [" a", "+b", " c"]),
        ("1\n2\n3\n4\n5", "1\n2\n3\n4\nfive", ["…", " 2", " 3", " 4", "-5", "+five"]),
        ("one\n2\n3\n4\n5", "1\n2\n3\n4\n5", ["-one", "+1", " 2", " 3", " 4", "…"]),
        ("a\nb\nb\nc", "a\nb\nc", [" a", " b", "-b", " c"]),
        ("a\x0bb\u2028c", "a\x0bb\u2028d", ["-a\x0bb\u2028c", "+a\x0bb\u2028d"]),
    ],
)
def test_a_difference_is_shown_with_what_is_around_it(old: str, new: str, shown: list[str]) -> None:
    assert _shown(old, new) == shown


def test_two_changes_far_apart_have_a_gap_between_them() -> None:
    old = [str(n) for n in range(30)]
    new = ["first", *old[1:29], "last"]

    assert _shown("\n".join(old), "\n".join(new)) == [
        *["-0", "+first", " 1", " 2", " 3", "…", " 26", " 27", " 28", "-29", "+last"]
    ]


def test_lines_have_their_numbers_on_either_side() -> None:
    lines, _ = comparison("a\nb\nc\nd\ne", "a\nb\nc\nd\nnew\ne")
    at = {(line.text, line.old, line.new) for line in lines if line.kind != "gap"}

    assert at == {("b", 2, 2), ("c", 3, 3), ("d", 4, 4), ("new", None, 5), ("e", 5, 6)}


@pytest.mark.parametrize("seed", range(40))
def test_the_lines_that_differ_are_right_for_any_two_texts(seed: int) -> None:
    chance = random.Random(seed)
    old = [chance.choice("abc") for _ in range(chance.randrange(1, 7))]
    new = [chance.choice("abc") for _ in range(chance.randrange(1, 7))]
    lines, complete = comparison("\n".join(old), "\n".join(new))
    without_gaps = [line for line in lines if line.kind != "gap"]

    assert complete
    if old == new:
        assert lines == []
        return
    for line in without_gaps:
        assert line.old is None or old[line.old - 1] == line.text
        assert line.new is None or new[line.new - 1] == line.text
    if len(without_gaps) == len(lines):
        assert _sides(lines) == (old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n" * 200_000, "\nx" * 100_000),
        ("a\nb\n" * 50_000, "b\na\n" * 50_000),
        ("\n".join(map(str, range(2000))), "\n".join(map(str, range(2000, 0, -1)))),
        (
            "\n".join("ab"[n % 2] + "x" * (n % 7) for n in range(1999)),
            "\n".join("x" * (n % 7) for n in range(1999)),
        ),
    ],
    ids=["empty lines", "swapped", "reversed", "much the same"],
)
def test_texts_that_are_hard_to_compare_take_no_time_and_no_room(old: str, new: str) -> None:
    begun = time.monotonic()
    lines, _ = comparison(old, new)

    assert time.monotonic() - begun < 5
    assert 0 < len(lines) <= MOST_SHOWN


def test_a_comparison_that_was_cut_says_so() -> None:
    _, complete = comparison("a\n" * 5000, "b\n" * 5000)

    assert not complete


def test_what_a_target_can_read_is_left_as_it_is() -> None:
    assert readable("#!/bin/sh\n\techo \ufeff\r\r\n") == ("#!/bin/sh\n\techo \ufeff\r\n", readable("\r\n")[1])
    assert readable("echo ä\n") == ("echo ä\n", [])
