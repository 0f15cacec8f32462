"""Credentials over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from opsconductor.credentials import service
from opsconductor.credentials.models import Credential
from opsconductor.credentials.schemas import CertificateOut, CredentialChange, CredentialOut, NewCredential
from opsconductor.credentials.service import Uses
from opsconductor.credentials.vault import Vault
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow
from opsconductor.transports.ssh.certificates import describe_certificate

router = Branch(prefix="/credentials", tags=["credentials"])


async def vault_of(request: Request) -> Vault:
    """Return the application's vault."""
    found: Vault = request.app.state.vault
    return found


async def uses_of(request: Request) -> Uses:
    """Return what counts the targets of credentials."""
    found: Uses = request.app.state.credential_uses
    return found


OpenVault = Annotated[Vault, Depends(vault_of)]
UseCount = Annotated[Uses, Depends(uses_of)]


@router.get("")
@allowed("credentials.read")
async def list_credentials(
    uow: Uow,
    uses: UseCount,
    q: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CredentialOut]:
    """List credentials by name; `q` looks in name and user name."""
    rows = await service.listed(uow, q, limit, cursor)
    counts = await uses(uow.session, [row.id for row in rows.items])
    items = [_out(row, counts.get(row.id, 0)) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.post("", status_code=201)
@allowed("credentials.write")
async def add_credential(wanted: NewCredential, uow: Uow, vault: OpenVault) -> CredentialOut:
    """Add a credential; its secrets are sealed and never shown again."""
    return _out(await service.add(uow, wanted, vault), 0)


@router.get("/{credential_id}")
@allowed("credentials.read")
async def get_credential(credential_id: UUID, uow: Uow, uses: UseCount) -> CredentialOut:
    """Return a credential without its secrets."""
    return await _counted(uow, await service.get(uow, credential_id), uses)


@router.patch("/{credential_id}")
@allowed("credentials.write")
async def change_credential(
    credential_id: UUID, wanted: CredentialChange, uow: Uow, vault: OpenVault, uses: UseCount
) -> CredentialOut:
    """Change a credential; a secret left away stays as it is."""
    return await _counted(uow, await service.change(uow, credential_id, wanted, vault), uses)


@router.delete("/{credential_id}", status_code=204)
@allowed("credentials.write")
async def remove_credential(credential_id: UUID, uow: Uow, uses: UseCount) -> None:
    """Delete a credential that no target needs."""
    await service.remove(uow, credential_id, uses)


async def _counted(uow: Uow, credential: Credential, uses: Uses) -> CredentialOut:
    counts = await uses(uow.session, [credential.id])
    return _out(credential, counts.get(credential.id, 0))


def _out(credential: Credential, target_count: int) -> CredentialOut:
    computed = {"has_passphrase", "has_become_password", "certificate", "target_count"}
    facts = {name: getattr(credential, name) for name in CredentialOut.model_fields if name not in computed}
    return CredentialOut(
        **facts,
        has_passphrase=credential.passphrase is not None,
        has_become_password=credential.become_password is not None,
        certificate=_certificate(credential.certificate) if credential.certificate else None,
        target_count=target_count,
    )


def _certificate(line: str) -> CertificateOut:
    found = describe_certificate(line)
    return CertificateOut(
        key_id=found.key_id,
        serial=str(found.serial),
        principals=list(found.principals),
        valid_after=found.valid_after,
        valid_before=found.valid_before,
        authority_fingerprint=found.authority,
    )
