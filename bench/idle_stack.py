"""A stack of its own for a benchmark, with a signed-in client, gone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from opsconductor.apps.cli.client import checked
from opsconductor.apps.cli.lifecycle import temporary_stack
from opsconductor.stack.folders import DataDir

PASSWORD = "a few minutes on loopback"  # noqa: S105  # of a stack that is gone afterwards


@dataclass
class IdleStack:
    """The stack, and a client of its API through the one door, as an administrator."""

    data: DataDir
    client: httpx.Client

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Return the answer's JSON. Raises StackProblem where it is a refusal."""
        return checked(self.client.request(method, f"/api/v3{path}", **options))

    def credential(self, username: str, private_key: Path) -> str:
        """Register a key; return its id."""
        wanted = {"kind": "ssh_key", "username": username, "private_key": private_key.read_text()}
        return str(self.call("POST", "/credentials", json={"name": "bench", **wanted})["id"])

    def target(self, name: str, port: int, credential: str) -> str:
        """Register a target on loopback; return its id."""
        wanted = {"name": name, "host": "127.0.0.1", "port": port, "credential_id": credential}
        return str(self.call("POST", "/targets", json=wanted)["id"])

    def run(self, command: str, targets: list[str]) -> dict[str, Any]:
        """Run a command, and return the execution once it has ended."""
        actions = [{"action_type": "command", "action_parameters": {"command": command}}]
        accepted = self.call("POST", "/executions", json={"actions": actions, "target_ids": targets})
        ended: dict[str, Any] = self.call("GET", f"/executions/{accepted['id']}", params={"wait": 60})
        return ended


@contextmanager
def idle_stack(*, fleet: bool, data_dir: Path | None = None) -> Iterator[IdleStack]:
    """Start a stack in a folder of its own; stop it, and remove the folder unless it was named."""
    with (
        temporary_stack(fleet=fleet, folder=data_dir) as (data, started),
        httpx.Client(base_url=started["public_url"], timeout=90) as client,
    ):
        stack = IdleStack(data, client)
        secret = data.setup_secret.read_text()
        wanted = {"setup_secret": secret, "username": "measurer", "password": PASSWORD}
        token = stack.call("POST", "/setup", json=wanted)["access_token"]
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {token}"
        yield stack
