"""How targets are shown."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from opsconductor.targets.models import Target
from opsconductor.targets.schemas import HostKey, JumpHost, LastTest, TargetOut
from opsconductor.targets.way import route
from opsconductor.transports.hostkeys import algorithm, fingerprint


def target_out(target: Target, jump_hosts: Mapping[UUID, Target]) -> TargetOut:
    """Return the public form of a target (with its credential loaded) and of the way to it."""
    computed = {"credential_name", "route", "host_key", "offered_host_key", "last_test"}
    facts = {name: getattr(target, name) for name in TargetOut.model_fields if name not in computed}
    return TargetOut(
        **facts,
        credential_name=target.credential.name if target.credential else None,
        route=[JumpHost.model_validate(hop) for hop in route(target, jump_hosts)],
        host_key=key_out(target.host_key, target.host_key_pinned_at),
        offered_host_key=key_out(target.offered_host_key),
        last_test=LastTest(**target.last_test) if target.last_test else None,
    )


def key_out(line: str | None, pinned_at: datetime | None = None) -> HostKey | None:
    """Return the public form of a key line."""
    if line is None:
        return None
    return HostKey(algorithm=algorithm(line), fingerprint=fingerprint(line), pinned_at=pinned_at)
