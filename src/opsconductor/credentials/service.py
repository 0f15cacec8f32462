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
    CertificateNotUsable,
    CredentialInUse,
    CredentialNameTaken,
    CredentialNotFound,
    PrivateKeyUnusable,
)
from opsconductor.credentials.models import Credential
from opsconductor.credentials.schemas import CredentialChange, NewCredential
from opsconductor.credentials.vault import Vault
from opsconductor.kit.clock import now
from opsconductor.kit.errors import Invalid
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.transports.base import SshLogin
from opsconductor.transports.errors import (
    CertificateExpired,
    CertificateNotYetValid,
    CertificateUnusable,
    KeyUnusable,
)
from opsconductor.transports.ssh.certificates import OF_ANOTHER_KEY, describe_certificate
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
        max_parallel=wanted.max_parallel,
    )
    await _seal(credential, vault, wanted)
    _certify(credential, wanted)
    uow.session.add(credential)
    await uow.session.flush()  # times are shown in the answer
    audit.record(
        uow, "credential.added", "credential", credential.id, credential.name, after=_facts(credential)
    )
    return credential


async def change(uow: UnitOfWork, credential_id: UUID, wanted: CredentialChange, vault: Vault) -> Credential:
    """Change a credential. What is left away stays; a new private key replaces passphrase and certificate too."""
    credential = await get(uow, credential_id, lock=True)
    before = _facts(credential)
    if wanted.name and await repository.name_is_taken(uow.session, wanted.name, except_id=credential_id):
        raise CredentialNameTaken
    for name in ("name", "username", "description"):
        if (value := getattr(wanted, name)) is not None:
            setattr(credential, name, value)
    if "max_parallel" in wanted.model_fields_set:
        credential.max_parallel = wanted.max_parallel
    _refuse_other_kind(credential, wanted)
    replaced = await _seal(credential, vault, wanted)
    _certify(credential, wanted)
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
    return SshLogin(
        username=credential.username,
        password=_open(credential, vault, "password"),
        private_key=_open(credential, vault, "private_key"),
        passphrase=_open(credential, vault, "passphrase"),
        certificate=credential.certificate,
        become_password=_open(credential, vault, "become_password"),
    )


class Logins:
    """Opens credentials for the sign-ins of one moment, each of them once. Not to be kept."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._opened: dict[UUID, SshLogin] = {}

    def of(self, credential: Credential) -> SshLogin:
        """Return what signs in with a credential. Raises SealBroken."""
        found = self._opened.get(credential.id)
        if found is None:
            found = self._opened[credential.id] = login_of(credential, self._vault)
        return found


def _open(credential: Credential, vault: Vault, field: str) -> SecretStr | None:
    record = getattr(credential, field)
    if record is None:
        return None
    return SecretStr(vault.open(record, table="credentials", row=credential.id, field=field))


async def _seal(credential: Credential, vault: Vault, wanted: NewCredential | CredentialChange) -> bool:
    """Seal the secrets that are given, and drop what no longer belongs to them; tell whether there were any."""
    secrets = {"password": wanted.password, "become_password": wanted.become_password}
    if "become_password" in wanted.model_fields_set:
        credential.become_password = None
    if wanted.private_key:
        secrets |= {"private_key": wanted.private_key, "passphrase": wanted.passphrase}
        credential.public_key_fingerprint = await _fingerprint(wanted.private_key, wanted.passphrase)
        credential.passphrase = credential.certificate = None
    for field, secret in secrets.items():
        if secret is not None:
            sealed = vault.seal(
                secret.get_secret_value(), table="credentials", row=credential.id, field=field
            )
            setattr(credential, field, sealed)
    return any(secrets.values())


def _certify(credential: Credential, wanted: NewCredential | CredentialChange) -> None:
    """Keep a certificate that belongs to the key of the credential and is not over already."""
    if "certificate" not in wanted.model_fields_set:
        return
    credential.certificate = wanted.certificate
    if wanted.certificate is None:
        return
    try:
        described = describe_certificate(wanted.certificate)
        if described.key != credential.public_key_fingerprint:
            raise CertificateUnusable(reason=OF_ANOTHER_KEY)
        described.judge(now())
    except CertificateNotYetValid:
        return  # it will be
    except (CertificateUnusable, CertificateExpired) as error:
        errors = [{"field": "certificate", "message": error.detail}]
        raise CertificateNotUsable(reason=error.detail, errors=errors) from error


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
    of_keys = ("private_key", "passphrase", "certificate")
    foreign = of_keys if credential.kind == "password" else ("password",)
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
    names = ("name", "kind", "username", "description", "public_key_fingerprint", "max_parallel")
    return {
        **{name: getattr(credential, name) for name in names},
        "certificate": _named(credential.certificate) if credential.certificate else None,
        "has_become_password": credential.become_password is not None,
    }


def _named(certificate: str) -> str:
    described = describe_certificate(certificate)
    return f"{described.key_id} (serial {described.serial})"
