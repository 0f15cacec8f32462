"""What the terminal shows: progress and answers on one page, problems on stderr, colours only where they are seen."""

import json
import sys
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console

from opsconductor.stack.problems import StackProblem
from opsconductor.stack.services import Service, Standing, State

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

MARKS = {
    State.READY: "[green]✓[/]",
    State.DONE: "[green]✓[/]",
    State.RESTARTING: "[yellow]↻[/]",
    State.FAILED: "[red]✗[/]",
}


def say(text: str) -> None:
    """Tell about progress."""
    err.print(text, markup=False)


def show_json(value: Any) -> None:
    """Print something for programs."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def show_change(service: Service, standing: Standing) -> None:
    """Print a service's change of state, where it is one that people wait for."""
    show_standing(service.name, standing.state, standing.ready_after, standing.exit_status)


def show_standing(name: str, state: str, ready_after: float | None, exit_status: int | None) -> None:
    """Print one line about a service."""
    mark = MARKS.get(State(state))
    if mark is None:
        return
    more = ""
    if state == State.READY and ready_after is not None:
        more = f" [dim]{ready_after:.1f} s[/]"
    elif state in (State.RESTARTING, State.FAILED):
        more = f" [dim]ended with status {exit_status}[/]"
    err.print(f"  {mark} {name:<11}{state}{more}")


def guarded(deed: Callable[[], None]) -> None:
    """Do something; a problem becomes its sentence and exit status 1."""
    try:
        deed()
    except StackProblem as problem:
        err.print(f"[red]✗[/] {problem}")
        raise typer.Exit(1) from None
