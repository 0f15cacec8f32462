"""Flows for tests, and what people do with them in Node-RED's editor: deploy them."""

from typing import Any

import httpx

Node = dict[str, Any]


def deploy(person: httpx.Client, *nodes: Node) -> None:
    """Deploy these nodes, and no others, as the editor of somebody with a session does."""
    headers = {"Node-RED-API-Version": "v2"}
    deployed = person.post("/nodered/flows", json={"flows": nodes}, headers=headers)
    assert deployed.is_success, deployed.text
