"""`demo`: register the demo fleet, deploy the example flow, run it, and show what came of it."""

import asyncio
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.table import Table

from opsconductor.apps.cli import console
from opsconductor.apps.cli.client import Api, checked
from opsconductor.apps.cli.lifecycle import Folder, Port, show_door, start_behind, stop
from opsconductor.stack import control, fleet, prepare
from opsconductor.stack.fleet import Fleet
from opsconductor.stack.folders import DataDir, project
from opsconductor.stack.problems import StackProblem
from opsconductor.stack.running import status

EXAMPLE = Path("nodered/nodes/examples/Run a command on all Linux targets.json")
SERVERS = {
    "openssh": "A real OpenSSH server on this machine",
    "built-in": "Served on this machine by OpsConductor's own SSH server",
    "none": "Nothing listens at its port",
}
"""What a demo target is, in its description: people should know what they look at."""
USER = "demo"
CREDENTIAL = "Demo fleet key"
PERMISSIONS = [
    *("users.read", "users.write", "sessions.open", "credentials.read", "credentials.write"),
    *("targets.read", "targets.write", "targets.test", "executions.read", "workflows.read"),
]
START_LIMIT = 15.0  # s for a deployed flow's nodes to be there
FLOW_LIMIT = 60.0  # s for the flow to start its execution


def demo(
    data_dir: Folder = None,
    port: Port = None,
    once: Annotated[
        bool,
        typer.Option("--once", help="Stop everything afterwards; exit status 0 only if all of it worked."),
    ] = False,
) -> None:
    """Start everything with a fleet of SSH targets on this machine, and run an example flow on it."""
    console.guarded(lambda: _once(data_dir, port) if once else _stay(DataDir.at(data_dir), port))


def _once(data_dir: Path | None, port: int | None) -> None:
    """Do it in a data folder of its own unless one is named, and leave nothing running."""
    asyncio.run(prepare.prepare(console.say))
    folder = data_dir or Path(tempfile.mkdtemp(prefix="opsconductor-demo-"))
    data = DataDir.at(folder)
    try:
        start_behind(data, port=port, fleet=True)
        _show_off(data)
    finally:
        stop(data)
    if data_dir is None:
        shutil.rmtree(folder, ignore_errors=True)
    console.say("Everything answered, and everything is stopped again.")


def _stay(data: DataDir, port: int | None) -> None:
    asyncio.run(prepare.prepare(console.say))
    if status(data) is None:
        start_behind(data, port=port, fleet=True)
    else:
        control.ask(data.socket, "fleet")
    url, execution = _show_off(data)
    console.out.print(f"\n  These results: {url}/executions/{execution}\n  The flow:      {url}/workflows")
    show_door(data, url)
    console.out.print("  ./opsconductor status · logs · down\n")


def _show_off(data: DataDir) -> tuple[str, str]:
    """Run the demo; return the public URL and the execution's id. Raises StackProblem unless all that is up answers."""
    found = status(data)
    if found is None:
        raise StackProblem("The stack ended unexpectedly; `./opsconductor logs supervisor` says more.")
    url: str = found["public_url"]
    here = fleet.read(data.root)
    console.say(f"Demo fleet: {_described(here)}")
    with Api(data, found["ports"], "demo", PERMISSIONS) as api:
        register(api, here)
        session = _session_of_demo_user(api)
        with httpx.Client(
            base_url=url, cookies={"opsc_session": session}, headers={"Origin": url}, timeout=30
        ) as browser:
            before = {row["id"] for row in api.every("/api/v3/executions", flow_id=_example()[0]["id"])}
            _deploy(browser)
            _inject(browser)
            execution = _finished(api, before)
        results = api.every(f"/api/v3/executions/{execution['id']}/results")
    console.out.print(_table(results))
    _judge(here, results)
    return url, execution["id"]


def _described(here: Fleet) -> str:
    kinds = {member.server for member in here.members}
    server = "real OpenSSH servers" if "openssh" in kinds else "the SSH server that ships with OpsConductor"
    up = [member for member in here.members if member.server != "none"]
    off = len(here.members) - len(up)
    return f"{len(up)} targets on 127.0.0.1, {server}; {off} more is off on purpose"


def register(api: Api, here: Fleet) -> None:
    """Register the fleet and the key that opens it, or bring what is registered up to date."""
    credential = _credential(api, here)
    known = {target["name"]: target for target in api.every("/api/v3/targets")}
    for member in here.members:
        wanted = {
            **{name: getattr(member, name) for name in ("name", "host", "port", "os_type", "environment")},
            "description": f"{member.description}. {SERVERS[member.server]}",
            "tags": list(member.tags),
            "credential_id": credential,
        }
        found = known.get(member.name)
        if found is None:
            api.call("POST", "/api/v3/targets", json=wanted)
        elif found["port"] != member.port or found["credential_id"] != credential:
            api.call("PATCH", f"/api/v3/targets/{found['id']}", json=wanted)


def _credential(api: Api, here: Fleet) -> str:
    """Return the id of the credential with the fleet's key."""
    login = next(member.username for member in here.members)
    secret = {"username": login, "private_key": here.private_key.read_text()}
    found = [row for row in api.every("/api/v3/credentials") if row["name"] == CREDENTIAL]
    if found:
        answer = api.call("PATCH", f"/api/v3/credentials/{found[0]['id']}", json=secret)
    else:
        wanted = {"name": CREDENTIAL, "kind": "ssh_key", "description": "Opens the demo targets", **secret}
        answer = api.call("POST", "/api/v3/credentials", json=wanted)
    return str(answer["id"])


def _session_of_demo_user(api: Api) -> str:
    """Return a browser session of the demo's designer: flows act as whoever deployed them, so somebody has to."""
    found = [row for row in api.every("/api/v3/users") if row["username"] == USER]
    new = {"username": USER, "role": "designer", "display_name": "Demo (no password)"}
    user = found[0] if found else api.call("POST", "/api/v3/users", json=new)
    return str(api.call("POST", "/internal/sessions", json={"user_id": user["id"]})["session_token"])


def _example() -> list[dict[str, Any]]:
    """Return the example flow, its tab first."""
    nodes: list[dict[str, Any]] = json.loads((project() / EXAMPLE).read_text())
    return sorted(nodes, key=lambda node: node["type"] != "tab")


def _deploy(browser: httpx.Client) -> None:
    """Deploy the example beside whatever is there."""
    example = _example()
    ours = {node["id"] for node in example}
    versioned = {"Node-RED-API-Version": "v2"}
    there = checked(browser.get("/nodered/flows", headers=versioned))
    others = [node for node in there["flows"] if node["id"] not in ours and node.get("z") != example[0]["id"]]
    how = {**versioned, "Node-RED-Deployment-Type": "flows"}
    wanted = {"flows": [*others, *example], "rev": there["rev"]}
    checked(browser.post("/nodered/flows", headers=how, json=wanted))


def _inject(browser: httpx.Client) -> None:
    """Press the example's button. A deploy is answered when it is stored; its nodes start a moment later."""
    button = next(node["id"] for node in _example() if node["type"] == "inject")
    deadline = time.monotonic() + START_LIMIT
    while True:
        answer = browser.post(f"/nodered/inject/{button}")
        if answer.is_success:
            return
        if answer.status_code != httpx.codes.NOT_FOUND or time.monotonic() > deadline:
            raise StackProblem(f"The flow could not be started: {answer.status_code} {answer.text[:200]}")
        time.sleep(0.1)


def _finished(api: Api, before: set[str]) -> dict[str, Any]:
    """Return the execution the flow started, once it has ended."""
    flow, deadline = _example()[0]["id"], time.monotonic() + FLOW_LIMIT
    while time.monotonic() < deadline:
        for row in api.every("/api/v3/executions", flow_id=flow):
            if row["id"] not in before:
                ended: dict[str, Any] = api.call(
                    "GET", f"/api/v3/executions/{row['id']}", params={"wait": 60}
                )
                return ended
        time.sleep(0.1)
    raise StackProblem(
        f"The flow did not start anything within {FLOW_LIMIT:.0f} s; `./opsconductor logs nodered` says more."
    )


def _table(results: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("TARGET", "STATUS", "EXIT", "TIME", "OUTPUT"):
        table.add_column(heading)
    for row in sorted(results, key=lambda row: str(row["target_name"])):
        good = row["status"] == "completed" and row["exit_code"] == 0
        text = (row["output_text"] if good else row["error_message"] or row["error_text"] or "").strip()
        table.add_row(
            row["target_name"],
            f"[green]✓ {row['status']}[/]" if good else f"[yellow]! {row['status']}[/]",
            "" if row["exit_code"] is None else str(row["exit_code"]),
            "" if row["duration_ms"] is None else f"{row['duration_ms']} ms",
            " ".join(text.split())[:80],
        )
    return table


def _judge(here: Fleet, results: list[dict[str, Any]]) -> None:
    """Raise StackProblem unless every target that is up answered, and its answer is stored."""
    good = {row["target_name"] for row in results if row["status"] == "completed" and row["exit_code"] == 0}
    silent = [member.name for member in here.members if member.server != "none" and member.name not in good]
    if silent:
        raise StackProblem(f"These targets are up and did not answer: {', '.join(silent)}")
