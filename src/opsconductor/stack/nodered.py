"""Node-RED as a service of the embedded stack: what it is told, and the box it runs in."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from opsconductor.kit.keys import derive
from opsconductor.stack import box, given, node, ports, probes
from opsconductor.stack.box import Box, Level, Room
from opsconductor.stack.folders import DataDir, project
from opsconductor.stack.services import Service

CHOICES = ("OPSCONDUCTOR_NODERED_BOX", "OPSCONDUCTOR_NODERED_FUNCTIONS")
BRIDGE_SOCKET = "bridge.sock"
ZONES = "zoneinfo/"


@dataclass(frozen=True)
class Plan:
    """How Node-RED will run here."""

    box: Box
    room: Room
    functions: bool
    """Whether Function nodes run what people wrote into them."""

    @property
    def bridge_socket(self) -> Path:
        """Where the bridge listens for it."""
        return self.room.bridge / BRIDGE_SOCKET

    def environment(self) -> dict[str, str]:
        """Return what the core is told of it."""
        functions = "true" if self.functions else "false"
        return dict(zip(CHOICES, (self.box.level.value, functions), strict=True))


def plan(data: DataDir) -> Plan:
    """Find out which box this machine allows, and make the folders ready for it. Raises StackProblem."""
    wanted = given.settings(CHOICES)
    room = room_of(data)
    for folder in (room.home, room.palette, room.bridge):
        folder.mkdir(mode=0o700, exist_ok=True)
    room.palette.chmod(
        0o755
    )  # whoever Node-RED is reads it; who may get there is decided by the folder above
    level = Level(wanted.nodered_box) if wanted.nodered_box else None
    chosen = box.choose(level, room, box.uid_for(data.root))
    functions = wanted.nodered_functions
    return Plan(chosen, room, chosen.level != Level.OFF if functions is None else functions)


def room_of(data: DataDir) -> Room:
    """Return what Node-RED sees of an installation."""
    return Room(
        node=node.find().program,
        code=(project() / "nodered").resolve(),
        palette=data.root / "palette",
        home=data.root / "nodered",
        bridge=data.run / "bridge",
    )


def service(data: DataDir, how: Plan, bridge_port: int, public_url: str) -> Service:
    """Return the service. It runs flow authors' code: no secret is in its environment, and it sees little of us."""
    secret = data.secret("secret_key")
    handover = {
        "instanceToken": derive(secret, "nodered-instance").hex(),
        "credentialSecret": derive(secret, "nodered-credentials").hex(),
    }
    environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return Service(
        "nodered",
        box.inside(how.box, how.room, how.room.code / "runtime" / "red.js"),
        {
            **environment,
            **_time_zone(),
            "HOME": str(how.room.home),
            "NODE_ENV": "production",
            "OPSCONDUCTOR_PUBLIC_URL": public_url,
            "OPSCONDUCTOR_NODERED_DIR": str(how.room.home),
            "OPSCONDUCTOR_NODERED_PALETTE": str(how.room.palette),
            **how.environment(),
            **_way_to_bridge(how.box, bridge_port),
        },
        ready=probes.http_at(socket_of(data), "/nodered/health"),
        stdin=json.dumps(handover).encode() + b"\n",
        listen=socket_of(data),
        wrapped=how.box.separate,
        after=["core", "bridge"],
    )


def socket_of(data: DataDir) -> Path:
    """Return where Node-RED listens: outside of what it can change, as nginx connects to what is there."""
    return data.run / "nodered.sock"


def _way_to_bridge(chosen: Box, port: int) -> dict[str, str]:
    if chosen.level == Level.FULL:
        return {"OPSCONDUCTOR_API_SOCKET": str(box.BRIDGE / BRIDGE_SOCKET)}
    return {"OPSCONDUCTOR_API_URL": f"http://{ports.LOOPBACK}:{port}"}


def _time_zone() -> dict[str, str]:
    """Return the machine's time zone by name: the box has not the file that says it."""
    if zone := os.environ.get("TZ"):
        return {"TZ": zone}
    _, found, zone = os.path.realpath("/etc/localtime").partition(ZONES)
    return {"TZ": zone} if found else {}
