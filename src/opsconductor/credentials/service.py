"""Use cases of the credentials domain."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor import audit
from opsconductor.audit.service import changes
from opsconductor.credentials import repository
from opsconductor.credentials.errors import (
    CredentialInUse,
    CredentialNameTaken,
    CredentialNotFound,
    PrivateKeyUnusable,
)
from opsconductor.credentials.models import SEALED, Credential
from opsconductor.credentials.schemas import CredentialChange, NewCredential
from opsconductor.credentials.vault import Vault
from opsconductor.kit.errors import Invalid
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.transports.base import SshLogin
from opsconductor.transports.errors import KeyUnusable
from opsconductor.transports.ssh.keys import describe_private_key

Uses = Callable[[AsyncSession, Sequence[UUID]], Awaitable[dict[UUID, int]]]
"""Tells how many targets sign in with each credential; targets are a domain above this one."""


async def add(uow: UnitOfWork, wanted: NewCredential, vault: Vault) -> Credential:
    """Add a credential; its secrets are sealed before they reach the database."""
    if await repository.name_is_taken(uow.session, wanted.name):
        raise CredentialNameTaken
    credential = Credential(
        id=new_id(),
        name=wanted.name,
        kind=wanted.kind,
        username=wanted.username,
        description=wanted.description,
    )
    await _seal(credential, vault, wanted.password, wanted.private_key, wanted.passphrase)
    uow.session.add(credential)
    await uow.session.flush()  # times are shown in the answer
    audit.record(
        uow, "credential.added", "credential", credential.id, credential.name, after=_facts(credential)
    )
    return credential


async def change(uow: UnitOfWork, credential_id: UUID, wanted: CredentialChange, vault: Vault) -> Credential:
    """Change a credential. What is left away stays; a new private key replaces the passphrase too."""
    credential = await get(uow, credential_id, lock=True)
    before = _facts(credential)
    if wanted.name and await repository.name_is_taken(uow.session, wanted.name, except_id=credential_id):
        raise CredentialNameTaken
    for name in ("name", "username", "description"):
        if (value := getattr(wanted, name)) is not None:
            setattr(credential, name, value)
    _refuse_other_kind(credential, wanted)
    replaced = await _seal(credential, vault, wanted.password, wanted.private_key, wanted.passphrase)
    old, new = changes(before, _facts(credential))
    audit.record(
        uow,
        "credential.changed",
        "credential",
        credential.id,
        credential.name,
        before=old,
        after={**new, **({"secret": "replaced"} if replaced else {})},
    )
    await uow.session.flush()  # updated_at is shown in the answer
    return credential


async def remove(uow: UnitOfWork, credential_id: UUID, uses: Uses) -> None:
    """Delete a credential that no target needs."""
    credential = await get(uow, credential_id, lock=True)
    count = (await uses(uow.session, [credential_id])).get(credential_id, 0)
    if count:
        raise CredentialInUse(count=count)
    audit.record(
        uow, "credential.removed", "credential", credential.id, credential.name, before=_facts(credential)
    )
    await uow.session.delete(credential)


async def get(uow: UnitOfWork, credential_id: UUID, *, lock: bool = False) -> Credential:
    """Return a credential."""
    found = await repository.credential(uow.session, credential_id, lock=lock)
    if found is None:
        raise CredentialNotFound
    return found


async def listed(uow: UnitOfWork, text: str | None, limit: int, cursor: str | None) -> Rows:
    """Return a page of credentials by name."""
    order = [Order(Credential.name), Order(Credential.id)]
    return await page_of(uow.session, repository.credentials_like(text), order, limit, cursor)


def login_of(credential: Credential, vault: Vault) -> SshLogin:
    """Open a credential for the moment of a sign-in. The texts it holds can't be printed."""
    opened = {name: _open(credential, vault, name) for name in SEALED}
    return SshLogin(username=credential.username, **opened)


def _open(credential: Credential, vault: Vault, field: str) -> SecretStr | None:
    record = getattr(credential, field)
    if record is None:
        return None
    return SecretStr(vault.open(record, table="credentials", row=credential.id, field=field))


async def _seal(
    credential: Credential,
    vault: Vault,
    password: SecretStr | None,
    private_key: SecretStr | None,
    passphrase: SecretStr | None,
) -> bool:
    secrets = {"password": password}
    if private_key:
        secrets |= {"private_key": private_key, "passphrase": passphrase}
        credential.public_key_fingerprint = await _fingerprint(private_key, passphrase)
        credential.passphrase = None
    for field, secret in secrets.items():
        if secret is not None:
            sealed = vault.seal(
                secret.get_secret_value(), table="credentials", row=credential.id, field=field
            )
            setattr(credential, field, sealed)
    return any(secrets.values())


async def _fingerprint(private_key: SecretStr, passphrase: SecretStr | None) -> str:
    try:
        described = await asyncio.to_thread(
            describe_private_key,
            private_key.get_secret_value(),
            passphrase.get_secret_value() if passphrase else None,
        )
    except KeyUnusable as error:
        field = "passphrase" if passphrase else "private_key"
        raise PrivateKeyUnusable(
            reason=error.detail, errors=[{"field": field, "message": error.detail}]
        ) from error
    return described.fingerprint


def _refuse_other_kind(credential: Credential, wanted: CredentialChange) -> None:
    foreign = ("private_key", "passphrase") if credential.kind == "password" else ("password",)
    for field in foreign:
        if getattr(wanted, field) is not None:
            message = f"a credential of kind {credential.kind} has no {field}"
            raise Invalid(
                f"The request is not valid: {message}", errors=[{"field": field, "message": message}]
            )
    if wanted.passphrase and not wanted.private_key:
        message = "give the private key again together with its new passphrase"
        raise Invalid(
            f"The request is not valid: {message}", errors=[{"field": "private_key", "message": message}]
        )


def _facts(credential: Credential) -> dict[str, object]:
    return {
        "name": credential.name,
        "kind": credential.kind,
        "username": credential.username,
        "description": credential.description,
        "public_key_fingerprint": credential.public_key_fingerprint,
    }
