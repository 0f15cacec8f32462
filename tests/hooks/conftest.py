"""People who look after hooks, and Node-RED with a real bridge before the core."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.bridge.conftest import Door, open_door
from tests.support.core import Core
from tests.workflows.conftest import Node, Nodered, Person, a_node, a_person, ada, dora, nodered

__all__ = ["ada", "dora", "nodered"]


@pytest.fixture(scope="module")
async def dirk(core: Core) -> Person:
    """Another designer."""
    return await a_person(core, "designer", "dirk")


@pytest.fixture(scope="module")
async def door(core: Core) -> AsyncIterator[Door]:
    async with open_door(core, OPSCONDUCTOR_HOOK_RATE=100_000) as opened:
        yield opened


@pytest.fixture(scope="module")
async def gate(door: Door, nodered: Nodered) -> httpx.AsyncClient:
    """Node-RED's gate, as it asks the bridge."""
    token = nodered.client.headers["Authorization"].removeprefix("Bearer ")
    return await door.client(token)


def way_in(id: str, path: str, method: str = "post", **more: object) -> Node:
    """Return a node that serves a hook."""
    return a_node(id, type="http in", url=path, method=method, **more)
