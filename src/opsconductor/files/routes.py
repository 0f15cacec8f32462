"""Files over HTTP. A file is the body of its request, as it is, and streams to the disk."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.requests import ClientDisconnect

from opsconductor.contracts.files import FileName
from opsconductor.files import service
from opsconductor.files.errors import UploadInterrupted
from opsconductor.files.models import File
from opsconductor.files.schemas import FileOut, Purpose
from opsconductor.files.storage import Storage
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import IdempotencyKey, Uow, origin_of
from opsconductor.kit.unit_of_work import UnitsOfWork

router = Branch(prefix="/files", tags=["files"])

AS_A_FILE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
"""A file is somebody's content under our address: no browser shall take it for a page of ours."""
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def storage_of(request: Request) -> Storage:
    """Return the application's storage of files."""
    found: Storage = request.app.state.files
    return found


Files = Annotated[Storage, Depends(storage_of)]


@router.get("")
@allowed("files.read")
async def list_files(
    uow: Uow,
    q: Annotated[str | None, Query(max_length=200)] = None,
    purpose: Purpose | None = None,
    execution_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[FileOut]:
    """List files, newest first: uploaded ones, and those that executions fetched; `q` looks in the name."""
    rows = await service.listed(uow, limit, cursor, text=q, purpose=purpose, execution_id=execution_id)
    items = [FileOut.model_validate(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.post("", status_code=201, openapi_extra=BODY, response_model=FileOut)
@allowed("files.write")
async def add_file(
    request: Request,
    files: Files,
    name: Annotated[FileName, Query(description="What the file is called; no folders.")],
    idempotency_key: IdempotencyKey = None,
) -> File:
    """Upload a file: the body is its content. The answer has its size and SHA-256 as they arrived here.

    The same Idempotency-Key gives the same file, until it is deleted.
    """
    units: UnitsOfWork = request.app.state.units
    origin, content = origin_of(request), _body(request)
    return await service.add(units, request.state.actor, origin, files, name, content, key=idempotency_key)


@router.get("/{file_id}")
@allowed("files.read")
async def get_file(file_id: UUID, uow: Uow) -> FileOut:
    """Return what is known of a file."""
    return FileOut.model_validate(await service.get(uow, file_id))


@router.get("/{file_id}/content", response_class=Response)
@allowed("files.read")
async def file_content(file_id: UUID, request: Request, files: Files) -> Response:
    """Return the content of a file, or the parts that the header Range names."""
    units: UnitsOfWork = request.app.state.units
    file, path = await service.content(units, request.state.actor, origin_of(request), files, file_id)
    return FileResponse(path, media_type=file.media_type, filename=file.name, headers=AS_A_FILE)


@router.delete("/{file_id}", status_code=204)
@allowed("files.write")
async def remove_file(file_id: UUID, request: Request, files: Files) -> None:
    """Delete a file."""
    units: UnitsOfWork = request.app.state.units
    await service.remove(units, request.state.actor, origin_of(request), files, file_id)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise UploadInterrupted from None
