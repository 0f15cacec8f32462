"""Searching one output: what counts as a match, and what is told of it."""

import io
import re

import pytest

from opsconductor.executions.matching import OVERLAP, PIECE, matches
from opsconductor.executions.matching import test_of as looking_for


def _found(
    data: bytes, pattern: str, *, regex: bool = False, case: bool = False, context: int = 0
) -> tuple[int, list]:
    return matches(io.BytesIO(data), looking_for(pattern, regex=regex, case=case), most=3, context=context)


def test_lines_are_counted_and_the_first_ones_are_told() -> None:
    count, found = _found(b"".join(b"disk %d full\nfine\n" % n for n in range(10)), "FULL")

    assert count == 10
    assert [(m["number"], m["text"]) for m in found] == [
        (1, "disk 0 full"),
        (3, "disk 1 full"),
        (5, "disk 2 full"),
    ]


def test_case_counts_where_it_is_asked_for() -> None:
    assert _found(b"Error\nerror\n", "error", case=True)[0] == 1
    assert _found(b"Error\nerror\n", "error")[0] == 2


def test_lines_around_a_match_come_with_it() -> None:
    _, [first, second] = _found(b"1\n2\nhit\n4\nhit\n", "hit", context=2)

    assert (first["before"], first["after"]) == (["1", "2"], ["4", "hit"])
    assert (second["before"], second["after"]) == (["hit", "4"], [])


def test_the_first_line_has_none_before_it() -> None:
    _, [match] = _found(b"hit\nnext\n", "hit", context=1)

    assert (match["before"], match["after"]) == ([], ["next"])


def test_colours_are_no_hindrance() -> None:
    count, [match] = _found(b"\x1b[1;31mfailed\x1b[0m: web-1\r\n", "failed: web")

    assert (count, match["text"]) == (1, "failed: web-1")


def test_a_long_line_is_one_match_also_where_a_piece_of_it_ends() -> None:
    data = bytearray(b"x" * (3 * PIECE))
    data[PIECE - 3 : PIECE + 3] = b"needle"
    data[2 * PIECE : 2 * PIECE + 6] = b"needle"
    count, [match, _] = _found(bytes(data) + b"\nneedle 2\n", "needle")

    assert count == 2
    assert (match["number"], match["cut"], len(match["text"])) == (1, True, 500)
    assert OVERLAP >= 4 * 500  # the longest pattern, in bytes


def test_a_regular_expression_is_one() -> None:
    assert _found(b"took 12 ms\ntook x ms\n", r"\d+ ms$", regex=True)[0] == 1
    with pytest.raises(re.error):
        _found(b"", "(", regex=True)
