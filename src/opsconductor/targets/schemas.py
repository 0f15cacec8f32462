"""What goes in and out of the targets domain."""

import re
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from opsconductor.credentials.schemas import MaxParallel
from opsconductor.kit.wire import In

HOST_NAME = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
)


def _host(value: str) -> str:
    bare = value.removeprefix("[").removesuffix("]")
    try:
        return str(ip_address(bare))
    except ValueError:
        if HOST_NAME.fullmatch(value):
            return value
    raise ValueError("must be a host name or an IP address, without port or user name")


def _tags(values: list[str]) -> list[str]:
    return sorted(set(values))


OsType = Literal["linux", "windows", "macos", "other"]
Status = Literal["active", "inactive", "maintenance"]
Policy = Literal["pin-on-first-use", "require-approval"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(max_length=1000)]
Slug = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,  # after the pattern
        min_length=1,
        max_length=50,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
    ),
]
Tags = Annotated[list[Slug], Field(max_length=50), AfterValidator(_tags)]
TagList = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^,]+(,[^,]+)*$")]
"""Tags with commas between, all of which a target must have."""
Host = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=253), AfterValidator(_host)
]
Port = Annotated[int, Field(ge=1, le=65535)]


class NewTarget(In):
    """A target to register."""

    name: Name
    host: Host
    port: Port = 22
    os_type: OsType = "linux"
    environment: Slug = "production"
    status: Status = "active"
    description: Description = ""
    tags: Tags = Field(default_factory=list)
    credential_id: UUID | None = None
    jump_target_id: UUID | None = None
    legacy_algorithms: bool = False
    max_parallel: MaxParallel | None = None
    host_key_policy: Policy = "pin-on-first-use"


class TargetChange(In):
    """What to change; keys left away stay as they are. A null as credential, jump host or limit takes it away."""

    name: Name | None = None
    host: Host | None = None
    port: Port | None = None
    os_type: OsType | None = None
    environment: Slug | None = None
    status: Status | None = None
    description: Description | None = None
    tags: Tags | None = None
    credential_id: UUID | None = None
    jump_target_id: UUID | None = None
    legacy_algorithms: bool | None = None
    max_parallel: MaxParallel | None = None
    host_key_policy: Policy | None = None


class TargetFilter(In):
    """Which targets are meant. Every given key must fit; an unknown key is refused, never ignored."""

    os_type: OsType | None = None
    environment: Annotated[str, StringConstraints(max_length=50)] | None = None
    status: Status | None = None
    tag: Annotated[str, StringConstraints(max_length=50)] | None = None
    tags: TagList | None = None
    q: Annotated[str, StringConstraints(max_length=200)] | None = None


class HostKey(BaseModel):
    """A public key of a host, by its fingerprint."""

    algorithm: str
    fingerprint: str
    pinned_at: datetime | None = None


class LastTest(BaseModel):
    """How the last connection test ended."""

    model_config = ConfigDict(from_attributes=True)

    ok: bool
    latency_ms: int | None
    error_code: str | None
    detail: str | None
    failed_hop_id: UUID | None = None
    """The jump host at which it failed; none: at the target itself."""
    tested_at: datetime


class TestResult(LastTest):
    """How a connection test ended, with the key that is pinned and the one the host showed."""

    host_key: HostKey | None
    offered_host_key: HostKey | None


class JumpHost(BaseModel):
    """A target on the way to another."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    host: str
    port: int


class TargetOut(BaseModel):
    """A target."""

    id: UUID
    name: str
    description: str
    os_type: OsType
    environment: str
    status: Status
    tags: list[str]
    transport: str
    host: str
    port: int
    credential_id: UUID | None
    credential_name: str | None
    jump_target_id: UUID | None
    route: list[JumpHost]
    """The jump hosts on the way, the one that is reached directly first."""
    legacy_algorithms: bool
    max_parallel: int | None
    """How many operations may be under way there at once, over all executions; null for any number."""
    host_key: HostKey | None
    offered_host_key: HostKey | None
    host_key_policy: Policy
    last_test: LastTest | None
    created_at: datetime
    updated_at: datetime


class Facets(BaseModel):
    """How many targets there are of each value, over the whole fleet."""

    os_type: dict[str, int]
    environment: dict[str, int]
    status: dict[str, int]
    tag: dict[str, int]


class ApproveHostKey(In):
    """The fingerprint a person has compared, `SHA256:…`."""

    fingerprint: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^SHA256:")]
