"""Tabs that leave as documents and come back, for people."""

from fastapi import Request

from opsconductor.auth.routes import Current
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.requests import Uow
from opsconductor.workflows import exchange
from opsconductor.workflows.exchange import Source
from opsconductor.workflows.exchange_schemas import FlowDocument, Imported, ImportFlow, ImportPreview
from opsconductor.workflows.routes import FlowId, deployed

router = Branch(prefix="/workflows", tags=["workflows"])


@router.get("/{flow_id}/export")
@allowed("workflows.read")
async def export_workflow(flow_id: FlowId, uow: Uow, current: Current) -> FlowDocument:
    """Return a deployed flow with everything it uses, as a document for another installation."""
    return await exchange.exported(uow, flow_id, current.permissions)


@router.post("/import/preview")
@allowed("workflows.edit")
async def preview_import(wanted: ImportFlow, uow: Uow) -> ImportPreview:
    """Return what an import would bring, what is missing here, and what would keep it from being done."""
    return await exchange.preview(uow, _source(wanted))


@router.post("/import", status_code=201)
@allowed("workflows.edit")
async def import_workflow(wanted: ImportFlow, request: Request) -> Imported:
    """Make a disabled tab of a document, by a deploy of its own; it acts as whoever imported it."""
    return await deployed(request, lambda uow, who: exchange.import_tab(uow, _source(wanted), who))


def _source(wanted: ImportFlow) -> Source:
    document = wanted.document
    name = wanted.name or document.name or None
    message = f"Imported {name}" if name else "Imported a flow"
    return Source(document.nodes, name, message, document.refers_to)
