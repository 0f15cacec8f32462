"""Files to one target or from it, on a connection that is open: from parameters to outcome."""

import asyncio
import posixpath
import time

from opsconductor.contracts.files import FileTransferParameters
from opsconductor.executions.sending import Sending, source_of
from opsconductor.executions.transferred import FileOutcome, Shelf, Transferred
from opsconductor.transports.base import Connection
from opsconductor.transports.file_errors import TransferTimedOut
from opsconductor.transports.files import Downloaded, Files, Progress, nobody

STOPPING = 4.0  # s a transfer has to clean up before its connection is closed under it
LONGEST_NAME = 255  # bytes


class TransferCancelled(Exception):
    """The transfer was stopped because somebody asked for it; nothing unfinished was left on the target."""


async def transfer(
    connection: Connection,
    parameters: FileTransferParameters,
    shelf: Shelf,
    *,
    operation_id: str,
    cancelled: asyncio.Event,
    progress: Progress = nobody,
) -> Transferred:
    """Do it. Raises a TransportError, or TransferCancelled.

    After `TransferInterrupted`, another attempt on a new connection with the same `operation_id` goes on where this
    one ended. The end comes at most 5 s after the timeout or `cancelled`; then the connection may be closed.
    """
    started = time.monotonic()
    work = asyncio.create_task(_moved(connection, parameters, shelf, operation_id, progress))
    stopping = asyncio.create_task(cancelled.wait())
    try:
        await asyncio.wait({work, stopping}, timeout=parameters.timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        stopped = not work.done()
        if stopped:
            await _stop(work, connection)
    if stopped and not _succeeded(work):  # else it was just about to end, and what it did is done
        raise TransferCancelled if cancelled.is_set() else TransferTimedOut(seconds=parameters.timeout)
    done = work.result()
    done.seconds = time.monotonic() - started
    return done


async def _stop(work: asyncio.Task[Transferred], connection: Connection) -> None:
    """End what has not ended: by asking, and where the target does not answer by closing the connection."""
    work.cancel()
    await asyncio.wait({work}, timeout=STOPPING)
    if not work.done():
        await connection.close()
        await asyncio.wait({work}, timeout=1)


def _succeeded(work: asyncio.Task[Transferred]) -> bool:
    return work.done() and not work.cancelled() and work.exception() is None


async def _moved(
    connection: Connection,
    parameters: FileTransferParameters,
    shelf: Shelf,
    operation_id: str,
    progress: Progress,
) -> Transferred:
    async with connection.files() as files:
        if parameters.direction == "download":
            return await _fetched(files, parameters, shelf, progress)
        sending = Sending(files, parameters, operation_id, progress)
        if parameters.content is not None:
            await sending.file(source_of(parameters.content.encode(errors="surrogatepass")))
            return sending.done
        assert parameters.file_id is not None
        source = await shelf.source(parameters.file_id)
        await (sending.archive(source, shelf) if parameters.unpack else sending.file(source))
        return sending.done


async def _fetched(
    files: Files, parameters: FileTransferParameters, shelf: Shelf, progress: Progress
) -> Transferred:
    assert parameters.path is not None
    path = shelf.room()
    try:
        got = await files.download(
            parameters.path,
            path,
            recursive=parameters.recursive,
            limit=parameters.size_limit,
            progress=progress,
        )
        name = _name_of(parameters.path, got)
        file_id = await shelf.keep(path, name=name, size=got.size, sha256=got.sha256)
    finally:
        path.unlink(missing_ok=True)
    done = Transferred(got.files, got.content, got.content, sha256=got.sha256, file_ids=[file_id])
    done.tell(FileOutcome(got.path, "fetched", got.size, got.verified_by))
    for omitted in got.omitted:
        done.omit(omitted.path)
    return done


def _name_of(path: str, got: Downloaded) -> str:
    """Return how a fetched file is called here: after the path that was asked for, without what a name may not have."""
    last = posixpath.basename(path.rstrip("/"))
    name = "".join(sign if sign.isprintable() and sign not in '\\:"' else "_" for sign in last).strip()
    name = name if name not in ("", ".", "..", "~") else "files"
    ending = ".tar" if got.is_archive else ""
    return name.encode()[: LONGEST_NAME - len(ending)].decode(errors="ignore") + ending
