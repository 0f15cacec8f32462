"""Outputs of executions over HTTP: lines, search, groups, comparison and download."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from opsconductor.executions import downloads, grouping, reading, service
from opsconductor.executions.output_schemas import (
    CompareOut,
    Format,
    GroupsOut,
    LinesOut,
    SearchOut,
    StreamName,
    Streams,
)
from opsconductor.executions.reading import Reader, Search
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor

router = Branch(prefix="/executions", tags=["outputs"])

From = Annotated[
    int,
    Query(
        alias="from",
        ge=-(2**53),
        le=2**53,
        description="Lines to pass over; `-500` is the last 500.",
    ),
]
Around = Annotated[
    int | None,
    Query(ge=1, le=2**53, description="A line's number; the answer has as many before as after it."),
]
LineLimit = Annotated[int, Query(ge=1, le=2000, description="Lines, fewer where they are long.")]


async def reader_of(request: Request) -> Reader:
    """Return the application's reader of outputs."""
    return Reader(request.app.state.units, request.app.state.folder)


Read = Annotated[Reader, Depends(reader_of)]


@router.get("/compare")
@allowed("executions.read")
async def compare_outputs(read: Read, left: UUID, right: UUID, stream: StreamName = "stdout") -> CompareOut:
    """Compare one stream of two results, named by their ids; they may be of two executions."""
    return await reading.compare(read, left, right, stream)


@router.get("/{execution_id}/results/{result_id}/lines")
@allowed("executions.read")
async def result_lines(
    execution_id: UUID,
    result_id: UUID,
    read: Read,
    stream: StreamName = "stdout",
    first: From = 0,
    around: Around = None,
    limit: LineLimit = 500,
) -> LinesOut:
    """Return some lines of an output, wherever they are, however long it is."""
    if around is not None:
        first = max(around - 1 - limit // 2, 0)
    return await reading.lines_of(read, execution_id, result_id, stream, first, limit)


@router.get("/{execution_id}/search")
@allowed("executions.read")
async def search_outputs(
    execution_id: UUID,
    read: Read,
    q: Annotated[str, Query(min_length=1, max_length=500)],
    stream: Streams = "both",
    regex: bool = False,
    case: bool = False,
    limit: Annotated[int, Query(ge=1, le=500, description="Targets to look at.")] = 200,
    matches: Annotated[int, Query(ge=0, le=1000, description="Lines told of each stream.")] = 5,
    context: Annotated[int, Query(ge=0, le=5, description="Lines before and after each.")] = 1,
    result_id: Annotated[UUID | None, Query(description="Look at this result only.")] = None,
    cursor: Cursor = None,
) -> SearchOut:
    """Search the outputs of all targets, line by line; colours are no hindrance, and line numbers come with it."""
    wanted = Search(q, stream, regex, case, matches, context, limit, result_id)
    return await reading.search(read, execution_id, wanted, cursor)


@router.get("/{execution_id}/groups")
@allowed("executions.read")
async def group_results(
    execution_id: UUID,
    read: Read,
    mask: Annotated[
        Literal["target_name"] | None,
        Query(description="A target's own name, and line feeds at the end, do not count as a difference."),
    ] = None,
) -> GroupsOut:
    """Group the results that wrote the same and ended alike, and say where the others differ first."""
    return await grouping.groups(read, execution_id, mask=mask is not None)


@router.get("/{execution_id}/download", response_class=StreamingResponse)
@allowed("executions.read")
async def download(execution_id: UUID, read: Read, format: Format = "zip") -> StreamingResponse:
    """Return everything kept of an execution as one file; the zip has a manifest with sizes and hashes."""
    async with read.units.begin() as uow:
        execution = await service.get(uow, execution_id)
    name = downloads.file_name(execution, format)
    return StreamingResponse(
        await downloads.begun(downloads.written(read, execution, format)),
        media_type=downloads.MEDIA_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
