"""Flows for tests, and what people do with them in Node-RED's editor: deploy, press a button, see what became of it."""

import time
from typing import Any

import httpx

Node = dict[str, Any]

BUTTON: Node = {
    **{"type": "inject", "name": "go", "props": [{"p": "payload"}], "payload": "", "payloadType": "date"},
    **{"repeat": "", "crontab": "", "once": False, "onceDelay": 0.1, "topic": ""},
}
HOUR: Node = {
    **{"type": "delay", "name": "for long", "pauseType": "delay", "timeout": "1", "timeoutUnits": "hours"},
    **{"rate": "1", "nbRateUnits": "1", "rateUnits": "second", "randomFirst": "1", "randomLast": "5"},
    **{"randomUnits": "seconds", "drop": False, "allowrate": False, "outputs": 1},
}
"""A delay node that holds a message for an hour."""


def a_flow(name: str, *nodes: Node) -> list[Node]:
    """Return a tab `<name>-tab` with a button `<name>-0`, and behind it these nodes in a row."""
    tab = f"{name}-tab"
    row = [
        {**node, "id": f"{name}-{number}", "z": tab, "x": 120 + 200 * number, "y": 100}
        for number, node in enumerate((BUTTON, *nodes))
    ]
    for node, following in zip(row, [*row[1:], None], strict=True):
        node["wires"] = [[following["id"]]] if following else []
    return [{"id": tab, "type": "tab", "label": name.capitalize()}, *row]


def deploy(person: httpx.Client, *nodes: Node) -> None:
    """Deploy these nodes, and no others, as the editor of somebody with a session does."""
    headers = {"Node-RED-API-Version": "v2"}
    deployed = person.post("/nodered/flows", json={"flows": nodes}, headers=headers)
    assert deployed.is_success, deployed.text


def started(admin: httpx.Client, name: str) -> str:
    """Press the button of a flow, once Node-RED has it; return the run that it starts."""
    before = set(_runs(admin, name))
    deadline = time.monotonic() + 20
    while not admin.post(f"/nodered/inject/{name}-0", json={}).is_success:
        assert time.monotonic() < deadline, f"Node-RED does not have the flow {name}"
        time.sleep(0.2)
    while not (new := [run for run in _runs(admin, name) if run not in before]):
        assert time.monotonic() < deadline, f"the button of {name} did not start a run"
        time.sleep(0.2)
    return new[0]


def _runs(admin: httpx.Client, name: str) -> list[str]:
    page = admin.get("/api/v3/workflow-executions", params={"flow_id": f"{name}-tab"})
    return [run["id"] for run in page.json()["items"]]


def until_it_is(admin: httpx.Client, run_id: str, status: str, seconds: float) -> dict[str, Any]:
    """Return a run once it has this status."""
    deadline = time.monotonic() + seconds
    while (run := admin.get(f"/api/v3/workflow-executions/{run_id}").json())["status"] != status:
        assert time.monotonic() < deadline, run
        time.sleep(0.25)
    return dict(run)
