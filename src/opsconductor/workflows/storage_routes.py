"""What Node-RED itself asks, through the bridge: who is in its editor, and everything it keeps."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from opsconductor.auth.errors import PermissionMissing
from opsconductor.auth.policy import NODERED_PERMISSIONS
from opsconductor.auth.principal import Principal
from opsconductor.auth.routes import Current, Gate
from opsconductor.contracts.workflow import Document, EditorUser, NodeTypes, Saved, SaveFlows, Snapshot
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.requests import Uow
from opsconductor.workflows import service

router = Branch(prefix="/internal", include_in_schema=False)

LibraryPath = Annotated[str, Path(max_length=400, pattern=r"^[^\x00]*$")]


@router.get("/editor-user")
@allowed("session.read")
async def editor_user(current: Current) -> EditorUser:
    """Return who is in the editor, and what they may do there."""
    if current.user is None:
        raise NotSignedIn
    user = current.user
    return EditorUser(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        role=user.role,
        permissions=list(NODERED_PERMISSIONS[user.role]),
    )


@router.get("/storage/snapshot")
@allowed("storage.read")
async def storage_snapshot(uow: Uow) -> Snapshot:
    """Return everything Node-RED starts from."""
    return await service.snapshot(uow)


async def deployer_of(wanted: SaveFlows, request: Request, gate: Gate) -> Principal:
    """Find out by the ticket who deploys; Node-RED's own word is not enough."""
    found = await gate.principal_of_token(wanted.ticket, request)
    if "workflows.edit" not in found.permissions:
        raise PermissionMissing(permission="workflows.edit")
    return found


Deployer = Annotated[Principal, Depends(deployer_of)]


@router.put("/storage/flows")
@allowed("storage.write")
async def storage_flows(wanted: SaveFlows, uow: Uow, deployer: Deployer) -> Saved:
    """Store a deploy, as a new version."""
    return Saved(rev=await service.deploy(uow, wanted, deployer))


@router.put("/storage/node-types", status_code=204)
@allowed("storage.write")
async def storage_node_types(wanted: NodeTypes, uow: Uow) -> None:
    """Keep which node types Node-RED has; what is imported before the first deploy is held against them."""
    await service.keep_known_types(uow, wanted.known_types)


@router.put("/storage/documents/{name}", status_code=204)
@allowed("storage.write")
async def storage_document(
    name: Annotated[str, Path(pattern="^(settings|sessions)$")], wanted: Document, uow: Uow
) -> None:
    """Keep Node-RED's settings or sessions."""
    await service.keep(uow, name, wanted.content)


@router.get("/storage/library/{kind}")
@allowed("storage.read")
async def library_entry(
    kind: LibraryPath, uow: Uow, path: Annotated[str, Query(max_length=400)] = ""
) -> Document:
    """Return a file or a folder of Node-RED's library."""
    return Document(content=await service.library_entry(uow, kind, path))


@router.put("/storage/library/{kind}", status_code=204)
@allowed("storage.write")
async def keep_library_entry(
    kind: LibraryPath, wanted: Document, uow: Uow, path: Annotated[str, Query(min_length=1, max_length=400)]
) -> None:
    """Keep a file of Node-RED's library."""
    await service.keep(uow, f"library/{kind}/{path}", wanted.content)
