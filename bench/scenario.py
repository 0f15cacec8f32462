"""What all scenarios are made of: their size, and the stack with targets that they measure."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import faked
from bench.figures import Measure
from bench.idle_stack import IdleStack, idle_stack
from bench.peers import Peers
from bench.servers import targets
from opsconductor.stack.fleet.target import Spec

REGISTRARS = 4  # requests at once that register targets


@dataclass(frozen=True)
class Site:
    """A stack, and targets registered with it; the spare one is none of those that are measured on."""

    stack: IdleStack
    home: Path
    """Where files of a benchmark are."""
    specs: Sequence[Spec]
    ids: Sequence[str]
    spare: str
    credential: str
    with_peers: bool

    def peers(self) -> Peers:
        """Return the peers, which are installed if need be."""
        return Peers(self.home, self.specs, wanted=self.with_peers)


@dataclass(frozen=True)
class Scenario:
    """Something that was promised, and how it is measured. The promise is about this size."""

    what: str
    targets: int
    rounds: int
    measure: Callable[[Site, int], list[Measure]]
    """Measures on all targets of a site, in so many rounds."""
    fake: bool = False
    """Whether its targets are none: their worker talks to the fake transport."""

    def site(
        self, count: int, data_dir: Path | None = None, *, with_peers: bool = True
    ) -> AbstractContextManager[Site]:
        """Start what it is measured on."""
        return (fake_site if self.fake else site)(count, data_dir, with_peers=with_peers)


@contextmanager
def site(count: int, data_dir: Path | None = None, *, with_peers: bool = True) -> Iterator[Site]:
    """Start a stack and SSH servers, and register `count` targets and a spare one."""
    with idle_stack(data_dir=data_dir) as stack:
        home = stack.data.root / "bench"
        home.mkdir()
        with targets(home, count + 1) as specs:
            credential = stack.credential(specs[0].username, home / "id_ed25519")
            with ThreadPoolExecutor(REGISTRARS) as registrars:
                *ids, spare = registrars.map(lambda s: stack.target(s.name, s.port, credential), specs)
            yield Site(stack, home, specs[:-1], ids, spare, credential, with_peers)


@contextmanager
def fake_site(count: int, data_dir: Path | None = None, *, with_peers: bool = True) -> Iterator[Site]:
    """Start a stack whose worker reaches `count` targets and a spare one by the fake transport."""
    with idle_stack(data_dir=data_dir, program=faked.PROGRAM) as stack:
        home = stack.data.root / "bench"
        home.mkdir()
        login = {"name": "bench", "kind": "password", "username": "bench", "password": "of nobody"}
        credential = str(stack.call("POST", "/credentials", json=login)["id"])
        spare = stack.target("spare", 22, credential)
        yield Site(stack, home, [], faked.copies(stack.data, spare, count), spare, credential, with_peers)
