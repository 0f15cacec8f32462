"""`audit`: verify the audit log, and export it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from opsconductor.apps.cli import console
from opsconductor.apps.cli.lifecycle import AsJson, Folder
from opsconductor.stack.folders import DataDir

app = typer.Typer(
    help="The audit log: verify that nobody changed it, export it.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Instant = Annotated[datetime | None, typer.Option(help="In UTC.")]


@app.command()
def verify(
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="An exported file, verified without the database."),
    ] = None,
    noted: Annotated[
        str | None,
        typer.Option(metavar="POSITION:HASH", help="A head that was noted elsewhere; it must be there."),
    ] = None,
    data_dir: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Walk the whole log; exit status 1 where an entry was changed, removed, moved or put in."""
    from opsconductor.apps.cli import auditing  # brings the database, which hardly a command needs

    def deed() -> None:
        data = DataDir.at(data_dir)
        intact = auditing.verify_file(file, as_json) if file else auditing.verify(data, noted, as_json)
        raise typer.Exit(0 if intact else 1)

    console.guarded(deed)


@app.command()
def export(
    since: Instant = None,
    until: Instant = None,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="Else it is printed.")] = None,
    data_dir: Folder = None,
) -> None:
    """Write the log as JSON lines, each entry with its position and hashes."""
    from opsconductor.apps.cli import auditing  # as above

    console.guarded(lambda: auditing.export(DataDir.at(data_dir), since, until, output))
