"""The text of a script: brought into the form a target's interpreter can read, measured, compared. No session."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, takewhile
from typing import Literal

AROUND = 3  # lines of unchanged text shown before and after a change
MOST_COMPARED = (
    2000  # lines on either side; more are shown as replaced, since difflib's time grows with the product
)
MOST_SHOWN = 4000  # lines of a comparison

LINE_ENDINGS = (
    "Windows line endings (CRLF) were changed to LF: interpreters take the extra character for text."
)
MARK = "The byte order mark at the beginning was removed: it hides the first line from the interpreter."


def readable(content: str) -> tuple[str, list[str]]:
    """Return a script's text as a target can read it, and what was changed for that."""
    notes = []
    if content.startswith("\ufeff"):
        content = content.removeprefix("\ufeff")
        notes.append(MARK)
    if "\r\n" in content:
        content = content.replace("\r\n", "\n")
        notes.append(LINE_ENDINGS)
    return content, notes


def sha256(content: str) -> str:
    """Return the fingerprint of a script's text."""
    return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison, with its number on either side; a gap stands for unchanged lines left out."""

    kind: Literal["same", "added", "removed", "gap"]
    old: int | None
    new: int | None
    text: str = ""


def comparison(old: str, new: str) -> tuple[list[Line], bool]:
    """Return the lines that differ, with some around them, and whether that is all of them."""
    lines = list(islice(_lines(old.split("\n"), new.split("\n")), MOST_SHOWN + 1))
    return lines[:MOST_SHOWN], len(lines) <= MOST_SHOWN


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    head = max(_alike(old, new) - AROUND, 0)
    tail = max(_alike(old[head:][::-1], new[head:][::-1]) - AROUND, 0)
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    end = 0
    for group in _groups(middle_old, middle_new):
        if head + group[0][1] > end:
            yield Line("gap", None, None)
        for kind, i1, i2, j1, j2 in group:
            yield from _part(kind, middle_old, middle_new, (i1, i2, j1, j2), head)
            end = head + i2
    if 0 < end < len(old):
        yield Line("gap", None, None)


def _alike(a: Sequence[str], b: Sequence[str]) -> int:
    """Return how many lines are the same at the beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


Opcode = tuple[str, int, int, int, int]


def _groups(old: Sequence[str], new: Sequence[str]) -> list[list[Opcode]]:
    if max(len(old), len(new)) > MOST_COMPARED:
        return [[("replace", 0, len(old), 0, len(new))]]
    return list(SequenceMatcher(None, old, new).get_grouped_opcodes(AROUND))


def _part(
    kind: str, old: Sequence[str], new: Sequence[str], where: tuple[int, int, int, int], head: int
) -> Iterator[Line]:
    i1, i2, j1, j2 = where
    if kind == "equal":
        for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
            yield Line("same", head + i + 1, head + j + 1, old[i])
        return
    for i in range(i1, i2):
        yield Line("removed", head + i + 1, None, old[i])
    for j in range(j1, j2):
        yield Line("added", None, head + j + 1, new[j])
