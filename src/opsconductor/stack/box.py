"""The box around Node-RED: flow authors write code that runs in it, so what that code can reach is decided here.

What a machine allows is found out by starting a tiny program in each box, not by looking at files.
"""

import os
import pwd
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from opsconductor.stack.problems import StackProblem

UIDS = range(61184, 65184)  # what systemd gives to services without an account; no person has one of these
BRIDGE = Path("/run/opsconductor")
"""Where the folder with the bridge's socket is, inside of a box without network."""
ETC = Path("/etc")
KEPT = ("SETUID", "SETGID", "SETPCAP")  # what root needs until it has become somebody else
NAMES = ("resolv.conf", "hosts", "nsswitch.conf", "ssl")  # in ETC, to find others by name and to trust them
PATIENCE = 20.0  # s for a try
READABLE = "require('node:fs').accessSync(process.argv[1]); require('node:fs').accessSync(process.argv[2], 2)"


class Level(StrEnum):
    """How far Node-RED is boxed in, from most to least."""

    FULL = "full"
    """Namespaces of its own, without network; Node's permission model; a user of its own where root starts it."""
    NETWORK = "network"
    """The same with the machine's network, for flows that talk to other services themselves."""
    PERMISSION = "permission"
    """Node's permission model, and a user of its own where root starts it and its files allow it."""
    OFF = "off"
    """None: flows can do what the user can who started the stack."""


@dataclass(frozen=True)
class Box:
    """The box that is in force."""

    level: Level
    user: int | None = None
    """The user id of Node-RED alone; None: it is ours."""
    shortfall: str = ""
    """Why it is not more, where this machine does not allow it."""

    @property
    def separate(self) -> bool:
        """Whether it has namespaces of its own."""
        return self.level in (Level.FULL, Level.NETWORK)


@dataclass(frozen=True)
class Room:
    """What Node-RED needs to see: everything else is left out of the box."""

    node: Path
    code: Path
    palette: Path
    home: Path
    """The one folder it can write to."""
    bridge: Path
    """The folder of the bridge's socket."""

    @property
    def readable(self) -> tuple[Path, ...]:
        return (self.code, self.palette, self.home)


def choose(wanted: Level | None, room: Room, uid: int | None) -> Box:
    """Return the wanted box, or the best this machine allows. Raises StackProblem where the wanted can't be had."""
    reasons: list[str] = []
    for level in [wanted] if wanted else [Level.FULL, Level.PERMISSION]:
        for user in dict.fromkeys([uid if level != Level.OFF else None, None]):
            box = Box(level, user, reasons[0] if reasons else "")
            if not (reason := _reason_against(box, room)):
                return box
            reasons.append(reason)
    raise StackProblem(
        f"The box {wanted or Level.PERMISSION} can't be had on this machine ({reasons[0]}). "
        "Install bubblewrap and allow user namespaces, or choose another one by OPSCONDUCTOR_NODERED_BOX: "
        "docs/guide/box.md."
    )


def uid_for(data: Path) -> int | None:
    """Return the user id of an installation's Node-RED; None where we can't become somebody else."""
    if os.geteuid() != 0:
        return None
    taken = {account.pw_uid for account in pwd.getpwall()}
    start = zlib.crc32(os.fsencode(data)) % len(UIDS)  # the same at each start
    free: list[int] = [uid for uid in (*UIDS[start:], *UIDS[:start]) if uid not in taken]
    return free[0]


def hand_over(box: Box, room: Room) -> None:
    """Make the folders that Node-RED has to itself belong to whom it runs as."""
    if os.geteuid() != 0:
        return
    owner = box.user or 0
    for folder in (room.home, room.bridge):
        _own(folder, owner)
    # Without namespaces it reaches its folder by way of ours, whose other contents stay closed to it.
    room.home.parent.chmod(0o711 if box.user and not box.separate else 0o700)


def _own(folder: Path, owner: int) -> None:
    for place, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            os.chown(Path(place, name), owner, owner, follow_symlinks=False)


def inside(box: Box, room: Room, script: Path) -> list[str]:
    """Return the command line that runs a script of Node-RED's code in the box."""
    return [*_walls(box, room), str(room.node), *_rights(box, room), str(script)]


def _walls(box: Box, room: Room) -> list[str]:
    if not box.separate:
        return _become(box.user) if box.user else []
    return [
        _program("bwrap"),
        *_namespaces(box),
        *_contents(box, room),
        "--",
        *(_become(box.user) if box.user else []),
    ]


def _rights(box: Box, room: Room) -> list[str]:
    if box.level == Level.OFF:
        return []
    reading = [f"--allow-fs-read={path}/" for path in room.readable]
    return ["--permission", *reading, f"--allow-fs-write={room.home}/"]


def _become(user: int) -> list[str]:
    nothing_more = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    # Becoming somebody else cuts the tie to the supervisor.
    tie = ["--pdeathsig", "SIGTERM"]
    return [_program("setpriv"), f"--reuid={user}", f"--regid={user}", *nothing_more, *tie]


def _namespaces(box: Box) -> list[str]:
    words = ["--die-with-parent", "--new-session", "--hostname", "nodered", "--cap-drop", "ALL"]
    if box.user:
        # Root makes the box, also of folders only it can read, and then becomes somebody else inside.
        shared = ["ipc", "pid", "net", "uts", "cgroup-try"]
        words += [word for name in KEPT for word in ("--cap-add", f"CAP_{name}")]
        words += [f"--unshare-{name}" for name in shared if name != "net" or box.level == Level.FULL]
        return words
    return [*words, "--unshare-all", *(["--share-net"] if box.level == Level.NETWORK else [])]


def _contents(box: Box, room: Room) -> Iterator[str]:
    programs = [room.node, *([Path(_program("setpriv"))] if box.user else [])]
    seen = [*programs, *_libraries(programs, names=box.level == Level.NETWORK)]
    yield from ("--perms", "1777", "--tmpfs", "/tmp", "--dev", "/dev")  # noqa: S108  # the box's own
    # By themselves they would be made for root alone.
    places = (*seen, *room.readable, BRIDGE, ETC / "hosts")
    for folder in sorted({parent for path in places for parent in path.parents if parent.name}):
        yield from ("--dir", str(folder))
    for path in (*seen, room.code, room.palette):
        yield from ("--ro-bind", str(path), str(path))
    yield from ("--bind", str(room.home), str(room.home))
    if box.level == Level.FULL:
        yield from ("--ro-bind", str(room.bridge), str(BRIDGE))
    else:
        for name in NAMES:
            yield from ("--ro-bind-try", str(ETC / name), str(ETC / name))
    yield from ("--remount-ro", "/")


def _libraries(programs: Iterable[Path], *, names: bool) -> list[Path]:
    """Return the shared libraries of programs; on request with those that find others by name."""
    said = subprocess.run(  # noqa: S603  # the system's own
        [_program("ldd"), *programs], capture_output=True, text=True, check=False
    ).stdout
    found = {Path(path) for path in re.findall(r"(/\S+) \(0x", said)}
    if names:
        found |= {more for library in found for more in library.parent.glob("libnss_*.so.*")}
    return sorted(found)


def _program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin") or name


def _reason_against(box: Box, room: Room) -> str:
    """Start a tiny program in the box; return why that does not work, or nothing."""
    hand_over(box, room)
    command = [*_walls(box, room), str(room.node), *_rights(box, room), "-e", READABLE]
    try:
        done = subprocess.run(  # noqa: S603  # Node.js itself
            [*command, str(room.code / "package.json"), str(room.home)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={},
            timeout=PATIENCE,
            check=False,
        )
    except FileNotFoundError as missing:
        return f"{Path(missing.filename).name} is not installed"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    return next((line for line in done.stderr.splitlines() if line.strip()), f"exit status {done.returncode}")
