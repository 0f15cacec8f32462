"""The way to a target: its address, its login and the trust in its key, and those of the jump hosts before it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from opsconductor.credentials.service import Logins
from opsconductor.targets.models import Target
from opsconductor.transports.base import Endpoint, Hop, HostKeyCheck, SshLogin
from opsconductor.transports.errors import TransportError


class NoCredential(Exception):
    """A target on the way has no credential; `name` is its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@dataclass(frozen=True)
class Way:
    """What a connection needs: `transport.connect(*way.arguments)`. Its hops are targets, too."""

    target_id: UUID
    endpoint: Endpoint
    login: SshLogin
    host_key: HostKeyCheck
    via: tuple[Hop, ...] = ()
    hop_ids: tuple[UUID, ...] = ()

    @property
    def arguments(self) -> tuple[Endpoint, SshLogin, HostKeyCheck, tuple[Hop, ...]]:
        """Return the arguments of `connect` and `check`."""
        return self.endpoint, self.login, self.host_key, self.via

    def place_of(self, error: TransportError) -> UUID:
        """Return at which target an error happened: this one, or one of its jump hosts."""
        return self.target_id if error.hop is None else self.hop_ids[error.hop]

    def first_keys(self, host_key: str, hop_keys: Sequence[str]) -> dict[UUID, str]:
        """Return the keys that were accepted without being pinned, by target; they have to be pinned now."""
        ids = (*self.hop_ids, self.target_id)
        checks = (*(hop.host_key for hop in self.via), self.host_key)
        keys = (*hop_keys, host_key)
        return {id: key for id, check, key in zip(ids, checks, keys, strict=True) if check.pinned is None}

    def pinned(self, keys: Mapping[UUID, str]) -> "Way":
        """Return the same way where these keys, by target, are the only ones that will do."""

        def trust(id: UUID, check: HostKeyCheck) -> HostKeyCheck:
            return HostKeyCheck(keys[id]) if id in keys else check

        hops = zip(self.hop_ids, self.via, strict=True)
        via = tuple(replace(hop, host_key=trust(id, hop.host_key)) for id, hop in hops)
        return replace(self, host_key=trust(self.target_id, self.host_key), via=via)

    def endpoint_of(self, target_id: UUID) -> Endpoint:
        """Return where a target of this way was when it was looked up."""
        ends = (*(hop.endpoint for hop in self.via), self.endpoint)
        return dict(zip((*self.hop_ids, self.target_id), ends, strict=True))[target_id]


def route(target: Target, jump_hosts: Mapping[UUID, Target]) -> list[Target]:
    """Return the jump hosts before a target, the one that is reached directly first."""
    hops: list[Target] = []
    next_id = target.jump_target_id
    while next_id is not None:
        hops.append(jump_hosts[next_id])
        next_id = hops[-1].jump_target_id
    return hops[::-1]


def way_to(target: Target, jump_hosts: Mapping[UUID, Target], logins: Logins) -> Way:
    """Open the credentials of a target and of its jump hosts. Raises NoCredential, SealBroken."""
    hops = route(target, jump_hosts)
    return Way(target.id, *_access(target, logins), tuple(_hops(hops, logins)), tuple(hop.id for hop in hops))


def _hops(targets: Iterable[Target], logins: Logins) -> Iterable[Hop]:
    return (Hop(*_access(target, logins)) for target in targets)


def _access(target: Target, logins: Logins) -> tuple[Endpoint, SshLogin, HostKeyCheck]:
    if target.credential is None:
        raise NoCredential(target.name)
    accept_new = target.host_key_policy == "pin-on-first-use"
    return (
        Endpoint(target.host, target.port, legacy=target.legacy_algorithms),
        logins.of(target.credential),
        HostKeyCheck(target.host_key, accept_new=accept_new),
    )
