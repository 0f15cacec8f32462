"""`up`, `down`, `restart`: the life of the stack."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from opsconductor.apps.cli import console
from opsconductor.stack import control, embedded, leftovers, lock, ports, prepare
from opsconductor.stack.embedded import Layout
from opsconductor.stack.folders import DataDir, project
from opsconductor.stack.problems import StackProblem
from opsconductor.stack.running import Composed, Stack, lock_of, status
from opsconductor.stack.services import Service, Standing

Folder = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where this installation keeps its data (default: var/, or OPSCONDUCTOR_DATA_DIR)."
    ),
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="The port people use; another free one if it is taken."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

START_LIMIT = 180.0  # s in the background until everything works
STOP_LIMIT = 60.0  # s
BEHIND = ("opsconductor.apps.cli", "serve-behind")
"""The program that runs the supervisor in the background."""
SUPERVISOR_LOG = "supervisor.log"


def up(
    data_dir: Folder = None,
    port: Port = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Run in the background and return.")] = False,
) -> None:
    """Start everything. In the foreground Ctrl-C stops it; with -d it goes on in the background."""

    def deed() -> None:
        data = DataDir.at(data_dir)
        asyncio.run(prepare.prepare(console.say))
        if not detach:
            asyncio.run(serve(data, port))
        elif found := status(data):
            console.say("OpsConductor is already running.")
            show_door(data, found["public_url"])
        else:
            show_door(data, start_behind(data, port=port)["public_url"])

    console.guarded(deed)


def serve_behind(data_dir: Folder = None, port: Port = None, fleet: bool = False) -> None:
    """Run the supervisor for `up -d`, in a process that belongs to nobody, and print its id; not for people."""
    fork_and_serve(DataDir.at(data_dir), port, fleet=fleet)


def fork_and_serve(
    data: DataDir, port: int | None = None, *, fleet: bool = False, services: Composed = embedded.services
) -> None:
    """Run the supervisor in a process of its own, and print its id."""
    child = os.fork()  # nothing runs beside us yet: no thread, no event loop
    if child:
        sys.stdout.write(f"{child}\n")
        return
    os.setsid()
    log = os.open(data.logs / SUPERVISOR_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    console.guarded(lambda: asyncio.run(serve(data, port, with_fleet=fleet, quiet=True, services=services)))


async def serve(
    data: DataDir,
    port: int | None,
    *,
    with_fleet: bool = False,
    quiet: bool = False,
    services: Composed = embedded.services,
) -> None:
    """Run the stack in this process until Ctrl-C, SIGTERM or `down`."""
    stack = Stack(data, with_fleet=with_fleet, port=port, services=services)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stack.end)

    def when_up(layout: Layout) -> None:
        if not quiet:
            show_door(data, layout.public_url)
            console.say("Ctrl-C stops everything.")

    await stack.run(_log_change if quiet else console.show_change, when_up)
    if not quiet:
        console.say("Stopped.")


def _log_change(service: Service, standing: Standing) -> None:
    line = {
        "event": f"service.{standing.state}",
        "service": service.name,
        "pid": standing.pid,
        "exit_status": standing.exit_status,
        "timestamp": datetime.now(UTC).isoformat(),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def start_behind(
    data: DataDir, *, port: int | None = None, fleet: bool = False, program: Sequence[str] = BEHIND
) -> dict[str, Any]:
    """Start the stack in the background, show its progress, and return its status once all of it works."""
    data.make()
    log = data.logs / SUPERVISOR_LOG
    log.touch(mode=0o600)
    begins = log.stat().st_size
    command = [sys.executable, "-m", *program, "--data-dir", str(data.root)]
    command += [*(["--port", str(port)] if port else []), *(["--fleet"] if fleet else [])]
    started = subprocess.run(  # noqa: S603  # ourselves
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
        cwd=project(),
        env={**os.environ, "PYTHONPATH": str(project() / "src")},
    )
    found = _followed(data, int(started.stdout))
    if found is None:
        text = log.read_bytes()[begins:].decode(errors="replace")
        raise StackProblem(text.rpartition("✗ ")[2].strip() or f"It ended at once; see {log}.")
    return found


def _followed(data: DataDir, supervisor: int) -> dict[str, Any] | None:
    """Show progress until everything works, and return the status; None where the supervisor ended."""
    shown: dict[str, str] = {}
    deadline = time.monotonic() + START_LIMIT
    while leftovers.is_running(supervisor):
        found = status(data)
        for name, standing in (found or {}).get("services", {}).items():
            if shown.get(name) != standing["state"]:
                shown[name] = standing["state"]
                console.show_standing(
                    name, standing["state"], standing["ready_after"], standing["exit_status"]
                )
        if found and found["ready"]:
            return found
        if time.monotonic() > deadline:
            stop(data)
            raise StackProblem(
                f"Not everything worked after {START_LIMIT:.0f} s; the logs are in {data.logs}."
            )
        time.sleep(0.1)
    return None


def show_door(data: DataDir, public_url: str) -> None:
    """Print where it is, and how to get in for the first time."""
    console.out.print(f"\n  [bold]OpsConductor is at {public_url}[/]")
    if data.setup_secret.exists():
        console.out.print(
            f"  Set-up secret for the first administrator: [bold]{data.setup_secret.read_text().strip()}[/]\n"
            f"  [dim](asked for at {public_url}/setup; also in {escape(str(data.setup_secret))})[/]"
        )
    console.out.print()


def down(data_dir: Folder = None) -> None:
    """Stop everything. Data stays."""

    def deed() -> None:
        data = DataDir.at(data_dir)
        if stop(data):
            console.say("Stopped.")
        else:
            console.say(f"OpsConductor is not running in {data.root}.")

    console.guarded(deed)


def stop(data: DataDir) -> bool:
    """Stop the stack of a data folder and wait for its end; False where none ran."""
    found = status(data)
    if found is None:
        return False
    control.ask(data.socket, "down")
    deadline = time.monotonic() + STOP_LIMIT
    while lock.is_held(lock_of(data)):
        if time.monotonic() > deadline:
            raise StackProblem(f"The supervisor (process {found['pid']}) did not end; see {data.logs}.")
        time.sleep(0.05)
    return True


@contextmanager
def temporary_stack(
    *, fleet: bool, folder: Path | None = None, program: Sequence[str] = BEHIND, apart: bool = False
) -> Iterator[tuple[DataDir, dict[str, Any]]]:
    """Run a stack in a folder of its own, which is removed afterwards unless it was named; yield it with its status.

    With `apart` its ports are its own, too: another stack must not take that of a part that was killed.
    """
    data = DataDir.at(folder or Path(tempfile.mkdtemp(prefix="opsconductor-")))
    if folder and data.root.exists() and any(data.root.iterdir()):
        raise StackProblem(f"{data.root} is not empty; name a new folder, its installation would be changed.")
    if apart:
        data.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        ports.remember(data.run / ports.MEMORY, ports.apart())
    try:
        yield data, start_behind(data, fleet=fleet, program=program)
    finally:
        stop(data)
        if folder is None:
            shutil.rmtree(data.root, ignore_errors=True)


def restart(
    service: Annotated[str, typer.Argument(help="As `status` names it.")], data_dir: Folder = None
) -> None:
    """Restart one service."""

    def deed() -> None:
        data = DataDir.at(data_dir)
        if control.ask(data.socket, "restart", service=service) is None:
            raise StackProblem(f"OpsConductor is not running in {data.root}.")
        console.say(f"{service} restarted.")

    console.guarded(deed)
