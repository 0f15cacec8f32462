"""How two outputs differ: the first line that is not the same, and the whole difference, bounded.

The whole is calculated in a process of its own (see `apart`), so only the standard library is here: difflib may need
minutes for lines that have little in common.
"""

import base64
import difflib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

CHUNK = 64 * 1024  # bytes compared at a time
SHOWN = 500  # characters of a line that are told
MOST_LINES = 20_000  # of each side that are compared
MOST_BYTES = 16 * 1024 * 1024  # of each side
LONGEST = 16 * 1024  # bytes of a line that are compared
MOST_ROWS = 5_000  # of the difference that are told
CONTEXT = 3


@dataclass(frozen=True)
class FirstDifference:
    """The first line that is not the same; a side that has ended has no line."""

    line: int
    """Counted from 1."""
    left: str | None
    right: str | None


def first_difference(left: BinaryIO, right: BinaryIO) -> FirstDifference | None:
    """Return where two outputs differ first, or None; they are read only up to there."""
    line, start = 1, 0
    while True:
        mine, other = left.read(CHUNK), right.read(CHUNK)
        common = _common(mine, other)
        line += mine.count(b"\n", 0, common)
        if (begins := mine.rfind(b"\n", 0, common)) >= 0:
            start = left.tell() - len(mine) + begins + 1
        if common < max(len(mine), len(other)):
            return FirstDifference(line, _line_at(left, start), _line_at(right, start))
        if not mine:
            return None


def between(left: bytes, right: bytes) -> FirstDifference | None:
    """Return where two texts in memory differ first."""
    return first_difference(io.BytesIO(left), io.BytesIO(right))


def _common(left: bytes, right: bytes) -> int:
    """Return how many bytes two pieces have in common from their beginning."""
    if left == right:
        return len(left)
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _line_at(file: BinaryIO, start: int) -> str | None:
    file.seek(start)
    data = file.readline(SHOWN * 4)
    return data.decode(errors="replace").rstrip("\n")[:SHOWN] if data else None


@dataclass(frozen=True)
class Side:
    """The lines of one side, as far as they are compared."""

    lines: list[str]
    cut: bool


def side(file: BinaryIO) -> Side:
    """Read what is compared of one side."""
    lines: list[str] = []
    left = MOST_BYTES
    cut = False
    while data := file.readline(LONGEST):
        if len(lines) == MOST_LINES or left <= 0:
            return Side(lines, cut=True)
        left -= len(data)
        lines.append(data.decode(errors="replace").rstrip("\n"))
        while not data.endswith(b"\n") and (data := file.readline(CHUNK)):
            cut = True
    return Side(lines, cut)


def rows(left: list[str], right: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the lines that differ, with some around them; a `gap` stands for those left out between."""
    head = _shared(left, right)
    tail = _shared(left[head:][::-1], right[head:][::-1])
    skip = max(head - CONTEXT, 0)  # what is the same at both ends need not be matched
    matcher = difflib.SequenceMatcher(
        None,
        left[skip : len(left) - max(tail - CONTEXT, 0)],
        right[skip : len(right) - max(tail - CONTEXT, 0)],
        autojunk=False,
    )
    for group in matcher.get_grouped_opcodes(CONTEXT):
        yield {"kind": "gap", "left": group[0][1] + skip + 1, "right": group[0][3] + skip + 1, "text": ""}
        for tag, i1, i2, j1, j2 in group:
            yield from _part(tag, left, right, (i1 + skip, i2 + skip), (j1 + skip, j2 + skip))


def _part(
    tag: str, left: list[str], right: list[str], mine: tuple[int, int], other: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    if tag == "equal":
        for i, j in zip(range(*mine), range(*other), strict=True):
            yield {"kind": "same", "left": i + 1, "right": j + 1, "text": left[i][:SHOWN]}
        return
    for i in range(*mine):
        yield {"kind": "removed", "left": i + 1, "right": None, "text": left[i][:SHOWN]}
    for j in range(*other):
        yield {"kind": "added", "left": None, "right": j + 1, "text": right[j][:SHOWN]}


def _shared(left: list[str], right: list[str]) -> int:
    most = min(len(left), len(right))
    return next((n for n in range(most) if left[n] != right[n]), most)


def main() -> None:
    """Take two outputs from standard input; say their difference, a row on each line."""
    wanted = json.load(sys.stdin)
    with _opened(wanted["left"]) as left, _opened(wanted["right"]) as right:
        mine, other = side(left), side(right)
    told = 0
    for row in rows(mine.lines, other.lines):
        if told == MOST_ROWS:
            break
        sys.stdout.write(json.dumps(row) + "\n")
        told += 1
    end = {"kind": "end", "cut": mine.cut or other.cut, "rows_cut": told == MOST_ROWS}
    sys.stdout.write(json.dumps(end) + "\n")


def _opened(stream: dict[str, Any]) -> BinaryIO:
    if stream["path"] is None:
        return io.BytesIO(base64.b64decode(stream["head"]))
    return Path(stream["path"]).open("rb")


if __name__ == "__main__":
    main()
