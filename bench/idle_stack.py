"""A stack of its own for a benchmark, with a signed-in client, gone afterwards."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from opsconductor.apps.cli.client import PAGE, checked, every
from opsconductor.apps.cli.lifecycle import BEHIND, temporary_stack
from opsconductor.contracts.statuses import TERMINAL
from opsconductor.stack import control
from opsconductor.stack.folders import DataDir
from opsconductor.stack.ports import LOOPBACK
from opsconductor.stack.problems import StackProblem

SIGN_IN = {"username": "measurer", "password": "a few minutes on loopback"}
RESTART_LIMIT = 60.0  # s


class SignedIn(httpx.Auth):
    """Sends an access token, and signs in again once it is too old: a long benchmark outlives several."""

    requires_response_body = True

    def __init__(self, login: httpx.URL, token: str) -> None:
        self._login, self._token = login, token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._token = checked((yield httpx.Request("POST", self._login, json=SIGN_IN)))["access_token"]
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request


@dataclass
class IdleStack:
    """The stack, and a client of its API through the one door, as an administrator."""

    data: DataDir
    client: httpx.Client
    _hook_tokens: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Return the answer's JSON. Raises StackProblem where it is a refusal."""
        return checked(self.client.request(method, f"/api/v3{path}", **options))

    def credential(self, username: str, private_key: Path) -> str:
        """Register a key; return its id."""
        wanted = {"kind": "ssh_key", "username": username, "private_key": private_key.read_text()}
        return str(self.call("POST", "/credentials", json={"name": "bench", **wanted})["id"])

    def target(self, name: str, port: int, credential: str) -> str:
        """Register a target on loopback; return its id."""
        wanted = {"name": name, "host": LOOPBACK, "port": port, "credential_id": credential}
        return str(self.call("POST", "/targets", json=wanted)["id"])

    def protect_hooks(self) -> None:
        """Protect every hook by a token of its own."""
        for hook in self.call("GET", "/hooks", params={"limit": PAGE})["items"]:
            self.call("PUT", f"/hooks/{hook['id']}/protection", json={"protection": "token"})
            issued = self.call("POST", f"/hooks/{hook['id']}/secrets", json={})
            self._hook_tokens[hook["path"]] = issued["secret"]

    def by_token(self, path: str) -> dict[str, str]:
        """Return the header that proves a request to the hook with this path."""
        return {"X-Hook-Token": self._hook_tokens[path]}

    def begin(self, action: dict[str, Any], targets: Sequence[str]) -> str:
        """Have an action accepted for targets; return the execution's id."""
        wanted = {"actions": [action], "target_ids": list(targets)}
        return str(self.call("POST", "/executions", json=wanted)["id"])

    def ended(self, execution: str) -> dict[str, Any]:
        """Return an execution once it has ended."""
        while True:
            found: dict[str, Any] = self.call("GET", f"/executions/{execution}", params={"wait": 60})
            if found["status"] in TERMINAL:
                return found

    def run(self, command: str, targets: Sequence[str]) -> dict[str, Any]:
        """Run a command, and return the execution once it has ended."""
        return self.ended(self.begin(command_action(command), targets))

    def results(self, execution: str) -> list[dict[str, Any]]:
        """Return what happened on each target of an execution."""
        return every(self.call, f"/executions/{execution}/results")

    def read(self, command: str, targets: Sequence[str]) -> list[dict[str, Any]]:
        """Run a command and read every result. Raises StackProblem unless all of them completed."""
        return completed(self.results(self.run(command, targets)["id"]))

    def services(self) -> dict[str, int]:
        """Return the process ids of the stack's services, by name."""
        standings = (control.ask(self.data.socket, "status") or {}).get("services", {})
        return {name: int(found["pid"]) for name, found in standings.items() if found["pid"]}

    def go_cold(self, spare: str) -> None:
        """Make the worker forget its connections: a new process, which has then worked once, on a spare target."""
        old = self.services()["worker"]
        control.ask(self.data.socket, "restart", service="worker")
        deadline = time.monotonic() + RESTART_LIMIT
        while self._standing("worker") != "ready" or self.services()["worker"] == old:
            if time.monotonic() > deadline:
                raise StackProblem(f"The worker was not back within {RESTART_LIMIT:.0f} s.")
            time.sleep(0.1)
        self.read("true", [spare])

    def _standing(self, service: str) -> str:
        status = control.ask(self.data.socket, "status") or {}
        return str(status.get("services", {}).get(service, {}).get("state"))


def command_action(command: str, **parameters: Any) -> dict[str, Any]:
    """Return the action that runs a command."""
    return {"action_type": "command", "action_parameters": {"command": command, **parameters}}


def completed(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return results. Raises StackProblem unless all of them completed: a figure of failures is none."""
    for result in results:
        if result["status"] != "completed":
            raise StackProblem(f"{result['target_name']}: {result['status']}: {result['error_message']}")
    return results


@contextmanager
def idle_stack(
    *, fleet: bool = False, data_dir: Path | None = None, program: Sequence[str] = BEHIND, apart: bool = False
) -> Iterator[IdleStack]:
    """Start a stack in a folder of its own; stop it, and remove the folder unless it was named.

    One whose parts are killed is to be `apart` from others.
    """
    with (
        temporary_stack(fleet=fleet, folder=data_dir, program=program, apart=apart) as (data, started),
        httpx.Client(base_url=started["public_url"], timeout=90) as client,
    ):
        stack = IdleStack(data, client)
        secret = data.setup_secret.read_text()
        token = stack.call("POST", "/setup", json={"setup_secret": secret, **SIGN_IN})["access_token"]
        client.cookies.clear()
        client.auth = SignedIn(client.base_url.join("/api/v3/auth/login"), token)
        yield stack
