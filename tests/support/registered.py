"""SSH targets that are up, registered with a core."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.core import Core
from tests.support.sshd import Target


@dataclass(frozen=True)
class Registered:
    """Targets that a core knows, in the order of the servers they were made of."""

    api: httpx.AsyncClient
    targets: list[dict[str, Any]]

    @property
    def ids(self) -> list[str]:
        return [target["id"] for target in self.targets]

    async def run(
        self, command: str, *, ids: Sequence[str] | None = None, **parameters: object
    ) -> dict[str, Any]:
        """Run a command on all of them (or those named); return the execution once it has ended."""
        accepted = await self.start(command, ids=ids, **parameters)
        return await self.end_of(accepted["id"])

    async def start(
        self, command: str, *, ids: Sequence[str] | None = None, **parameters: object
    ) -> dict[str, Any]:
        """Start a command; return the execution as it was accepted."""
        wanted = command_on(ids or self.ids, command, **parameters)
        answer = await self.api.post("/executions", json=wanted)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def start_actions(
        self, *actions: dict[str, Any], ids: Sequence[str] | None = None, **more: object
    ) -> dict[str, Any]:
        """Start several actions; `more` is the rest of the request."""
        wanted = {"actions": list(actions), "target_ids": list(ids or self.ids), **more}
        answer = await self.api.post("/executions", json=wanted)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def end_of(self, execution_id: str) -> dict[str, Any]:
        """Return an execution once it has ended."""
        answer = await self.api.get(f"/executions/{execution_id}", params={"wait": 25})
        execution = answer.json()
        assert execution["finished_at"], execution
        return dict(execution)

    async def results(self, execution_id: str) -> list[dict[str, Any]]:
        """Return all results of an execution, by target name."""
        answer = await self.api.get(f"/executions/{execution_id}/results", params={"limit": 200})
        return list(answer.json()["items"])


def command_on(ids: Sequence[str], command: str, **parameters: object) -> dict[str, Any]:
    """Return the body that asks for a command on targets."""
    return {"actions": [action("command", command=command, **parameters)], "target_ids": list(ids)}


def action(type: str, **parameters: object) -> dict[str, Any]:
    """Return an action."""
    return {"action_type": type, "action_parameters": parameters}


async def register(core: Core, servers: Sequence[Target], prefix: str = "") -> Registered:
    """Register servers as targets, with a credential each kind of login needs."""
    login = servers[0].login
    wanted = {"name": f"{prefix}key", "kind": "ssh_key", "username": login.username}
    if login.private_key is not None:
        secret = {"private_key": login.private_key.get_secret_value()}
    else:
        assert login.password is not None
        secret = {"password": login.password.get_secret_value()}
        wanted["kind"] = "password"
    answer = await core.admin.post("/credentials", json=wanted | secret)
    assert answer.status_code == 201, answer.text
    targets = [
        await add_target(core, f"{prefix}{s.name}", s.endpoint.port, answer.json()["id"]) for s in servers
    ]
    return Registered(core.admin, targets)


async def add_target(
    core: Core, name: str, port: int, credential_id: str | None, **more: Any
) -> dict[str, Any]:
    """Register a target on loopback."""
    wanted = {"name": name, "host": "127.0.0.1", "port": port, "credential_id": credential_id, **more}
    answer = await core.admin.post("/targets", json=wanted)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
