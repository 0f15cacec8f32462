"""What goes in and out of the credentials domain. Secrets only go in."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from opsconductor.kit.wire import In

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LoginName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f]+$")
]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=20_000)]
Certificate = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]
Kind = Literal["password", "ssh_key"]
MaxParallel = Annotated[int, Field(ge=1, le=1000)]


class NewCredential(In):
    """A credential to add: a password, or a private key in OpenSSH or PEM form with its passphrase if it has one.

    An OpenSSH certificate of the key goes on one line. The become password is what sudo asks for.
    """

    name: Name
    kind: Kind
    username: LoginName
    description: Annotated[str, StringConstraints(max_length=1000)] = ""
    password: Secret | None = None
    private_key: Secret | None = None
    passphrase: Secret | None = None
    certificate: Certificate | None = None
    become_password: Secret | None = None
    max_parallel: MaxParallel | None = None

    @model_validator(mode="after")
    def have_what_the_kind_needs(self) -> Self:
        of_keys = self.private_key or self.passphrase or self.certificate
        if self.kind == "password" and (self.password is None or of_keys):
            raise ValueError("a password credential has `password`, and no key, passphrase or certificate")
        if self.kind == "ssh_key" and (self.private_key is None or self.password):
            raise ValueError("an SSH key credential has `private_key`, and no password")
        return self


class CredentialChange(In):
    """What to change; keys left away stay as they are. A new key comes with its passphrase and certificate.

    A null as certificate, become password or limit takes it away.
    """

    name: Name | None = None
    username: LoginName | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] | None = None
    password: Secret | None = None
    private_key: Secret | None = None
    passphrase: Secret | None = None
    certificate: Certificate | None = None
    become_password: Secret | None = None
    max_parallel: MaxParallel | None = None


class CertificateOut(BaseModel):
    """What a certificate says. A time that is null is no limit; the serial may be too large for a JSON number."""

    key_id: str
    serial: str
    principals: list[str]
    valid_after: datetime | None
    valid_before: datetime | None
    authority_fingerprint: str


class CredentialOut(BaseModel):
    """A credential, without its secrets."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    kind: Kind
    username: str
    description: str
    has_passphrase: bool
    has_become_password: bool
    certificate: CertificateOut | None
    public_key_fingerprint: str | None
    max_parallel: int | None
    """How many operations may be under way with it at once, over all targets; null for any number."""
    target_count: int
    created_at: datetime
    updated_at: datetime
