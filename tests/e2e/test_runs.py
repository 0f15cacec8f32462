"""Runs of flows when Node-RED is killed, over every process of the stack."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from tests.support.flows import HOUR, a_flow, deploy, started, until_it_is
from tests.support.whole_stack import WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

HOLDS = {
    **{"type": "opsconductor-wait-for", "version": 1, "name": "a while", "kind": "time", "amount": "6"},
    **{"unit": "seconds", "until": "payload", "untilType": "msg", "timeout": "600"},
    **{"execution": "executionId", "executionType": "msg"},
}
AFTER = {
    **{"type": "debug", "name": "after", "active": True, "tosidebar": True, "console": False},
    **{"tostatus": False, "complete": "payload", "targetType": "msg", "statusVal": "", "statusType": "auto"},
}


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    """The administrator, with the session cookie that the editor's door wants."""
    with closing(whole_stack.set_up_with_session()) as client:
        yield client


def test_a_run_is_lost_with_its_node_red_and_cancelled_by_a_person(
    whole_stack: WholeStack, admin: httpx.Client
) -> None:
    deploy(admin, *a_flow("slow", HOUR))
    run = started(admin, "slow")
    os.kill(whole_stack.status["services"]["nodered"]["pid"], signal.SIGKILL)
    lost = until_it_is(admin, run, "lost", 30)
    assert [(step["node_name"], step["status"]) for step in lost["steps"]] == [("for long", "running")]

    other = started(admin, "slow")
    answer = admin.post(f"/api/v3/workflow-executions/{other}/cancel")
    assert answer.status_code == 202, answer.text
    cancelled = until_it_is(admin, other, "cancelled", 10)
    assert (cancelled["cancelled_by"], cancelled["steps"][0]["status"]) == ("admin", "cancelled")


def test_a_message_that_is_held_goes_on_once_after_node_red_was_killed(
    whole_stack: WholeStack, admin: httpx.Client
) -> None:
    deploy(admin, *a_flow("held", HOLDS, AFTER))
    run = started(admin, "held")
    os.kill(whole_stack.status["services"]["nodered"]["pid"], signal.SIGKILL)
    done = until_it_is(admin, run, "completed", 40)
    time.sleep(2)

    steps = {s["node_name"]: s for s in admin.get(f"/api/v3/workflow-executions/{run}").json()["steps"]}
    assert steps["after"]["messages"] == 1
    assert done["started_by"] == "admin"
