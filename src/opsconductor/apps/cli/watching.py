"""`status` and `logs`: what the parts of the stack are doing, and what they have said."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from opsconductor.apps.cli import console
from opsconductor.apps.cli.lifecycle import AsJson, Folder
from opsconductor.stack.box import Level
from opsconductor.stack.folders import DataDir
from opsconductor.stack.logfiles import last_lines
from opsconductor.stack.running import status
from opsconductor.stack.services import State


def show_status(data_dir: Folder = None, as_json: AsJson = False) -> None:
    """Show how each part is doing; exit status 0 only if all of it works."""
    data = DataDir.at(data_dir)
    found = status(data)
    if as_json:
        console.show_json(found or {"ready": False, "data_dir": str(data.root), "services": {}})
    elif found is None:
        console.out.print(f"OpsConductor is not running in {data.root}. `./opsconductor up -d` starts it.")
    else:
        console.out.print(_table(found["services"]))
        console.out.print(escape(_box(found["box"])))
        console.out.print(f"{found['public_url']}   data in {escape(found['data_dir'])}")
        if data.setup_secret.exists():
            console.out.print(
                f"no administrator yet; the set-up secret is in {escape(str(data.setup_secret))}"
            )
    raise typer.Exit(0 if found and found["ready"] else 1)


def _table(services: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("SERVICE", "STATE", "FOR", "PID", "RESTARTS"):
        table.add_column(heading, style="bold" if heading == "SERVICE" else None)
    for name, standing in services.items():
        mark = console.MARKS.get(State(standing["state"]), "[dim]…[/]")
        since = _age(time.time() - standing["since"])
        table.add_row(
            name,
            f"{mark} {standing['state']}",
            since,
            str(standing["pid"] or ""),
            str(standing["restarts"] or ""),
        )
    return table


def _box(box: dict[str, Any]) -> str:
    """Say how far Node-RED is boxed in."""
    kept_out = {
        Level.FULL: "namespaces of its own without network, Node's permission model",
        Level.NETWORK: "namespaces of its own with network, Node's permission model",
        Level.PERMISSION: "Node's permission model alone; flow authors are administrators",
        Level.OFF: "none; flow authors are administrators",
    }
    parts = [f"box around Node-RED: {box['level']} ({kept_out[Level(box['level'])]})"]
    parts += [f"user {box['user']}"] if box["user"] else []
    parts += [] if box["functions"] else ["Function nodes are off"]
    parts += [f"not more: {box['shortfall']}"] if box["shortfall"] else []
    return "; ".join(parts)


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def logs(
    service: Annotated[str | None, typer.Argument(help="One service; all of them if left out.")] = None,
    data_dir: Folder = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines from the end.")] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as lines come, until Ctrl-C.")
    ] = False,
) -> None:
    """Show what services logged."""
    data = DataDir.at(data_dir)
    files = sorted(data.logs.glob(f"{service or '*'}.log"))
    if not files:
        known = ", ".join(sorted(path.stem for path in data.logs.glob("*.log"))) or "none yet"
        console.err.print(f"[red]✗[/] There is no such log. There are: {known}")
        raise typer.Exit(1)
    for path in files:
        for line in last_lines(path, lines):
            _show_line(path, line, len(files))
    if follow:
        _follow(files)


def _show_line(path: Path, line: str, files: int) -> None:
    console.out.print(f"{path.stem:<11} {line}" if files > 1 else line, markup=False)


def _follow(files: list[Path]) -> None:
    ends = {path: path.stat().st_size for path in files}
    try:
        while True:
            for path, end in ends.items():
                size = path.stat().st_size if path.exists() else 0
                if size < end:
                    ends[path] = 0  # rotated
                elif size > end:
                    with path.open("rb") as file:
                        file.seek(end)
                        fresh = file.read()
                    ends[path] = end + len(fresh)
                    for line in fresh.decode(errors="replace").splitlines():
                        _show_line(path, line, len(files))
            time.sleep(0.3)
    except KeyboardInterrupt:
        return
