"""All the real parts that Node-RED's nodes talk to, with a tab that a designer deployed."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from tests.bridge.conftest import INSTANCE_TOKEN, Door, a_deploy, newest_rev, open_door
from tests.support.core import Core, Process
from tests.support.registered import Registered, add_target, register
from tests.support.servers import free_port
from tests.support.sshd import Target, running_sshd

MANY = 200
ASKS = {"name": "GREETING", "type": "text", "required": True}
TAGS = [["web", "eu"], ["web"], ["db", "eu"]]


@pytest.fixture(scope="module")
async def backend(
    core: Core, worker: Process, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """What nodered/test-support/real.js has to know, as JSON."""
    folder = tmp_path_factory.mktemp("targets")
    # Each file says hundreds of things with one token.
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=100_000) as door, running_sshd(3) as servers:
        fleet = await register(core, servers)
        ticket = await _deployed(door)
        yield json.dumps(
            {
                "access": {"url": door.url, "instanceToken": INSTANCE_TOKEN},
                "core": {
                    "url": core.url,
                    "token": core.admin.headers["Authorization"].removeprefix("Bearer "),
                },
                "ticket": ticket,
                "folder": str(folder),
                **await _things(core, fleet, servers),
            }
        )


async def _deployed(door: Door) -> str:
    """Deploy the tab that the tests' nodes are in; return the ticket of who did."""
    ticket = await door.ticket_of(await door.browser("designer"))
    nodered = await door.client(INSTANCE_TOKEN)
    wanted = a_deploy(ticket, await newest_rev(nodered), "tab")
    answer = await nodered.put("/api/nodered/storage/flows", json=wanted)
    assert answer.status_code == 200, answer.text
    return ticket


async def _things(core: Core, fleet: Registered, servers: Sequence[Target]) -> dict[str, Any]:
    credential = fleet.targets[0]["credential_id"]
    for target, tags in zip(fleet.targets, TAGS, strict=True):
        assert (await core.admin.patch(f"/targets/{target['id']}", json={"tags": tags})).is_success
    gone = await add_target(core, "gone", free_port(), credential)
    ports = [server.endpoint.port for server in servers]
    many = [await _one_of_many(core, number, ports[number % 3], credential) for number in range(MANY)]
    many.append(await _one_of_many(core, MANY, free_port(), credential))
    script = {"name": "greet", "content": 'echo "$GREETING $1"', "parameters": [ASKS]}
    return {
        "targets": [_short(target) for target in fleet.targets],
        "gone": _short(gone),
        "many": [_short(target) for target in many],
        "script": (await core.admin.post("/scripts", json=script)).json(),
        "file": (await core.admin.post("/files", params={"name": "app.conf"}, content=b"x = 1\n")).json(),
    }


async def _one_of_many(core: Core, number: int, port: int, credential: str) -> dict[str, Any]:
    return await add_target(core, f"many-{number:03}", port, credential, environment="many")


def _short(target: dict[str, Any]) -> dict[str, Any]:
    return {"id": target["id"], "name": target["name"]}
