"""Reading outputs: lines of one, a search through all, and how two of them differ."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from opsconductor.executions import apart, differences, lines, matching, service
from opsconductor.executions import outputs_repository as repository
from opsconductor.executions.errors import BadPattern, ResultNotFound
from opsconductor.executions.output_files import for_a_process, indexed, opened
from opsconductor.executions.output_files import wanted as wanted_files
from opsconductor.executions.output_schemas import (
    CompareOut,
    DifferenceOut,
    Found,
    LineOut,
    LinesOut,
    RowOut,
    SearchOut,
    SideOut,
    StreamName,
    Streams,
)
from opsconductor.executions.outputs_repository import Kept, Output
from opsconductor.kit import pagination
from opsconductor.kit.pagination import BadCursor
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.storage.folder import Folder

SECONDS = 5.0  # that one request may calculate
SEARCHED = 256 * 1024 * 1024  # bytes of one request
GONE = "The file of this output is gone; only its beginning is left."
NOT_THERE = (
    "The bucket does not have this output: the worker that has it did not send it yet, or it is gone. "
    "This is only its beginning."
)


@dataclass(frozen=True)
class Reader:
    """What is needed to read outputs. Files are read outside of transactions."""

    units: UnitsOfWork
    folder: Folder

    @property
    def storage(self) -> Path:
        """Where files are once they were brought."""
        return self.folder.root

    @property
    def gone(self) -> str:
        """The sentence about an output whose file is not there."""
        return NOT_THERE if self.folder.bucket else GONE

    async def bring(self, *kept: Kept) -> None:
        """Make the files of these be here, where they can be had. Raises StorageUnreachable, ContentDamaged."""
        await self.folder.bring(wanted_files(kept))

    async def output(self, execution_id: UUID, result_id: UUID) -> Output:
        """Return one output of an execution."""
        [found] = await self.outputs([result_id])
        if found.execution_id != execution_id:
            raise ResultNotFound
        return found

    async def outputs(self, ids: Sequence[UUID]) -> list[Output]:
        """Return outputs in the order of these ids, of whatever executions."""
        async with self.units.begin() as uow:
            found = await repository.outputs_by_id(uow.session, ids)
        if missing := [id for id in ids if id not in found]:
            raise ResultNotFound(f"There is no result with the id {missing[0]}.")
        return [found[id] for id in ids]


def removed_note(removed_at: datetime | None) -> str | None:
    """Return the sentence that stands in place of a deleted output."""
    if removed_at is None:
        return None
    return f"Deleted by retention on {removed_at:%Y-%m-%d}. Sizes and hashes are still known."


async def lines_of(
    reader: Reader, execution_id: UUID, result_id: UUID, stream: StreamName, first: int, limit: int
) -> LinesOut:
    """Return lines from number `first` on, counted from 0; a negative one counts from the end."""
    output = await reader.output(execution_id, result_id)
    await reader.bring(output.stream(stream))
    return await asyncio.to_thread(_lines, reader, output, output.stream(stream), first, limit)


def _lines(reader: Reader, output: Output, kept: Kept, first: int, limit: int) -> LinesOut:
    file, gone = opened(reader.storage, kept)
    with file:
        index = indexed(reader.storage, kept, file)
        start = first if first >= 0 else max(index.total + first, 0)
        found = lines.read(file, index, start, limit)
    next = start + len(found) if start + len(found) < index.total else None
    truncated = index.size < kept.size and output.removed_at is None
    return LinesOut(
        lines=[LineOut(number=n.number + 1, text=n.data.decode(errors="replace"), cut=n.cut) for n in found],
        first=start,
        next=next,
        total_lines=index.total,
        kept_bytes=index.size,
        total_bytes=kept.size,
        truncated=truncated,
        tail=kept.tail.decode(errors="replace") if truncated and next is None else None,
        sha256=kept.sha256 and kept.sha256.hex(),
        removed_at=output.removed_at,
        note=reader.gone if gone else removed_note(output.removed_at),
    )


@dataclass(frozen=True)
class Search:
    """What is looked for, and how much of it is told."""

    pattern: str
    stream: Streams
    regex: bool
    case: bool
    most: int
    context: int
    targets: int
    """Looked at in one request."""
    result_id: UUID | None = None
    """The only result to look at."""


async def search(reader: Reader, execution_id: UUID, wanted: Search, cursor: str | None) -> SearchOut:
    """Look through the outputs of the next targets, as far as time and bytes of one request go."""
    after = _place(cursor)
    async with reader.units.begin() as uow:
        execution = await service.get(uow, execution_id)
        removed_at = await repository.removed_at(uow.session, execution_id)
        if wanted.result_id is None:
            found = await repository.outputs_after(uow.session, execution_id, after, wanted.targets + 1)
    if wanted.result_id is not None:
        found = [await reader.output(execution_id, wanted.result_id)]
    chosen = _within_budget(found[: wanted.targets], wanted.stream)
    await reader.bring(*(kept for output in chosen for _, kept in _streams(output, wanted.stream)))
    said = await _searched(reader.storage, chosen, wanted)
    looked_at = chosen if said.complete else _done(chosen, said, wanted.stream)
    unsearched: list[str] = []
    if not looked_at and chosen:  # one that is too much by itself must not be in the way for ever
        looked_at = chosen[:1]
        unsearched = [chosen[0].target_name]
    last = looked_at[-1] if looked_at and len(looked_at) < len(found) else None
    hits = list(_hits(looked_at, said.answers))
    return SearchOut(
        found=hits,
        lines_found=sum(hit.count for hit in hits),
        searched_targets=len(looked_at),
        total_targets=execution.target_count,
        searched_bytes=sum(kept.kept for output in looked_at for _, kept in _streams(output, wanted.stream)),
        complete=said.complete and len(chosen) == len(found[: wanted.targets]),
        unsearched=unsearched,
        next_cursor=pagination.encode([last.target_name, last.id]) if last else None,
        removed_at=removed_at,
        note=removed_note(removed_at),
    )


def _place(cursor: str | None) -> tuple[str, UUID] | None:
    if cursor is None:
        return None
    name, id = pagination.decode(cursor, 2)
    try:
        return name, UUID(id)
    except ValueError as error:
        raise BadCursor from error


def _streams(output: Output, wanted: Streams) -> Iterator[tuple[StreamName, Kept]]:
    if wanted != "stderr":
        yield "stdout", output.stdout
    if wanted != "stdout":
        yield "stderr", output.stderr


def _within_budget(found: Sequence[Output], wanted: Streams) -> list[Output]:
    """Return as many outputs as one request may read, at least one."""
    left = SEARCHED
    chosen: list[Output] = []
    for output in found:
        left -= sum(kept.kept for _, kept in _streams(output, wanted))
        if left < 0 and chosen:
            break
        chosen.append(output)
    return chosen


async def _searched(storage: Path, chosen: Sequence[Output], wanted: Search) -> apart.Said:
    request = {
        "pattern": wanted.pattern,
        "regex": wanted.regex,
        "case": wanted.case,
        "most": wanted.most,
        "context": wanted.context,
        "streams": await asyncio.to_thread(_to_search, storage, chosen, wanted.stream),
    }
    said = await apart.run(matching, request, SECONDS)
    for answer in said.answers:
        if "refused" in answer:
            reason = answer["refused"]
            raise BadPattern(reason=reason, errors=[{"field": "q", "message": reason}])
    return said


def _to_search(storage: Path, chosen: Iterable[Output], wanted: Streams) -> list[dict[str, object]]:
    return [
        {"key": f"{output.id} {name}", **for_a_process(storage, kept)}
        for output in chosen
        for name, kept in _streams(output, wanted)
    ]


def _done(chosen: Sequence[Output], said: apart.Said, wanted: Streams) -> list[Output]:
    """Return the outputs that were searched through before the time was up."""
    keys = {answer["key"] for answer in said.answers}
    return [o for o in chosen if all(f"{o.id} {name}" in keys for name, _ in _streams(o, wanted))]


def _hits(looked_at: Iterable[Output], answers: Iterable[dict[str, object]]) -> Iterator[Found]:
    by_id = {str(output.id): output for output in looked_at}
    for answer in answers:
        id, name = str(answer["key"]).split()
        if answer["count"] and (output := by_id.get(id)):
            yield Found.model_validate(
                {
                    "result_id": output.id,
                    "target_name": output.target_name,
                    "status": output.status,
                    "stream": name,
                    **answer,
                }
            )


async def compare(reader: Reader, left: UUID, right: UUID, stream: StreamName) -> CompareOut:
    """Return how one stream of two results differs, of the same execution or of two."""
    mine, other = await reader.outputs([left, right])
    await reader.bring(mine.stream(stream), other.stream(stream))
    started = time.monotonic()
    first, notes = await asyncio.to_thread(_first, reader, mine, other, stream)
    same = mine.stream(stream).sha256 == other.stream(stream).sha256
    said = apart.Said([], complete=True)
    if first is not None:
        request = {
            "left": for_a_process(reader.storage, mine.stream(stream)),
            "right": for_a_process(reader.storage, other.stream(stream)),
        }
        said = await apart.run(differences, request, max(SECONDS - (time.monotonic() - started), 1))
    end = said.answers[-1] if said.complete and said.answers else {"cut": False, "rows_cut": False}
    return CompareOut(
        left=_side(mine, stream, notes[0]),
        right=_side(other, stream, notes[1]),
        stream=stream,
        same=same,
        difference=first or (None if same else not_kept(stream)),
        rows=[RowOut.model_validate(row) for row in said.answers[:-1]] if said.complete else [],
        cut=end["cut"],
        rows_cut=end["rows_cut"],
        complete=said.complete,
    )


def _first(
    reader: Reader, mine: Output, other: Output, stream: StreamName
) -> tuple[DifferenceOut | None, tuple[str | None, str | None]]:
    left, left_gone = opened(reader.storage, mine.stream(stream))
    right, right_gone = opened(reader.storage, other.stream(stream))
    with left, right:
        found = differences.first_difference(left, right)
    notes = (
        reader.gone if left_gone else removed_note(mine.removed_at),
        reader.gone if right_gone else removed_note(other.removed_at),
    )
    return (line_difference(stream, found) if found else None), notes


def line_difference(stream: StreamName, found: differences.FirstDifference) -> DifferenceOut:
    """Return the public form of the first line that differs."""
    return DifferenceOut(kind="line", stream=stream, line=found.line, left=found.left, right=found.right)


def not_kept(stream: StreamName | None) -> DifferenceOut:
    """Return what is told where hashes differ, and what was kept does not."""
    return DifferenceOut(kind="not_kept", stream=stream, line=None, left=None, right=None)


def _side(output: Output, stream: StreamName, note: str | None) -> SideOut:
    kept = output.stream(stream)
    return SideOut(
        execution_id=output.execution_id,
        result_id=output.id,
        target_name=output.target_name,
        status=output.status,
        exit_code=output.exit_code,
        started_at=output.started_at,
        total_bytes=kept.size,
        sha256=kept.sha256 and kept.sha256.hex(),
        removed_at=output.removed_at,
        note=note,
    )
