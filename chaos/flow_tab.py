"""The flow that a storm runs: a message is held, its caller is answered, and a command runs in each step."""

import json
from pathlib import Path
from typing import Any

from bench.canvas import EXECUTOR, FUNCTION, RUNS_WHAT_IT_IS_TOLD, a_node

TAB = "storm"
WHERE = "/storm"
MARK = """
const run = msg._opsc.run
const targets = env.get('TARGETS')
msg.targets = [targets[Number(msg.req.query.number) % targets.length]]
msg.commands = {}
for (let step = 1; step <= env.get('STEPS'); step++) {
  msg.commands[step] = `echo ${step} >> ${env.get('NOTES')}/${run}; sleep 0.${step}`
}
msg.payload = { run }
return msg
"""
HELD = {**RUNS_WHAT_IT_IS_TOLD, "maxInFlight": 20, "outputsInMessage": "never", "durable": True}
WAITS = {
    "version": 1,
    "amount": "0.3",
    "unit": "seconds",
    "until": "payload",
    "untilType": "msg",
    "execution": "executionId",
    "executionType": "msg",
    "timeout": "60",
}


def tabs(targets: list[dict[str, str]], notes: Path, steps: int) -> list[dict[str, Any]]:
    """Return a tab that answers with the id of a run once its message is held: from then on nothing may be lost.

    Half-way through its commands it waits until its target can be signed in to, which is an execution as well.
    """
    given = [("TARGETS", targets), ("NOTES", str(notes)), ("STEPS", steps)]
    env = [{"name": name, "value": json.dumps(value), "type": "json"} for name, value in given]
    chain = [f"step-{number}" for number in range(1, steps + 1)]
    chain.insert((steps + 1) // 2, "back")
    following = dict(zip(chain, [*([each] for each in chain[1:]), []], strict=True))
    return [
        {"id": TAB, "type": "tab", "label": "Storm", "env": env},
        a_node(TAB, "in", "http in", [["mark"]], url=WHERE, method="post"),
        a_node(TAB, "mark", "function", [["held"]], func=MARK, outputs=1, **FUNCTION),
        _wait("held", "time", ["answer", chain[0]]),
        a_node(TAB, "answer", "http response", [], statusCode="202"),
        _wait("back", "targets", following["back"]),
        *(_step(number, following[f"step-{number}"]) for number in range(1, steps + 1)),
    ]


def _step(number: int, following: list[str]) -> dict[str, Any]:
    return a_node(TAB, f"step-{number}", EXECUTOR, [following, []], command=f"commands.{number}", **HELD)


def _wait(id: str, kind: str, following: list[str]) -> dict[str, Any]:
    return a_node(TAB, id, "opsconductor-wait-for", [following, []], kind=kind, **WAITS)
