"""A whole execution as one file, written while it is read: never more of it in memory than a few hundred results."""

import asyncio
import codecs
import csv
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from opsconductor.executions import outputs_repository as repository
from opsconductor.executions.models import Execution
from opsconductor.executions.output_files import opened
from opsconductor.executions.output_schemas import Format
from opsconductor.executions.outputs_repository import Kept, Output
from opsconductor.executions.reading import Reader, removed_note
from opsconductor.kit.errors import Unavailable

BATCH = 200  # results read from the database at once
CHUNK = 256 * 1024  # bytes read from a file at once
SENT = 64 * 1024  # bytes that are worth a packet of their own
CELL = 32_000  # characters; a spreadsheet takes no more than 32,767 in a cell
MEDIA_TYPES: dict[Format, str] = {
    "text": "text/plain; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}
ENDINGS: dict[Format, str] = {"text": "txt", "json": "json", "csv": "csv", "zip": "zip"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
COLUMNS = (
    *(
        "target",
        "status",
        "exit_code",
        "exit_signal",
        "error_code",
        "error_message",
        "started_at",
        "finished_at",
    ),
    *("output_bytes", "output_sha256", "error_bytes", "error_sha256", "output", "error", "cut"),
)


def file_name(execution: Execution, wanted: Format) -> str:
    """Return the name of the download: made of the id, since a name may be anything."""
    return f"execution-{execution.id}.{ENDINGS[wanted]}"


class CutShort(Exception):
    """A download can't be ended as it was begun: its connection is broken off, so that nobody takes it for whole."""


async def begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Return the pieces once there is a first one: up to then a refusal can still be told."""
    first = await anext(pieces)
    return _from(first, pieces)


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    try:
        async for piece in rest:
            yield piece
    except Unavailable as error:
        raise CutShort(error.detail) from error


async def written(reader: Reader, execution: Execution, wanted: Format) -> AsyncIterator[bytes]:
    """Yield the execution in a format, in pieces that are worth sending."""
    waiting = bytearray()
    async for piece in WRITERS[wanted](reader, execution):
        waiting += piece
        if len(waiting) >= SENT:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


async def _outputs(reader: Reader, execution_id: UUID) -> AsyncIterator[Output]:
    after: tuple[str, UUID] | None = None
    while True:
        async with reader.units.begin() as uow:
            batch = await repository.outputs_after(uow.session, execution_id, after, BATCH)
        for output in batch:
            yield output
        if len(batch) < BATCH:
            return
        after = batch[-1].target_name, batch[-1].id


async def _content(reader: Reader, kept: Kept) -> AsyncIterator[bytes]:
    """Yield everything kept of a stream."""
    if kept.path is None:
        yield kept.head
        return
    await reader.bring(kept)
    file, _ = await asyncio.to_thread(opened, reader.storage, kept)
    with file:
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece


def _facts(output: Output) -> dict[str, Any]:
    """Return what is known of a result beside what was written."""
    return {
        "target": output.target_name,
        "result_id": str(output.id),
        "status": output.status,
        "exit_code": output.exit_code,
        "exit_signal": output.exit_signal,
        "error_code": output.error_code,
        "error_message": output.error_message,
        "started_at": output.started_at and output.started_at.isoformat(),
        "finished_at": output.finished_at and output.finished_at.isoformat(),
        "stdout": _sizes(output.stdout),
        "stderr": _sizes(output.stderr),
        "note": removed_note(output.removed_at),
    }


def _sizes(kept: Kept) -> dict[str, Any]:
    sha256 = kept.sha256.hex() if kept.sha256 else None
    return {"bytes": kept.size, "kept_bytes": kept.kept, "sha256": sha256}


def _head(execution: Execution) -> dict[str, Any]:
    return {
        "id": str(execution.id),
        "name": execution.name,
        "status": execution.status,
        "target_count": execution.target_count,
        "created_by": execution.created_by_name,
        "created_at": execution.created_at.isoformat(),
        "finished_at": execution.finished_at and execution.finished_at.isoformat(),
    }


async def _text(reader: Reader, execution: Execution) -> AsyncIterator[bytes]:
    yield f"# {execution.name}: {execution.status}, {execution.target_count} targets\n".encode()
    async for output in _outputs(reader, execution.id):
        code = "" if output.exit_code is None else f", exit code {output.exit_code}"
        yield f"\n==> {output.target_name}: {output.status}{code}\n".encode()
        if remark := output.error_message or removed_note(output.removed_at):
            yield f"({remark})\n".encode()
        for name, kept in (("", output.stdout), ("--> standard error\n", output.stderr)):
            if kept.size:
                yield name.encode()
                last = b""
                async for piece in _content(reader, kept):
                    yield piece
                    last = piece[-1:] or last
                yield b"" if last == b"\n" else b"\n"
                if kept.kept < kept.size:
                    yield f"(kept: {kept.kept:,} of {kept.size:,} bytes)\n".encode()


async def _json(reader: Reader, execution: Execution) -> AsyncIterator[bytes]:
    yield b'{"execution": ' + json.dumps(_head(execution)).encode() + b', "results": ['
    between = b"\n"
    async for output in _outputs(reader, execution.id):
        yield between + json.dumps(_facts(output)).encode()[:-1]
        for name, kept in (("output_text", output.stdout), ("error_text", output.stderr)):
            yield f', "{name}": "'.encode()
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            async for piece in _content(reader, kept):
                yield json.dumps(decoder.decode(piece))[1:-1].encode()
            yield json.dumps(decoder.decode(b"", final=True))[1:].encode()
        yield b"}"
        between = b",\n"
    yield b"\n]}\n"


async def _csv(reader: Reader, execution: Execution) -> AsyncIterator[bytes]:
    yield _row(COLUMNS)
    async for output in _outputs(reader, execution.id):
        facts = _facts(output)
        out, err = await _cell(reader, output.stdout), await _cell(reader, output.stderr)
        cut = (
            len(out) > CELL or len(err) > CELL or any(s.kept < s.size for s in (output.stdout, output.stderr))
        )
        texts = [harmless(str(facts[name] or "")) for name in ("error_code", "error_message")]
        times = [facts[name] or "" for name in ("started_at", "finished_at")]
        code = "" if output.exit_code is None else output.exit_code
        ends = [harmless(output.target_name), output.status, code, output.exit_signal or ""]
        sizes = [facts[name][key] for name in ("stdout", "stderr") for key in ("bytes", "sha256")]
        shown = [harmless(text[:CELL]) for text in (out, err)]
        yield _row([*ends, *texts, *times, *sizes, *shown, "yes" if cut else "no"])


async def _cell(reader: Reader, kept: Kept) -> str:
    """Return the beginning of a stream: enough for a cell, and to see that there is more."""
    async for piece in _content(reader, kept):
        return piece[: 4 * CELL + 4].decode(errors="replace").replace("\0", "\ufffd")
    return ""


def _row(values: Any) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue().encode()


def harmless(text: str) -> str:
    """Return a text that a spreadsheet takes for a text, not for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


class _Sink(io.RawIOBase):
    """Where a zip is written to: what was written so far is taken away again and again."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = bytes(self._written)
        self._written.clear()
        return taken


async def _zip(reader: Reader, execution: Execution) -> AsyncIterator[bytes]:
    """A file for each stream that has something, and a manifest as the last one: it knows all the others."""
    sink = _Sink()
    manifest = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        number = 0
        async for output in _outputs(reader, execution.id):
            number += 1
            facts = _facts(output)
            for name, kept in (("stdout", output.stdout), ("stderr", output.stderr)):
                if kept.kept:
                    facts[name]["file"] = f"{number:05d}-{safe_name(output.target_name)}.{name}.txt"
                    async for piece in _entry(archive, sink, facts[name]["file"], _content(reader, kept)):
                        yield piece
            manifest.append(facts)
        whole = {"execution": _head(execution), "results": manifest}
        archive.writestr("manifest.json", await asyncio.to_thread(json.dumps, whole, indent=1))
    yield sink.take()


async def _entry(
    archive: zipfile.ZipFile, sink: _Sink, name: str, content: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    with archive.open(name, "w", force_zip64=True) as entry:
        async for piece in content:
            await _off_loop(entry.write, piece)
            yield sink.take()


async def _off_loop(write: Callable[[bytes], object], piece: bytes) -> None:
    """Compress what is long in a thread; a thread for each short one would cost more than it saves."""
    if len(piece) > SENT:
        await asyncio.to_thread(write, piece)
    else:
        write(piece)


def safe_name(name: str) -> str:
    """Return a target's name as a part of a file name that every system takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:80] or "target"


WRITERS: dict[Format, Callable[[Reader, Execution], AsyncIterator[bytes]]] = {
    "text": _text,
    "json": _json,
    "csv": _csv,
    "zip": _zip,
}
