"""OpenSSH servers on loopback, one for each target of a benchmark."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from bench.figures import progress
from opsconductor.stack import ports
from opsconductor.stack.fleet import keys, openssh, run
from opsconductor.stack.fleet.openssh import OpenSshServer
from opsconductor.stack.fleet.target import Spec, answers
from opsconductor.stack.problems import StackProblem

FIRST_PORT = 24000


@contextlib.asynccontextmanager
async def servers(home: Path, count: int) -> AsyncIterator[list[Spec]]:
    """Run an sshd for each target; the key that all of them let in is `id_ed25519` in `home`."""
    program = openssh.find()
    if program is None:
        raise StackProblem("This benchmark needs OpenSSH's server: install the package openssh-server.")
    progress(f"Starting {count} SSH servers ...")
    client_key = keys.ensure(home / "id_ed25519", "bench")
    running, specs, taken = [], [], set[int]()
    try:
        for number in range(count):
            with ports.reserve(FIRST_PORT + number, taken) as bound:
                port = ports.port_of(bound)
            taken.add(port)
            spec = run.make_spec(home / f"t{number}", f"bench-{number:03d}", port, client_key)
            server = OpenSshServer(program, spec)
            await server.start()
            running.append(server)
            specs.append(spec)
        if not all([await answers(spec) for spec in specs]):
            raise StackProblem("Not all SSH servers of the benchmark answer.")
        yield specs
    finally:
        for server in running:
            await server.stop()
