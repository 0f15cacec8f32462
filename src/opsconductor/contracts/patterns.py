r"""Regular expressions written by people, matched in the core without a chance to keep it busy.

Python's `re` backtracks: `(a+)+b` holds a thread, and with it the interpreter, for hours, and nothing can interrupt
it. Rust's engine, which Pydantic carries, is linear in the value. Its factor is the size of the pattern written out,
in which counted repetitions multiply: `(?:(?:a?){1000}){60}b` took 8 s for 4,096 characters. So that size has a limit.
"""

import re
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

LONGEST_PATTERN = 200  # characters
LONGEST_MATCHED = 4096  # characters of a value that a pattern is held against
LARGEST = 5000  # as `_size` counts: at most 70 ms for the longest value

COUNTED = re.compile(r"(?<=(.))\{\s*(\d*)(?:\s*,\s*(\d*))?\s*\}", re.DOTALL)
VERBOSE = re.compile(r"\(\?[a-zA-Z-]*x")


def problem_of(pattern: str) -> str | None:
    """Say why a pattern can't be used, if it can't."""
    if VERBOSE.search(pattern):
        return "must not use the x flag; write the pattern without blanks and comments"
    if _size(pattern) > LARGEST:
        return "repeats too much; use smaller counts, and no counted group inside another"
    try:
        _validator(pattern)
    except SchemaError as error:
        reason = str(error).rsplit("error: ", 1)[-1].splitlines()[0].rstrip(".")
        return f"can't be used: {reason}"
    return None


def fits(pattern: str, value: str) -> bool:
    """Tell whether the whole value is what the pattern describes."""
    try:
        _whole(pattern).validate_python(value)
    except ValidationError:
        return False
    return True


def _size(pattern: str) -> int:
    """Estimate how long a pattern is when its repetitions are written out; never too little."""
    times, sum_of_counts = 1, 0
    for before, least, most in COUNTED.findall(pattern):
        count = max(int(least or 0), int(most or 0), 1)
        if before in ")}?*+":  # what is repeated may have counts in it
            times *= count
        else:
            sum_of_counts += count
    return times * (sum_of_counts + len(pattern))


@lru_cache(maxsize=256)
def _whole(pattern: str) -> SchemaValidator:
    return _validator(rf"\A(?:{pattern})\z")


def _validator(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
