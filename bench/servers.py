"""OpenSSH servers on loopback, and a client of them: what a benchmark's targets are."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from bench.figures import progress
from opsconductor.stack import ports
from opsconductor.stack.fleet import keys, openssh, run
from opsconductor.stack.fleet.openssh import OpenSshServer
from opsconductor.stack.fleet.target import Spec, answers
from opsconductor.stack.problems import StackProblem

FIRST_PORT = 24000
PORTS_EACH = 16
"""Ports that one sshd listens on at most: OpenSSH is compiled with that limit."""


class ManyPorts(OpenSshServer):
    """One sshd behind several ports: the same program and work for each connection, with fewer idle listeners."""

    def __init__(self, program: Path, spec: Spec, more: Sequence[int]) -> None:
        super().__init__(program, spec)
        # A storm breaks thousands of connections on purpose: not for the terminal of who watches it.
        self.messages = ("-E", str(spec.home / "sshd.log"))
        self._more = "".join(f"Port {port}\n" for port in more)

    async def _accepts(self, extra: str) -> bool:
        return await super()._accepts(extra + self._more)


@contextlib.contextmanager
def targets(home: Path, count: int) -> Iterator[list[Spec]]:
    """Run servers in a thread of their own, up to 16 ports each; so Ctrl-C reaches who measures at once."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(servers(home, count, ports_each=PORTS_EACH)) as specs,
    ):
        yield specs


@contextlib.asynccontextmanager
async def servers(home: Path, count: int, *, ports_each: int = 1) -> AsyncIterator[list[Spec]]:
    """Run an sshd for every `ports_each` targets; the key that all of them let in is `id_ed25519` in `home`.

    With one port each, every server tells its commands the name of its target.
    """
    program = openssh.find()
    if program is None:
        raise StackProblem("This benchmark needs OpenSSH's server: install the package openssh-server.")
    progress(f"Starting SSH servers for {count} targets ...")
    specs = _specs(home, count, ports_each)
    async with contextlib.AsyncExitStack() as stack:
        for first in range(0, count, ports_each):
            server = ManyPorts(
                program, specs[first], [spec.port for spec in specs[first + 1 :][: ports_each - 1]]
            )
            stack.push_async_callback(server.stop)
            await server.start()
        if not all([await answers(spec) for spec in specs[::ports_each]]):
            raise StackProblem("Not all SSH servers of the benchmark answer.")
        yield specs


def _specs(home: Path, count: int, ports_each: int) -> list[Spec]:
    """Describe targets on free ports; those of one server share its folder and its host key."""
    client_key = keys.ensure(home / "id_ed25519", "bench")
    specs, taken = list[Spec](), set[int]()
    for number in range(count):
        with ports.reserve(FIRST_PORT + number, taken) as bound:
            port = ports.port_of(bound)
        taken.add(port)
        name = f"bench-{number:03d}"
        if number % ports_each == 0:
            specs.append(run.make_spec(home / f"t{number}", name, port, client_key))
        else:
            specs.append(replace(specs[number - number % ports_each], name=name, port=port))
    return specs
