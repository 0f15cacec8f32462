"""The words of the command line."""

import typer

from opsconductor import __version__
from opsconductor.apps.cli import audit, checks, console, demo, doctor, door, lifecycle, palette, watching

app = typer.Typer(
    name="opsconductor",
    help="Run commands on fleets, and draw workflows over them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may be secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo.demo)
app.command()(lifecycle.up)
app.command()(lifecycle.down)
app.command("status")(watching.show_status)
app.command()(watching.logs)
app.command()(lifecycle.restart)
app.command()(doctor.doctor)
app.command("test", context_settings={"ignore_unknown_options": True})(checks.run_tests)
app.command()(checks.lint)
app.command()(door.nginx_config)
app.command()(checks.bench)
app.command()(checks.chaos)
app.command("reference")(checks.write_reference)
app.command()(checks.lock)
app.add_typer(palette.app, name="palette")
app.add_typer(audit.app, name="audit")
app.command(hidden=True)(lifecycle.serve_behind)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.out.print(f"OpsConductor {__version__}")
        raise typer.Exit


@app.callback()
def common(version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True)) -> None:
    """Run commands on fleets, and draw workflows over them."""


def main() -> None:
    """Run the command line."""
    app(prog_name="./opsconductor")
