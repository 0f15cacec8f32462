"""What Node-RED keeps, and who is in its editor."""

from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request
from fastapi.responses import Response

from opsconductor.bridge.core import fingerprint, passed_back, passed_on
from opsconductor.bridge.state import TheBridge, Token, limited
from opsconductor.contracts.workflow import Document, EditorUser, Saved, SaveFlows, Snapshot
from opsconductor.kit.branch import Branch
from opsconductor.kit.http import only_known_parameters

router = Branch(prefix="/api/nodered", dependencies=[Depends(only_known_parameters)])
storage = Branch(prefix="/storage", dependencies=[Depends(limited)])

Kind = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""It becomes a part of a path, and must stay one."""


@router.get("/whoami", response_model=EditorUser)
async def who_is_in_the_editor(request: Request, bridge: TheBridge, token: Token) -> Response:
    """Return the person behind an editor ticket. The editor asks at every click: answers are kept for 1 s."""
    headers = passed_on(request)
    found = await bridge.recent.editor_users.get(
        fingerprint(token), lambda: bridge.core.ask(request, "GET", "/internal/editor-user", headers)
    )
    return passed_back(found)


@storage.get("/snapshot", response_model=Snapshot)
async def snapshot(request: Request, bridge: TheBridge) -> Response:
    """Return everything Node-RED starts from."""
    return await bridge.core.pass_on(request, "GET", "/internal/storage/snapshot")


@storage.put("/flows", response_model=Saved)
async def save_flows(wanted: SaveFlows, request: Request, bridge: TheBridge) -> Response:
    """Store a deploy, as a new version."""
    content = await request.body()
    return await bridge.core.pass_on(request, "PUT", "/internal/storage/flows", content=content)


@storage.put("/documents/{name}", status_code=204)
async def save_document(
    name: Literal["settings", "sessions"], wanted: Document, request: Request, bridge: TheBridge
) -> Response:
    """Keep Node-RED's settings or sessions."""
    content = await request.body()
    return await bridge.core.pass_on(request, "PUT", f"/internal/storage/documents/{name}", content=content)


@storage.get("/library/{kind}", response_model=Document)
async def library_entry(
    kind: Kind, request: Request, bridge: TheBridge, path: Annotated[str, Query(max_length=400)] = ""
) -> Response:
    """Return a file or a folder of Node-RED's library."""
    params = {"path": path}
    return await bridge.core.pass_on(request, "GET", f"/internal/storage/library/{kind}", params=params)


@storage.put("/library/{kind}", status_code=204)
async def save_library_entry(
    kind: Kind,
    wanted: Document,
    request: Request,
    bridge: TheBridge,
    path: Annotated[str, Query(min_length=1, max_length=400)],
) -> Response:
    """Keep a file of Node-RED's library."""
    content = await request.body()
    asked = f"/internal/storage/library/{kind}"
    return await bridge.core.pass_on(request, "PUT", asked, params={"path": path}, content=content)


router.include_router(storage)
