"""Files that parameters stand for: on the target before the first command or script, gone after the last.

They are in a folder of their own that only the login may look into. Its name has the result's id, which nobody
guesses, and who claimed it: a worker that was superseded removes nothing that the next one has brought. What is
detached keeps its place from worker to worker, as the command does.
"""

import asyncio
import posixpath
from collections.abc import Mapping
from uuid import UUID

import structlog

from opsconductor.contracts.actions import Action, CommandAction, ScriptAction
from opsconductor.contracts.files import FileTransferParameters
from opsconductor.executions.site import Operation, Site, StopAsked
from opsconductor.executions.transfer import TransferCancelled, transfer
from opsconductor.transports.errors import TransportError

log = structlog.get_logger()

SHARED = "/tmp"  # noqa: S108  # every POSIX system has it; the folder in it is private, and not to be guessed
REMOVAL = 10.0  # s


def plan(operation: Operation, files: Mapping[str, str]) -> None:
    """Give each file its place on the target, and the variable the path."""
    for name, id in files.items():
        path = posixpath.join(_folder(operation), name, operation.variables[name])
        operation.variables[name] = path
        operation.files[path] = UUID(id)


async def files(site: Site, action: Action) -> None:
    """Bring what a command or script may want, unless it is there. Raises a `TransportError`, or StopAsked."""
    operation = site.operation
    if site.brought or not operation.files or not operation.posix:
        return
    if not isinstance(action, CommandAction | ScriptAction):
        return
    connection = await site.connection()
    async with connection.files() as session:
        site.brought = True
        await session.make_private_directory(_folder(operation))
    for path, id in operation.files.items():
        wanted = FileTransferParameters(
            direction="upload",
            file_id=id,
            destination=path,
            mode="0600",
            create_directories=True,
            timeout=site.left(action.action_parameters.timeout),
        )
        try:
            await transfer(
                connection,
                wanted,
                site.shelf,
                operation_id=operation.claim.result_id.hex,
                cancelled=operation.cancelled,
            )
        except TransferCancelled:
            raise StopAsked from None


async def nothing_stays(site: Site) -> None:
    """Remove what was brought. What can't be removed is told in the log, with its place."""
    operation = site.operation
    by_earlier_worker = operation.detached and operation.claim.earlier is not None
    if not operation.files or not (site.brought or by_earlier_worker):
        return
    if operation.detached and site.dispatched and not site.places:
        return  # whoever takes it over may still need it
    try:
        async with asyncio.timeout(REMOVAL):
            async with (await site.connection()).files() as session:
                await session.remove_directory(_folder(operation))
    except (TransportError, TimeoutError) as error:
        log.warning(
            "operation.files_not_removed", folder=_folder(operation), reason=getattr(error, "code", "timeout")
        )


def _folder(operation: Operation) -> str:
    claim = operation.claim
    holder = "" if operation.detached else f"-{claim.fence}"
    return posixpath.join(SHARED, f"opsconductor-{claim.result_id}{holder}")
