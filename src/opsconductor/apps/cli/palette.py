"""`palette`: node packages beside ours, added by an administrator of the machine."""

import asyncio
import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from opsconductor.apps.cli import console
from opsconductor.apps.cli.lifecycle import AsJson, Folder
from opsconductor.stack import control, palette, prepare
from opsconductor.stack.folders import DataDir
from opsconductor.stack.problems import StackProblem
from opsconductor.stack.running import status

RESTART_LIMIT = 60.0  # s

app = typer.Typer(
    help="Node packages of Node-RED: add, list, remove.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def add(
    what: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="A package, or a .tgz file of one.")],
    data_dir: Folder = None,
) -> None:
    """Add a package with nodes; a running Node-RED is restarted with it."""

    def deed() -> None:
        data = DataDir.at(data_dir)
        data.make()
        added = asyncio.run(_add(data, what))
        console.say(f"{added.name} {added.version} is there, with {', '.join(added.types)}.")
        _restart(data)

    console.guarded(deed)


@app.command("list")
def show(data_dir: Folder = None, as_json: AsJson = False) -> None:
    """Show the packages that were added, each with the hash it is pinned to."""

    def deed() -> None:
        found = asyncio.run(palette.packages(DataDir.at(data_dir)))
        if as_json:
            console.show_json([asdict(one) for one in found])
        elif not found:
            console.out.print("No packages were added. `./opsconductor palette add NAME@VERSION` adds one.")
        else:
            console.out.print(_table(found))

    console.guarded(deed)


@app.command()
def remove(
    name: str,
    data_dir: Folder = None,
    force: Annotated[bool, typer.Option("--force", help="Also where flows use its nodes.")] = False,
) -> None:
    """Remove a package; a running Node-RED is restarted without it."""

    def deed() -> None:
        data = DataDir.at(data_dir)
        asyncio.run(palette.remove(data, name, console.say, force=force))
        console.say(f"{name} is removed.")
        _restart(data)

    console.guarded(deed)


async def _add(data: DataDir, what: str) -> palette.Package:
    await prepare.node_red(console.say)  # packages are judged by it
    return await palette.add(data, what, console.say)


def _table(found: list[palette.Package]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("PACKAGE", "VERSION", "NODES", "INTEGRITY"):
        table.add_column(heading)
    for one in found:
        table.add_row(one.name, one.version, ", ".join(one.types), one.integrity[:24] + "…")
    return table


def _restart(data: DataDir) -> None:
    """Restart Node-RED where it runs, and return once it works again."""
    if control.ask(data.socket, "restart", service="nodered") is None:
        return
    deadline = time.monotonic() + RESTART_LIMIT
    while (found := status(data)) and found["services"]["nodered"]["state"] != "ready":
        if time.monotonic() > deadline:
            raise StackProblem("Node-RED does not work yet; see `./opsconductor logs nodered`.")
        time.sleep(0.2)
    console.say("Node-RED was restarted.")
