"""What readers of outputs ask for and get."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from opsconductor.contracts.statuses import ResultStatus

StreamName = Literal["stdout", "stderr"]
Streams = Literal["stdout", "stderr", "both"]
Format = Literal["text", "json", "csv", "zip"]


class LineOut(BaseModel):
    """One line, counted from 1. Bytes that are no UTF-8 are shown as U+FFFD; the download has them as they came."""

    number: int
    text: str
    cut: bool
    """True where the line is longer than 16 KiB: this is its beginning."""


class LinesOut(BaseModel):
    """Some lines of one stream. `next` is the `from` of what follows, null at the end."""

    lines: list[LineOut]
    first: int
    next: int | None
    total_lines: int
    kept_bytes: int
    total_bytes: int
    truncated: bool
    """True where more was written than was kept; `tail` is the last of it then, with the last lines."""
    tail: str | None
    sha256: str | None
    """Of everything that was written, kept or not."""
    removed_at: datetime | None
    note: str | None
    """Why there is less than there was, as a sentence."""


class Match(BaseModel):
    """A line with the pattern in it, counted from 1, without colours; texts are cut at 500 characters."""

    number: int
    text: str
    cut: bool
    before: list[str]
    after: list[str]


class Found(BaseModel):
    """What was found in one stream of one target: how many lines match, and the first of them."""

    result_id: UUID
    target_name: str
    status: ResultStatus
    stream: StreamName
    count: int
    matches: list[Match]


class SearchOut(BaseModel):
    """What was found on the targets looked at; `next_cursor` goes on with the others."""

    found: list[Found]
    lines_found: int
    searched_targets: int
    total_targets: int
    searched_bytes: int
    complete: bool
    """False where the time (5 s) or the bytes (256 MiB) of one request ran out before a target was searched through."""
    unsearched: list[str]
    """Targets that are too much for one request by themselves; their outputs were searched in part, or not."""
    next_cursor: str | None
    removed_at: datetime | None
    note: str | None


class DifferenceOut(BaseModel):
    """What differs first: a line (counted from 1) of a stream; else the end, or something that was not kept.

    `nothing` is one that ended otherwise without having written anything, as what is not reached does.
    """

    kind: Literal["line", "end", "nothing", "not_kept"]
    stream: StreamName | None
    line: int | None
    left: str | None
    right: str | None


class GroupOut(BaseModel):
    """Targets that wrote the same and ended alike; `difference` is to the largest group, which is `left` there."""

    count: int
    target_names: list[str]
    """The first 20."""
    result_id: UUID
    """One of them, to look at."""
    status: ResultStatus
    exit_code: int | None
    exit_signal: str | None
    error_code: str | None
    output_bytes: int
    error_bytes: int
    output_sha256: str | None
    error_sha256: str | None
    first_lines: list[str]
    difference: DifferenceOut | None


class GroupsOut(BaseModel):
    """Results by what was written, the largest group first."""

    groups: list[GroupOut]
    total_groups: int
    total_results: int
    same: int
    """Results in the largest group."""
    differ: int
    first_difference: int | None
    """The first line in which any other group differs from the largest."""
    compared_bytes: int | None
    """With `mask`: only the first so many bytes of each stream were compared."""
    complete: bool
    """False where the time ran out: later groups have no `difference`, or (with `mask`) results are missing."""
    removed_at: datetime | None
    note: str | None


class SideOut(BaseModel):
    """One side of a comparison."""

    execution_id: UUID
    result_id: UUID
    target_name: str
    status: ResultStatus
    exit_code: int | None
    started_at: datetime | None
    total_bytes: int
    sha256: str | None
    removed_at: datetime | None
    note: str | None


class RowOut(BaseModel):
    """A row of a difference; a `gap` stands before each part, with the numbers it begins at."""

    kind: Literal["gap", "same", "removed", "added"]
    left: int | None
    right: int | None
    text: str


class CompareOut(BaseModel):
    """How two outputs differ."""

    left: SideOut
    right: SideOut
    stream: StreamName
    same: bool
    """True where everything that was written is the same, by its hash."""
    difference: DifferenceOut | None
    rows: list[RowOut]
    cut: bool
    """True where only the first 20,000 lines or 16 MiB of a side, or 16 KiB of a line, were compared."""
    rows_cut: bool
    """True where the difference has more than 5,000 rows."""
    complete: bool
    """False where they have so little in common that 5 s were not enough; `rows` is empty then."""
