"""People who keep templates, and a Node-RED that has told which node types it has."""

import pytest
from tests.workflows.conftest import KNOWN, Nodered, ada, dora, nodered

__all__ = ["ada", "dora", "known", "nodered"]


@pytest.fixture(autouse=True, scope="module")
async def known(nodered: Nodered) -> None:  # a fixture is named by what it gives
    body = {"known_types": KNOWN}
    assert (await nodered.client.put("/internal/storage/node-types", json=body)).status_code == 204
