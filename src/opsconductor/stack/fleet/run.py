"""Running the fleet: start every target, keep it up, tell where it is, stop it."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import asyncssh

from opsconductor.stack import ports, user
from opsconductor.stack.fleet import keys, openssh, roster
from opsconductor.stack.fleet.built_in import BuiltInServer
from opsconductor.stack.fleet.openssh import OpenSshServer
from opsconductor.stack.fleet.roster import Member
from opsconductor.stack.fleet.target import Server, Spec, answers

log = logging.getLogger("opsconductor.fleet")
RESTART_AFTER = 0.5  # s between the end of a server and its next start


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fleet until SIGTERM or SIGINT."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    asyncio.run(_until_signalled(options.data_dir))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("opsconductor.stack.fleet", description="Run the demo fleet.")
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("OPSCONDUCTOR_DATA_DIR", "var"))
    return parser


async def _until_signalled(data_dir: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(data_dir, stop)


async def serve(data_dir: Path, stop: asyncio.Event) -> None:
    """Start all targets, write the file that lists them, and keep them up until told to stop."""
    home = roster.folder(data_dir)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    client_key = keys.ensure(home / "id_ed25519", "demo fleet")
    async with contextlib.AsyncExitStack() as stack:
        served = await asyncio.gather(
            *(_member(stack, home, member, client_key) for member in _placed(stack, data_dir))
        )
        roster.write(data_dir, tuple(served))
        log.info("demo fleet ready: %s", ", ".join(f"{member.name} {member.port}" for member in served))
        if ready := os.environ.get("OPSCONDUCTOR_READY_FILE"):
            Path(ready).touch()  # noqa: ASYNC240  # one small local file
        await stop.wait()
    log.info("demo fleet stopped")


def _placed(stack: contextlib.ExitStack | contextlib.AsyncExitStack, data_dir: Path) -> list[Member]:
    """Return the roster on free ports, the last ones where possible."""
    placed: list[Member] = []
    reserved: list[socket.socket] = []
    for member in roster.last_ports(data_dir):
        off = member.server == "none"
        bound = ports.reserve(member.port, [other.port for other in placed], alone=off)
        placed.append(replace(member, port=ports.port_of(bound)))
        if off:
            stack.callback(
                bound.close
            )  # kept: so it stays a port where nobody listens, no other fleet either
        else:
            reserved.append(bound)
    _release(reserved)  # after the last, so that no two get the same
    return placed


def _release(reserved: list[socket.socket]) -> None:
    for bound in reserved:
        bound.close()


async def _member(
    stack: contextlib.AsyncExitStack, home: Path, member: Member, client_key: asyncssh.SSHKey
) -> Member:
    if member.server == "none":
        return replace(member, username=user.name())
    spec = make_spec(home / member.name, member.name, member.port, client_key)
    server = await start(spec)
    keeping = asyncio.create_task(_keep_up(spec, server))
    stack.push_async_callback(_end, keeping)
    return replace(
        member, server=server.kind, username=spec.username, host_key=keys.public_line(spec.host_key)
    )


def make_spec(home: Path, name: str, port: int, client_key: asyncssh.SSHKey) -> Spec:
    """Describe a target whose files are in `home`, which is made if need be, as is its host key."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Spec(name, port, home, user.name(), keys.ensure(home / "host_key", name), client_key)


async def start(spec: Spec) -> Server:
    """Serve a target by sshd where that works, else by ourselves. Raises OSError where neither does."""
    program = openssh.find()
    if program is not None:
        server = OpenSshServer(program, spec)
        with contextlib.suppress(OSError):
            await server.start()
            if await answers(spec):
                return server
        log.warning("%s: %s is not usable here, using the built-in server", spec.name, program)
        await server.stop()
    return await start_built_in(spec)


async def start_built_in(spec: Spec) -> Server:
    """Serve a target by ourselves. Raises OSError."""
    server = BuiltInServer(spec)
    await server.start()
    if await answers(spec):
        return server
    await server.stop()
    raise OSError(f"{spec.name} does not answer on port {spec.port}")


async def _keep_up(spec: Spec, server: Server) -> None:
    try:
        while True:
            await server.ended()
            log.warning("%s ended and is started again", spec.name)
            await asyncio.sleep(RESTART_AFTER)
            with contextlib.suppress(OSError):  # tried again after the next pause
                await server.start()
    finally:
        await server.stop()


async def _end(keeping: asyncio.Task[None]) -> None:
    keeping.cancel()
    await asyncio.wait([keeping])
