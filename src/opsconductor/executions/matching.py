"""Looks for a pattern in kept outputs; run in a process of its own (see `apart`), so only the standard library is here.

Python's `re` can't be interrupted and holds the interpreter's lock: in a thread of the core, one hostile pattern would
stop everything. A process can be ended at the deadline, and what it had found until then counts.
"""

import base64
import io
import json
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

PIECE = 64 * 1024  # bytes; a longer line is searched in pieces
OVERLAP = 4 * 1024  # bytes that two pieces of a line share, so that a match on the border is found
SHOWN = 500  # characters of a line that are told
ESCAPES = re.compile(r"\x1b(?:\[[0-9;:?]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""Colours and their like: they are in the output, but nobody looks for them."""

Test = Callable[[str], object]


def test_of(pattern: str, *, regex: bool, case: bool) -> Test:
    """Return what tells whether a text has the pattern in it; raises re.error where it is none."""
    if regex:
        return re.compile(pattern, 0 if case else re.IGNORECASE).search
    if case:
        return lambda text: pattern in text
    folded = pattern.casefold()
    return lambda text: folded in text.casefold()


def pieces(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Yield the number (from 1) and the text of each line, a very long one in several pieces."""
    number, before = 1, b""
    while data := file.readline(PIECE):
        text = (before + data).decode(errors="replace").rstrip("\r\n")
        yield number, ESCAPES.sub("", text) if "\x1b" in text else text
        if data.endswith(b"\n"):
            number, before = number + 1, b""
        else:
            before = data[-OVERLAP:]


def matches(file: BinaryIO, test: Test, *, most: int, context: int) -> tuple[int, list[dict[str, Any]]]:
    """Return how many lines match, and the first of them with the lines around."""
    count = current = matched = 0
    shown = ""
    recent: deque[str] = deque(maxlen=context)
    found: list[dict[str, Any]] = []
    for number, text in pieces(file):
        if number != current:
            recent.append(shown)
            current, shown = number, text[:SHOWN]
            for match in found[-context:]:
                if number - match["number"] <= context:
                    match["after"].append(shown)
        if number != matched and test(text):
            count, matched = count + 1, number
            if len(found) < most:
                found.append(_match(number, text, list(recent)[-(number - 1) :] if number > 1 else []))
    return count, found


def _match(number: int, text: str, before: list[str]) -> dict[str, Any]:
    return {"number": number, "text": text[:SHOWN], "cut": len(text) > SHOWN, "before": before, "after": []}


def main() -> None:
    """Take one request from standard input; say one line of JSON for each stream, once it has been read."""
    wanted = json.load(sys.stdin)
    try:
        test = test_of(wanted["pattern"], regex=wanted["regex"], case=wanted["case"])
    except (re.error, RecursionError, OverflowError) as error:
        _say({"refused": str(error)})
        return
    for stream in wanted["streams"]:
        try:
            with _opened(stream) as file:
                count, found = matches(file, test, most=wanted["most"], context=wanted["context"])
        except OSError as error:
            _say({"key": stream["key"], "count": 0, "matches": [], "problem": error.strerror})
        else:
            _say({"key": stream["key"], "count": count, "matches": found})


def _opened(stream: dict[str, Any]) -> BinaryIO:
    if stream["path"] is None:
        return io.BytesIO(base64.b64decode(stream["head"]))
    return Path(stream["path"]).open("rb")


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
