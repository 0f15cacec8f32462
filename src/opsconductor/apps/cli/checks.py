"""`test`, `lint`, `bench`, `lock`: what developers and CI run."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from opsconductor.apps.cli import console
from opsconductor.apps.cli.lifecycle import AsJson
from opsconductor.stack import debian, node, prepare
from opsconductor.stack.folders import project
from opsconductor.stack.problems import StackProblem

NEEDED_PROGRAMS = {"sshd": "openssh-server", "chromium": "chromium", "sudo": "sudo"}
"""Programs that tests talk to, and the Debian packages that have them."""
PARALLEL = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
"""Fixtures are of modules: a module stays on one worker. Which comes first, `tests/conftest.py` says."""
LOCKED = ("runtime", "embedded", "dev", "bench")
Benchmark = Literal["start", "ssh", "warm", "thousand", "dead", "output", "workflows", "many", "health"]


OwnFolder = Annotated[
    Path | None,
    typer.Option(resolve_path=True, help="A new folder, which is kept; else one that is removed afterwards."),
]


def run_tests(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Passed on to pytest; without any, everything is tested.")
    ] = None,
) -> None:
    """Run all tests and linters: Python, Node-RED, web app. Installs what they need."""

    def deed() -> None:
        _install_programs()
        asyncio.run(prepare.prepare(console.say, with_tests=True))
        if arguments:
            _run("pytest", [*_python("pytest"), *arguments])
            return
        _lint()
        _npm("frontend", "test")
        _npm("nodered", "test")
        _run("pytest", [*_python("pytest"), *PARALLEL])

    console.guarded(deed)


def lint() -> None:
    """Run linters and type checks: Python, Node-RED, web app, shell."""

    def deed() -> None:
        asyncio.run(prepare.prepare(console.say, with_tests=True))
        _lint()

    console.guarded(deed)


def _lint() -> None:
    _run("ruff check", [*_python("ruff"), "check", "--quiet", "."])
    _run("ruff format", [*_python("ruff"), "format", "--check", "--quiet", "."])
    _run("mypy", [*_python("mypy")])
    _run("import contracts", [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"])
    scripts = ["opsconductor", ".ci/run", *map(str, sorted(project().glob("src/**/*.sh")))]
    _run("shellcheck", [str(Path(sys.executable).with_name("shellcheck")), *scripts])
    _npm("frontend", "lint")
    _npm("nodered", "lint")


def bench(
    scenario: Annotated[
        Benchmark | None,
        typer.Argument(
            help="start: from POST to the command; ssh: 100 targets, all connections new; "
            "warm: CPU on kept connections; thousand: 1,000 targets; dead: targets that answer nothing; "
            "output: 10 MB from each and to each. All of them without it.",
            show_default=False,
        ),
    ] = None,
    targets: Annotated[
        int | None, typer.Option(min=5, help="Another number than the promises are about, for a quick look.")
    ] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Likewise.")] = None,
    no_peers: Annotated[
        bool, typer.Option("--no-peers", help="Measure nobody but us; nothing is installed.")
    ] = False,
    data_dir: OwnFolder = None,
    as_json: AsJson = False,
) -> None:
    """Measure what is promised, beside its peers, on a stack of its own; exit status 0 only if it was kept."""

    def deed() -> None:
        asyncio.run(prepare.prepare(console.say))
        counts = {"targets": targets, "rounds": rounds, "data-dir": data_dir}
        words = [f"--{name}={value}" for name, value in counts.items() if value is not None]
        words += ["--no-peers"] if no_peers else []
        _become("bench", *([scenario] if scenario else []), *words, *(["--json"] if as_json else []))

    console.guarded(deed)


def chaos(
    operations: Annotated[int, typer.Option(min=20, help="Commands to run, 20 targets at a time.")] = 10_000,
    worker_kills: Annotated[int, typer.Option(min=0)] = 200,
    postgres_restarts: Annotated[int, typer.Option(min=0, help="Immediate ones, with recovery.")] = 4,
    session_kills: Annotated[int, typer.Option(min=0, help="On the side of the targets.")] = 150,
    valkey_kills: Annotated[int, typer.Option(min=0, help="Every other one flushes it instead.")] = 20,
    calm: Annotated[
        bool, typer.Option("--calm", help="No faults: whether anything is mixed up under load alone.")
    ] = False,
    detached: Annotated[
        bool, typer.Option("--detached", help="Detached commands: nothing may be lost at all.")
    ] = False,
    flows: Annotated[
        bool,
        typer.Option(
            "--flows",
            help="A storm over flows instead: runs of durable commands, while what runs them is killed.",
        ),
    ] = False,
    runs: Annotated[int, typer.Option(min=1, help="Of flows.")] = 50,
    steps: Annotated[int, typer.Option(min=1, max=9, help="Commands of a run.")] = 5,
    kills: Annotated[int, typer.Option(min=0, help="Blows of each kind, such as kills of the bridge.")] = 20,
    bout: Annotated[
        list[str] | None,
        typer.Option(
            help="What flows have to bear, one after the other: together (Node-RED, bridge and core are killed), "
            "bridge, core (killed alone), slow (both stall), deploys. core=3: with 3 blows. All of them without it.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed deals the same blows in the same order.")] = 0,
    data_dir: OwnFolder = None,
    as_json: AsJson = False,
) -> None:
    """Kill parts of a stack of its own under load, and check that nothing is lost, run twice, stuck or wrong."""

    def deed() -> None:
        asyncio.run(prepare.prepare(console.say))
        counts = {
            "operations": operations,
            "worker-kills": worker_kills,
            "postgres-restarts": postgres_restarts,
            "session-kills": session_kills,
            "valkey-kills": valkey_kills,
            "seed": seed,
            "runs": runs,
            "steps": steps,
            "kills": kills,
        }
        words = [f"--{name}={count}" for name, count in counts.items()]
        words += [f"--data-dir={data_dir}"] if data_dir else []
        words += ["--calm"] if calm else []
        words += ["--flows"] if flows else []
        words += [f"--bout={each}" for each in bout or []]
        words += ["--mode=detached"] if detached else []
        _become("chaos", *words, *(["--json"] if as_json else []))

    console.guarded(deed)


def _become(module: str, *words: str) -> NoReturn:
    """Go on as a module of the project beside the product: so Ctrl-C reaches who stops what was started."""
    os.chdir(project())
    path = os.pathsep.join((str(project()), str(project() / "src")))
    os.execve(sys.executable, [*_python(module), *words], {**os.environ, "PYTHONPATH": path})  # noqa: S606  # ourselves


def write_reference() -> None:
    """Generate docs/reference: the API, error codes, settings."""
    from opsconductor.apps import reference  # loads every part of the product

    reference.write()


def lock() -> None:
    """Lock the Python packages again, hashed and without addresses of package indexes."""

    def deed() -> None:
        uv = str(Path(sys.executable).with_name("uv"))
        options = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"]
        options += ["--no-emit-index-url", "--custom-compile-command", "./opsconductor lock"]
        for name in LOCKED:
            files = ["-o", f"requirements/{name}.txt", f"requirements/{name}.in"]
            _run(f"lock {name}", [uv, "pip", "compile", *options, *files])

    console.guarded(deed)


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _npm(root: str, word: str) -> None:
    found = node.find()
    command = [*found.npm_command, "run", "--silent", word]
    _run(f"{root}: npm run {word}", command, project() / root, PATH=found.path)


def _run(what: str, command: Sequence[str], folder: Path | None = None, **environment: str) -> None:
    console.err.rule(f"[bold]{what}", align="left", style="dim")
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603  # our own tools
        command, cwd=folder or project(), env={**os.environ, **environment}, check=False
    )
    if done.returncode != 0:
        raise StackProblem(f"{what} failed (exit status {done.returncode}).")
    console.err.print(f"[green]✓[/] {what} [dim]{time.monotonic() - began:.1f} s[/]")


def _install_programs() -> None:
    missing = {
        program: package
        for program, package in NEEDED_PROGRAMS.items()
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    }
    if not missing:
        return
    packages = " ".join(missing.values())
    if not debian.can_install():
        raise StackProblem(
            f"Tests need {', '.join(missing)}: install the packages {packages} and run this again."
        )
    console.say(f"Installing {packages} ...")
    debian.install(list(missing.values()))
