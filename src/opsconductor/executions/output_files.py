"""The files of outputs as readers meet them: opened with their line index, which is made on first use."""

import base64
import io
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from opsconductor.executions import lines
from opsconductor.executions.lines import LineIndex
from opsconductor.executions.outputs_repository import Kept
from opsconductor.kit.ids import new_id
from opsconductor.storage.cache import index_of
from opsconductor.storage.places import Wanted

log = structlog.get_logger()

FOLDER = "outputs"

_indexing = threading.Lock()  # one at a time: a viewer asks for several pages at once


def wanted(kept: Sequence[Kept]) -> list[Wanted]:
    """Return what has to be here to read these; length and hash are known of those that were kept whole."""
    return [
        Wanted(one.path, one.size, one.sha256.hex() if one.sha256 else None)
        if one.kept == one.size
        else Wanted(one.path)
        for one in kept
        if one.path is not None
    ]


def opened(storage: Path, kept: Kept) -> tuple[BinaryIO, bool]:
    """Return what is kept of a stream, and whether its file has gone; then it is only the beginning."""
    if kept.path is None:
        return io.BytesIO(kept.head), False
    try:
        return (storage / kept.path).open("rb"), False
    except OSError as error:
        log.error("output.not_readable", reason=error.strerror)
        return io.BytesIO(kept.head), True


def indexed(storage: Path, kept: Kept, file: BinaryIO) -> LineIndex:
    """Return the line index of an open output; read it all once, where nobody did before."""
    if kept.path is None or isinstance(file, io.BytesIO):
        return lines.scan(file)
    path = index_of(storage / kept.path)
    size = os.fstat(file.fileno()).st_size
    return _stored(path, size) or _made(path, size, file)


def _stored(path: Path, size: int) -> LineIndex | None:
    try:
        return lines.unpacked(path.read_bytes(), size)
    except FileNotFoundError:
        return None


def _made(path: Path, size: int, file: BinaryIO) -> LineIndex:
    with _indexing:
        if found := _stored(path, size):
            return found
        file.seek(0)
        index = lines.scan(file)
        _store(path, index)
    return index


def _store(path: Path, index: LineIndex) -> None:
    draft = path.with_name(f"{path.name}.{new_id().hex[-8:]}.tmp")
    try:
        draft.write_bytes(index.packed())
        draft.replace(path)
    except OSError as error:  # the next reader counts again
        log.warning("output.index_not_stored", reason=error.strerror)
        draft.unlink(missing_ok=True)


def for_a_process(storage: Path, kept: Kept) -> dict[str, Any]:
    """Return how a process of ours finds what is kept of a stream."""
    path = None if kept.path is None else storage / kept.path
    if path is None or not path.exists():
        return {"path": None, "head": base64.b64encode(kept.head).decode()}
    return {"path": str(path.resolve()), "head": ""}
