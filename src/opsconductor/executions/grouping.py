"""Grouping results by what was written: "987 the same, 13 differ: first difference in line 4"."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import UUID

from opsconductor.executions import differences, service
from opsconductor.executions import outputs_repository as repository
from opsconductor.executions.output_files import opened
from opsconductor.executions.output_schemas import DifferenceOut, GroupOut, GroupsOut, StreamName
from opsconductor.executions.outputs_repository import Kept, Output
from opsconductor.executions.reading import SECONDS, Reader, line_difference, not_kept, removed_note

MOST = 100  # groups that are told
NAMES = 20  # targets of a group that are named
FIRST_LINES = 3
MASKED = 256 * 1024  # bytes of each stream that are compared where names are masked
BATCH = 200  # results read at once
STREAMS: tuple[StreamName, ...] = ("stdout", "stderr")


@dataclass
class Group:
    """Results that are alike."""

    result_id: UUID
    names: list[str] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True)
class Grouped:
    """The groups, the largest first, and how many there are in all."""

    groups: list[Group]
    total: int
    complete: bool = True


async def groups(reader: Reader, execution_id: UUID, *, mask: bool) -> GroupsOut:
    """Group the results of an execution; with `mask`, a target's own name and line feeds at the end do not count."""
    deadline = time.monotonic() + SECONDS
    async with reader.units.begin() as uow:
        execution = await service.get(uow, execution_id)
        removed_at = await repository.removed_at(uow.session, execution_id)
    masked = mask and removed_at is None
    grouped = await (
        _by_content(reader, execution_id, deadline) if masked else _by_hash(reader, execution_id)
    )
    outputs = await reader.outputs([group.result_id for group in grouped.groups])
    await reader.bring(*_streams(outputs))
    shown = await asyncio.to_thread(_shown, reader.storage, grouped.groups, outputs, deadline, masked)
    same = shown[0].count if shown else 0
    lines = [group.difference.line for group in shown if group.difference and group.difference.line]
    return GroupsOut(
        groups=shown,
        total_groups=grouped.total,
        total_results=execution.target_count,
        same=same,
        differ=execution.target_count - same,
        first_difference=min(lines, default=None),
        compared_bytes=MASKED if masked else None,
        complete=grouped.complete and all(group.difference for group in shown[1:]),
        removed_at=removed_at,
        note=removed_note(removed_at),
    )


async def _by_hash(reader: Reader, execution_id: UUID) -> Grouped:
    async with reader.units.begin() as uow:
        rows = await repository.groups(uow.session, execution_id, MOST, NAMES)
    found = [Group(row.result_id, row.target_names, row.number) for row in rows]
    return Grouped(found, rows[0].groups if rows else 0)


async def _by_content(reader: Reader, execution_id: UUID, deadline: float) -> Grouped:
    found: dict[bytes, Group] = {}
    after: tuple[str, UUID] | None = None
    complete = True
    while True:
        async with reader.units.begin() as uow:
            batch = await repository.outputs_after(uow.session, execution_id, after, BATCH)
        if not batch:
            break
        if time.monotonic() > deadline:
            complete = False
            break
        await reader.bring(*_streams(batch))
        await asyncio.to_thread(_add, reader.storage, batch, found)
        after = batch[-1].target_name, batch[-1].id
    largest = sorted(found.values(), key=lambda group: (-group.count, group.names[0]))
    return Grouped(largest[:MOST], len(largest), complete)


def _streams(outputs: Sequence[Output]) -> list[Kept]:
    return [output.stream(name) for output in outputs for name in STREAMS]


def _add(storage: Path, batch: Sequence[Output], found: dict[bytes, Group]) -> None:
    for output in batch:
        group = found.setdefault(_key(storage, output), Group(output.id))
        group.count += 1
        if len(group.names) < NAMES:
            group.names.append(output.target_name)


def _key(storage: Path, output: Output) -> bytes:
    end = f"{output.status} {output.exit_code}".encode()
    streams = [hashlib.sha256(_masked(storage, output, name)).digest() for name in STREAMS]
    return b"".join([end, *streams])


def _masked(storage: Path, output: Output, stream: StreamName) -> bytes:
    file, _ = opened(storage, output.stream(stream))
    with file:
        return masked(file.read(MASKED), output.target_name)


def masked(data: bytes, name: str) -> bytes:
    """Return an output in which a target's own name is like any other's, without line feeds at its end."""
    return data.replace(name.encode(), b"<target>").rstrip(b"\r\n")


def _shown(
    storage: Path, found: Sequence[Group], outputs: Sequence[Output], deadline: float, mask: bool
) -> list[GroupOut]:
    shown = []
    for group, output in zip(found, outputs, strict=True):
        late = time.monotonic() > deadline
        apart = None if output is outputs[0] or late else _difference(storage, outputs[0], output, mask)
        shown.append(_group_out(storage, group, output, apart))
    return shown


def _difference(storage: Path, largest: Output, output: Output, mask: bool) -> DifferenceOut:
    """Return what differs first: a line, else how it ended, else something that was not kept."""
    if not output.stdout.size and not output.stderr.size and output.status != largest.status:
        return _without_line("nothing")
    unlike = [name for name in STREAMS if largest.stream(name).sha256 != output.stream(name).sha256]
    for name in unlike:
        if found := _first_line(storage, largest, output, name, mask):
            return line_difference(name, found)
    if (largest.status, largest.exit_code) != (output.status, output.exit_code):
        return _without_line("end")
    return not_kept(unlike[0] if unlike else None)


def _without_line(kind: Literal["end", "nothing"]) -> DifferenceOut:
    return DifferenceOut(kind=kind, stream=None, line=None, left=None, right=None)


def _first_line(
    storage: Path, largest: Output, output: Output, stream: StreamName, mask: bool
) -> differences.FirstDifference | None:
    if mask:
        return differences.between(_masked(storage, largest, stream), _masked(storage, output, stream))
    left, right = opened(storage, largest.stream(stream))[0], opened(storage, output.stream(stream))[0]
    with left, right:
        return differences.first_difference(left, right)


def _group_out(storage: Path, group: Group, output: Output, apart: DifferenceOut | None) -> GroupOut:
    return GroupOut(
        count=group.count,
        target_names=group.names,
        result_id=output.id,
        status=output.status,
        exit_code=output.exit_code,
        exit_signal=output.exit_signal,
        error_code=output.error_code,
        output_bytes=output.stdout.size,
        error_bytes=output.stderr.size,
        output_sha256=_hex(output.stdout),
        error_sha256=_hex(output.stderr),
        first_lines=_first_lines(storage, output),
        difference=apart,
    )


def _hex(kept: Kept) -> str | None:
    return kept.sha256.hex() if kept.sha256 else None


def _first_lines(storage: Path, output: Output) -> list[str]:
    """Return the first lines, of standard error where there is nothing else."""
    file, _ = opened(storage, output.stdout if output.stdout.size else output.stderr)
    with file:
        found = [file.readline(differences.SHOWN).decode(errors="replace") for _ in range(FIRST_LINES)]
    return [line.rstrip("\r\n") for line in found if line]
