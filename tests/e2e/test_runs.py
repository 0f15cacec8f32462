"""Runs of flows when Node-RED is killed, over every process of the stack."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.support.flows import deploy
from tests.support.whole_stack import WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

TAB = {"id": "slow-tab", "type": "tab", "label": "Slow"}
INJECT = {
    **{
        "id": "slow-in",
        "type": "inject",
        "z": "slow-tab",
        "name": "go",
        "x": 1,
        "y": 1,
        "wires": [["slow-delay"]],
    },
    **{
        "repeat": "",
        "crontab": "",
        "once": False,
        "onceDelay": 0.1,
        "topic": "",
        "payload": "",
        "payloadType": "date",
    },
    "props": [{"p": "payload"}],
}
DELAY = {
    **{
        "id": "slow-delay",
        "type": "delay",
        "z": "slow-tab",
        "name": "for long",
        "x": 2,
        "y": 1,
        "wires": [[]],
    },
    **{"pauseType": "delay", "timeout": "1", "timeoutUnits": "hours", "rate": "1", "nbRateUnits": "1"},
    **{"rateUnits": "second", "randomFirst": "1", "randomLast": "5", "randomUnits": "seconds", "drop": False},
    **{"allowrate": False, "outputs": 1},
}


HOLDS = {
    **{
        "id": "held-wait",
        "type": "opsconductor-wait-for",
        "version": 1,
        "z": "held-tab",
        "name": "a while",
        "x": 2,
        "y": 1,
    },
    **{
        "kind": "time",
        "amount": "6",
        "unit": "seconds",
        "until": "payload",
        "untilType": "msg",
        "timeout": "600",
    },
    **{"execution": "executionId", "executionType": "msg", "wires": [["held-after"], []]},
}
AFTER = {
    **{"id": "held-after", "type": "debug", "z": "held-tab", "name": "after", "x": 3, "y": 1, "wires": []},
    **{"active": True, "tosidebar": True, "console": False, "tostatus": False, "complete": "payload"},
    **{"targetType": "msg", "statusVal": "", "statusType": "auto"},
}
HELD = [
    {"id": "held-tab", "type": "tab", "label": "Held"},
    {**INJECT, "id": "held-in", "z": "held-tab", "wires": [["held-wait"]]},
    HOLDS,
    AFTER,
]


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    """The administrator, with the session cookie that the editor's door wants."""
    with closing(whole_stack.set_up_with_session()) as client:
        yield client


def until_it_is(admin: httpx.Client, run_id: str, status: str, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (run := admin.get(f"/api/v3/workflow-executions/{run_id}").json())["status"] != status:
        assert time.monotonic() < deadline, run
        time.sleep(0.25)
    return dict(run)


def started(admin: httpx.Client, flow: str = "slow") -> str:
    """Press the button of a flow, and return its run."""
    deadline = time.monotonic() + 20
    while not admin.post(f"/nodered/inject/{flow}-in", json={}).is_success:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    while True:
        page = admin.get(
            "/api/v3/workflow-executions", params={"flow_id": f"{flow}-tab", "status": "running"}
        ).json()
        if page["items"] and page["items"][0]["started_by"] == "admin":
            return str(page["items"][0]["id"])
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_run_is_lost_with_its_node_red_and_cancelled_by_a_person(
    whole_stack: WholeStack, admin: httpx.Client
) -> None:
    deploy(admin, TAB, INJECT, DELAY)
    run = started(admin)
    os.kill(whole_stack.status["services"]["nodered"]["pid"], signal.SIGKILL)
    lost = until_it_is(admin, run, "lost", 30)
    assert [(step["node_name"], step["status"]) for step in lost["steps"]] == [("for long", "running")]

    other = started(admin)
    answer = admin.post(f"/api/v3/workflow-executions/{other}/cancel")
    assert answer.status_code == 202, answer.text
    cancelled = until_it_is(admin, other, "cancelled", 10)
    assert (cancelled["cancelled_by"], cancelled["steps"][0]["status"]) == ("admin", "cancelled")


def test_a_message_that_is_held_goes_on_once_after_node_red_was_killed(
    whole_stack: WholeStack, admin: httpx.Client
) -> None:
    deploy(admin, *HELD)
    run = started(admin, "held")
    os.kill(whole_stack.status["services"]["nodered"]["pid"], signal.SIGKILL)
    done = until_it_is(admin, run, "completed", 40)
    time.sleep(2)

    steps = {s["node_name"]: s for s in admin.get(f"/api/v3/workflow-executions/{run}").json()["steps"]}
    assert steps["after"]["messages"] == 1
    assert done["started_by"] == "admin"
