"""How two outputs differ: the first line, and the whole difference."""

import base64
import io
import random

import pytest

from opsconductor.executions import apart, differences
from opsconductor.executions.differences import CHUNK, MOST_LINES, FirstDifference, between


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (b"", b"", None),
        (b"a\nb\n", b"a\nb\n", None),
        (b"a\nb\nc\n", b"a\nB\nc\n", FirstDifference(2, "b", "B")),
        (b"a\n", b"a\nb\n", FirstDifference(2, None, "b")),
        (b"a\nb", b"a\n", FirstDifference(2, "b", None)),
        (b"a", b"b", FirstDifference(1, "a", "b")),
        (b"one\ntwo", b"one\ntwo\n", FirstDifference(2, "two", "two")),
        (b"", b"x\n", FirstDifference(1, None, "x")),
    ],
)
def test_the_first_line_that_differs(left: bytes, right: bytes, found: FirstDifference | None) -> None:
    assert between(left, right) == found


@pytest.mark.parametrize("seed", range(20))
def test_one_changed_byte_is_found_wherever_it_is(seed: int) -> None:
    rolled = random.Random(seed)
    data = b"".join(b"x" * rolled.randrange(200) + b"\n" for _ in range(3000))
    at = rolled.choice([0, CHUNK - 1, CHUNK, 2 * CHUNK, rolled.randrange(len(data)), len(data) - 1])
    changed = data[:at] + b"#" + data[at + 1 :]

    assert between(data, data) is None
    found = between(data, changed)
    assert found is not None
    assert found.line == data.count(b"\n", 0, at) + 1


def _rows(left: list[str], right: list[str]) -> list[tuple[str, int | None, int | None, str]]:
    return [(r["kind"], r["left"], r["right"], r["text"]) for r in differences.rows(left, right)]


def test_a_changed_line_is_removed_and_added_with_three_lines_around_it() -> None:
    left = [str(n) for n in range(1, 101)]
    right = [*left[:49], "fifty", *left[50:]]

    assert _rows(left, right) == [
        ("gap", 47, 47, ""),
        *[("same", n, n, str(n)) for n in (47, 48, 49)],
        ("removed", 50, None, "50"),
        ("added", None, 50, "fifty"),
        *[("same", n, n, str(n)) for n in (51, 52, 53)],
    ]


def test_numbers_are_those_of_each_side() -> None:
    rows = _rows(["a", "b", "c"], ["new", "a", "b", "c"])

    assert rows == [
        ("gap", 1, 1, ""),
        ("added", None, 1, "new"),
        *[("same", n, n + 1, "abc"[n - 1]) for n in (1, 2, 3)],
    ]


def test_what_is_compared_of_a_side_is_bounded_and_said() -> None:
    assert differences.side(io.BytesIO(b"a\nb\n")) == differences.Side(["a", "b"], cut=False)
    many = differences.side(io.BytesIO(b"x\n" * (MOST_LINES + 1)))
    assert (len(many.lines), many.cut) == (MOST_LINES, True)
    long = differences.side(io.BytesIO(b"x" * 100_000 + b"\nnext\n"))
    assert (len(long.lines[0]), long.lines[1], long.cut) == (differences.LONGEST, "next", True)


def _in_memory(data: bytes) -> dict[str, object]:
    return {"path": None, "head": base64.b64encode(data).decode()}


async def test_lines_without_anything_in_common_end_at_the_deadline() -> None:
    rolled = random.Random(1)
    left, right = ("".join(f"{rolled.randrange(40)}\n" for _ in range(20_000)).encode() for _ in range(2))
    said = await apart.run(differences, {"left": _in_memory(left), "right": _in_memory(right)}, 0.5)

    assert not said.complete


async def test_an_easy_difference_is_complete_in_the_same_way() -> None:
    said = await apart.run(differences, {"left": _in_memory(b"a\n"), "right": _in_memory(b"b\n")}, 20)

    assert said.complete
    assert [answer["kind"] for answer in said.answers] == ["gap", "removed", "added", "end"]
