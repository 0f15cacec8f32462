"""Who is in the demo fleet, and the file that tells everybody else."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FIRST_PORT = 22201  # below the ports that systems hand out themselves


@dataclass(frozen=True, slots=True)
class Member:
    """One target. `server` is "openssh", "built-in", or "none" where nothing listens on purpose."""

    name: str
    port: int
    environment: str
    tags: tuple[str, ...]
    description: str
    host: str = "127.0.0.1"
    os_type: str = "linux"
    server: str = "openssh"
    username: str = ""
    host_key: str | None = None
    """The public host key on one line."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """A fleet that is up, and the private key (an OpenSSH file, without passphrase) that opens it."""

    members: tuple[Member, ...]
    private_key: Path


ROSTER = (
    Member("demo-web-1", FIRST_PORT, "production", ("demo", "web"), "Serves the shop"),
    Member("demo-web-2", FIRST_PORT + 1, "production", ("demo", "web"), "Serves the shop"),
    Member("demo-db-1", FIRST_PORT + 2, "production", ("demo", "database"), "Keeps the orders"),
    Member("demo-build-1", FIRST_PORT + 3, "development", ("demo", "build"), "Builds releases"),
    Member("demo-cache-1", FIRST_PORT + 4, "staging", ("demo", "cache"), "Keeps sessions"),
    Member("demo-offline", FIRST_PORT + 5, "staging", ("demo", "web"), "Is down on purpose", server="none"),
)


def folder(data_dir: Path) -> Path:
    """Return where the fleet keeps its files, absolute."""
    return data_dir.resolve() / "fleet"


def read(data_dir: Path) -> Fleet:
    """Return the fleet that was last up. Raises FileNotFoundError where none ever was."""
    home = folder(data_dir)
    entries = json.loads((home / "fleet.json").read_text())["members"]
    members = tuple(Member(**{**entry, "tags": tuple(entry["tags"])}) for entry in entries)
    return Fleet(members, home / "id_ed25519")


def write(data_dir: Path, members: tuple[Member, ...]) -> None:
    """Write the file in one step, so that whoever finds it finds all of it."""
    path = folder(data_dir) / "fleet.json"
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps({"members": [asdict(member) for member in members]}, indent=2) + "\n")
    draft.replace(path)


def last_ports(data_dir: Path) -> tuple[Member, ...]:
    """Return the roster on the ports of the last time, so that registered targets stay right."""
    try:
        ports = {member.name: member.port for member in read(data_dir).members}
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or unreadable: then as for the first time
        ports = {}
    return tuple(replace(member, port=ports.get(member.name, member.port)) for member in ROSTER)
