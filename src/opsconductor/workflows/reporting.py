"""What a flow reports for the audit log: put into words of the log, without secrets."""

import re
from typing import Any
from uuid import UUID

from opsconductor import audit
from opsconductor.contracts.reporting import WorkflowAudit
from opsconductor.kit.errors import KeyUsedForOther
from opsconductor.kit.ids import new_id
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.kit.wire import sha256_of
from opsconductor.workflows import repository
from opsconductor.workflows.secrets import SECRET_NAME

MASK = "•••"
SECRET_TEXT = re.compile(
    r"(?P<name>\b(?:\w*password|passwd|passphrase|pwd|\w*secret|\w*token|api[_-]?key|authorization)\b\s*[=:]\s*"
    r"(?:(?:bearer|basic)\s+)?|\b(?:bearer|basic)\s+)(?P<value>[^\s,;&\"']+)",
    re.IGNORECASE,
)
"""`password=…`, `token: …`, `Bearer …` inside a text."""
ADDRESS_LOGIN = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE)


async def record(
    uow: UnitOfWork, wanted: WorkflowAudit, flow_id: str | None, *, key: str | None = None
) -> UUID:
    """Write an entry, once per idempotency key, and return its id.

    Its action begins with `flow.`: what a flow says can't be taken for what we saw ourselves.
    """
    action, place, id = f"flow.{wanted.event_type}", wanted.workflow_context, new_id()
    said = {"message": _text(wanted.message), "severity": wanted.severity, "data": redacted(wanted.data)}
    if key and (earlier := await _earlier(uow, key, {"action": action, "flow": flow_id, **said}, id)):
        return earlier
    return audit.record(
        uow,
        action,
        "flow",
        flow_id,
        place.node_name if place else None,
        after={
            **said,
            "node_id": place.node_id if place else None,
            "run_id": place.run_id if place else None,
        },
        id=id,
    )


async def _earlier(uow: UnitOfWork, key: str, said: dict[str, Any], id: UUID) -> UUID | None:
    """Return the entry that was written with this key before; the key is for this one where there is none.

    What is said has no secrets any more: not even a hash of them is kept.
    """
    digest = sha256_of(said)
    found = await repository.entry_with_key(uow.session, uow.actor.owner, key, digest, id)
    if found.request_sha256 != digest:
        raise KeyUsedForOther
    return None if found.entry_id == id else found.entry_id


def redacted(value: Any) -> Any:
    """Return JSON with everything masked that is named like a secret, or follows such a name in a text."""
    if isinstance(value, dict):
        return {key: MASK if SECRET_NAME.search(key) else redacted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    value = ADDRESS_LOGIN.sub(rf"\g<scheme>{MASK}@", value)
    return SECRET_TEXT.sub(rf"\g<name>{MASK}", value)
