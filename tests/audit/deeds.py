"""One request for every operation that changes something, with all that it needs."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text
from tests.support.calendars import a_calendar, keep
from tests.support.core import PASSWORD, Core
from tests.support.registered import add_target, command_on
from tests.workflows.conftest import KNOWN, Nodered, Person, a_node, a_tab

from opsconductor.auth.service import open_session_for
from opsconductor.auth.tokens import ACCESS_LIFE
from opsconductor.kit.clock import now
from opsconductor.transports.hostkeys import fingerprint


@dataclass
class Request:
    """What is going to be sent."""

    client: httpx.AsyncClient
    method: str
    url: str
    body: object = None

    async def send(self, request_id: str) -> httpx.Response:
        headers = {"X-Request-ID": request_id}
        return await self.client.request(self.method, self.url, json=self.body, headers=headers)


@dataclass
class Stage:
    """A core with somebody for every part."""

    core: Core
    nodered: Nodered
    dora: Person
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def name(self) -> str:
        return f"thing-{next(self.numbers)}"

    def by_admin(self, method: str, path: str, body: object = None) -> Request:
        return Request(self.core.admin, method, f"{self.core.url}{path}", body)

    async def _made(self, path: str, body: dict[str, Any]) -> str:
        answer = await self.core.admin.post(path, json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def user(self) -> str:
        return await self._made("/users", {"username": self.name(), "role": "viewer"})

    async def credential(self) -> str:
        body = {"name": self.name(), "kind": "password", "username": "root", "password": "s3cret"}
        return await self._made("/credentials", body)

    async def target(self) -> str:
        return str((await add_target(self.core, self.name(), 1, await self.credential()))["id"])

    async def target_that_showed(self, key: str) -> str:
        """Return a target whose host showed this key, which waits for approval."""
        target = await self.target()
        async with self.core.app.state.units.sessions() as session:
            shown = text("update targets set offered_host_key = :key where id = :id")
            await session.execute(shown, {"key": key, "id": target})
            await session.commit()
        return target

    async def calendar(self) -> str:
        """Return a calendar that is switched off: it is in nobody's way here."""
        return str((await keep(self.core, a_calendar(enabled=False)))["id"])

    async def script(self) -> str:
        return await self._made("/scripts", {"name": self.name(), "content": "uptime"})

    async def execution(self) -> str:
        return await self._made("/executions", command_on([await self.target()], "true"))

    async def file(self) -> str:
        return await self._made(f"/files?name={self.name()}", {})

    async def channel(self) -> str:
        return await self._made("/notification-channels", {"name": self.name(), "kind": "in_app"})

    async def somebody(self) -> httpx.AsyncClient:
        """Return a client of somebody with a session of their own."""
        user = await self.user()
        async with self.core.app.state.units.begin() as uow:
            _, opened = await open_session_for(uow, UUID(user), hours=1)
        signer = self.core.app.state.guard.signer
        return await self.core.client(signer.sign("access", user, now() + ACCESS_LIFE, sid=str(opened.id)))

    async def service(self, *permissions: str) -> httpx.AsyncClient:
        signer = self.core.app.state.guard.signer
        ends = now() + ACCESS_LIFE
        return await self.core.client(signer.sign("service", "test", ends, permissions=permissions))


HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBd0jcLkrNCzPKvjhFZcWfFXvX1YLRrXFw0DxZCdkbpc"


async def _log_in(stage: Stage) -> Request:
    body = {"username": "admin", "password": PASSWORD}
    return Request(await stage.core.client(), "POST", "/auth/login", body)


async def _log_out(stage: Stage) -> Request:
    return Request(await stage.somebody(), "POST", "/auth/logout")


async def _add_user(stage: Stage) -> Request:
    return stage.by_admin("POST", "/api/v3/users", {"username": stage.name(), "role": "viewer"})


async def _change_user(stage: Stage) -> Request:
    return stage.by_admin("PATCH", f"/api/v3/users/{await stage.user()}", {"is_active": False})


async def _open_session(stage: Stage) -> Request:
    client = await stage.service("sessions.open")
    url = f"{stage.core.url}/internal/sessions"
    return Request(client, "POST", url, {"user_id": await stage.user()})


async def _add_credential(stage: Stage) -> Request:
    body = {"name": stage.name(), "kind": "password", "username": "root", "password": "s3cret"}
    return stage.by_admin("POST", "/api/v3/credentials", body)


async def _change_credential(stage: Stage) -> Request:
    return stage.by_admin("PATCH", f"/api/v3/credentials/{await stage.credential()}", {"password": "new"})


async def _remove_credential(stage: Stage) -> Request:
    return stage.by_admin("DELETE", f"/api/v3/credentials/{await stage.credential()}")


async def _register(stage: Stage) -> Request:
    return stage.by_admin("POST", "/api/v3/targets", {"name": stage.name(), "host": "web-1"})


async def _change_target(stage: Stage) -> Request:
    return stage.by_admin("PATCH", f"/api/v3/targets/{await stage.target()}", {"port": 2222})


async def _remove_target(stage: Stage) -> Request:
    return stage.by_admin("DELETE", f"/api/v3/targets/{await stage.target()}")


async def _test_target(stage: Stage) -> Request:
    return stage.by_admin("POST", f"/api/v3/targets/{await stage.target()}/test")


async def _approve(stage: Stage) -> Request:
    target = await stage.target_that_showed(HOST_KEY)
    body = {"fingerprint": fingerprint(HOST_KEY)}
    return stage.by_admin("PUT", f"/api/v3/targets/{target}/host-key", body)


async def _forget(stage: Stage) -> Request:
    return stage.by_admin("DELETE", f"/api/v3/targets/{await stage.target_that_showed(HOST_KEY)}/host-key")


async def _add_script(stage: Stage) -> Request:
    body = {"name": stage.name(), "content": "uptime"}
    return stage.by_admin("POST", "/api/v3/scripts", body)


async def _change_script(stage: Stage) -> Request:
    body = {"based_on": 1, "content": "df -h"}
    return stage.by_admin("PATCH", f"/api/v3/scripts/{await stage.script()}", body)


async def _restore_script(stage: Stage) -> Request:
    script = await stage.script()
    await (stage.by_admin("PATCH", f"/api/v3/scripts/{script}", {"based_on": 1, "content": "df -h"})).send(
        "r"
    )
    return stage.by_admin("POST", f"/api/v3/scripts/{script}/versions/1/restore", {"based_on": 2})


async def _remove_script(stage: Stage) -> Request:
    return stage.by_admin("DELETE", f"/api/v3/scripts/{await stage.script()}")


async def _run(stage: Stage) -> Request:
    return stage.by_admin("POST", "/api/v3/executions", command_on([await stage.target()], "true"))


async def _cancel(stage: Stage) -> Request:
    return stage.by_admin("POST", f"/api/v3/executions/{await stage.execution()}/cancel")


async def _two_deploys(stage: Stage) -> tuple[str, int]:
    """Deploy a flow twice; return its id, and the number of the first deploy."""
    flow = stage.name()
    first = await stage.nodered.deploy(a_tab(flow, a_node(f"{flow}-1", payload="one")), stage.dora)
    await stage.nodered.deploy(a_tab(flow, a_node(f"{flow}-1", payload="two")), stage.dora)
    return flow, first


async def _restore_version(stage: Stage) -> Request:
    flow, _ = await _two_deploys(stage)
    return stage.by_admin("POST", f"/api/v3/workflows/{flow}/versions/1/restore")


async def _describe_deploy(stage: Stage) -> Request:
    _, first = await _two_deploys(stage)
    return stage.by_admin("PATCH", f"/api/v3/deploys/{first}", {"message": "for the night shift"})


async def _restore_deploy(stage: Stage) -> Request:
    _, first = await _two_deploys(stage)
    return stage.by_admin("POST", f"/api/v3/deploys/{first}/restore")


async def _cancel_run(stage: Stage) -> Request:
    run = {"run_id": str(uuid4()), "flow_id": "f", "node_id": "n", "node_type": "inject", "cause": "node"}
    run |= {"status": "running", "started_at": now().isoformat()}
    assert (await stage.nodered.client.put("/internal/runs", json={"runs": [run]})).is_success
    return stage.by_admin("POST", f"/api/v3/workflow-executions/{run['run_id']}/cancel")


async def _cancel_target(stage: Stage) -> Request:
    execution = await stage.execution()
    page = (await stage.core.admin.get(f"/executions/{execution}/results")).json()
    path = f"/api/v3/executions/{execution}/results/{page['items'][0]['id']}/cancel"
    return stage.by_admin("POST", path)


async def _pause(stage: Stage) -> Request:
    return stage.by_admin("POST", f"/api/v3/executions/{await stage.execution()}/pause")


async def _resume(stage: Stage) -> Request:
    execution = await stage.execution()
    await stage.core.admin.post(f"/executions/{execution}/pause")
    return stage.by_admin("POST", f"/api/v3/executions/{execution}/resume")


async def _rerun(stage: Stage) -> Request:
    execution = await stage.execution()
    await stage.core.admin.post(f"/executions/{execution}/cancel")
    return stage.by_admin("POST", f"/api/v3/executions/{execution}/rerun", {})


async def _flow_runs(stage: Stage) -> Request:
    return stage.by_admin("POST", "/api/workflow/execute", command_on([await stage.target()], "true"))


async def _flow_cancels(stage: Stage) -> Request:
    return stage.by_admin("POST", f"/api/workflow/cancel/{await stage.execution()}")


async def _workflow_token(stage: Stage) -> Request:
    body = {"username": "admin", "password": PASSWORD}
    return Request(await stage.core.client(), "POST", f"{stage.core.url}/api/workflow/auth", body)


async def _make_workflow_token(stage: Stage) -> Request:
    body = {"name": stage.name(), "scopes": ["targets.read"]}
    return stage.by_admin("POST", "/api/v3/workflow-tokens", body)


async def _revoke_workflow_token(stage: Stage) -> Request:
    made = await (await _make_workflow_token(stage)).send("made-to-be-revoked")
    return stage.by_admin("DELETE", f"/api/v3/workflow-tokens/{made.json()['id']}")


async def _add_file(stage: Stage) -> Request:
    return stage.by_admin("POST", f"/api/v3/files?name={stage.name()}")


async def _remove_file(stage: Stage) -> Request:
    return stage.by_admin("DELETE", f"/api/v3/files/{await stage.file()}")


async def _add_calendar(stage: Stage) -> Request:
    return stage.by_admin("POST", "/api/v3/calendars", a_calendar(enabled=False))


async def _change_calendar(stage: Stage) -> Request:
    body = {"based_on": 1, "description": "another"}
    return stage.by_admin("PATCH", f"/api/v3/calendars/{await stage.calendar()}", body)


async def _remove_calendar(stage: Stage) -> Request:
    return stage.by_admin("DELETE", f"/api/v3/calendars/{await stage.calendar()}")


async def _add_channel(stage: Stage) -> Request:
    return stage.by_admin("POST", "/api/v3/notification-channels", {"name": stage.name(), "kind": "in_app"})


async def _change_channel(stage: Stage) -> Request:
    return stage.by_admin(
        "PATCH", f"/api/v3/notification-channels/{await stage.channel()}", {"per_minute": 5}
    )


async def _remove_channel(stage: Stage) -> Request:
    return stage.by_admin("DELETE", f"/api/v3/notification-channels/{await stage.channel()}")


async def _try_channel(stage: Stage) -> Request:
    return stage.by_admin("POST", f"/api/v3/notification-channels/{await stage.channel()}/test")


async def _notify(stage: Stage) -> Request:
    body = {"title": "Hello", "channel_ids": [await stage.channel()]}
    return stage.by_admin("POST", "/api/v3/notifications", body)


async def _flow_notifies(stage: Stage) -> Request:
    body = {"title": "Hello", "channel_ids": [await stage.channel()]}
    return stage.by_admin("POST", "/api/workflow/notify", body)


async def _flow_reports(stage: Stage) -> Request:
    place = {"node_red_flow_id": "f1", "node_name": "a node"}
    body = {"event_type": "note", "message": "hello", "workflow_context": place}
    return stage.by_admin("POST", "/api/workflow/audit", body)


def _document(stage: Stage) -> dict[str, Any]:
    flow = stage.name()
    return {"format": "opsconductor-flow", "version": 1, "nodes": a_tab(flow, a_node(f"{flow}-1"))}


async def _know_types(stage: Stage) -> None:
    body = {"known_types": KNOWN}
    assert (await stage.nodered.client.put("/internal/storage/node-types", json=body)).is_success


async def _import(stage: Stage) -> Request:
    await _know_types(stage)
    return stage.by_admin("POST", "/api/v3/workflows/import", {"document": _document(stage)})


async def _template(stage: Stage) -> dict[str, Any]:
    await _know_types(stage)
    name = stage.name()
    return {"name": name, "category": "Test", "template_data": a_tab(name, a_node(f"{name}-1"))}


async def _kept_template(stage: Stage) -> str:
    return await stage._made("/workflow-templates", await _template(stage))


async def _add_template(stage: Stage) -> Request:
    return stage.by_admin("POST", "/api/v3/workflow-templates", await _template(stage))


async def _change_template(stage: Stage) -> Request:
    body = {"based_on": 1, "name": stage.name()}
    return stage.by_admin("PATCH", f"/api/v3/workflow-templates/{await _kept_template(stage)}", body)


async def _remove_template(stage: Stage) -> Request:
    return stage.by_admin("DELETE", f"/api/v3/workflow-templates/{await _kept_template(stage)}")


async def _rate_template(stage: Stage) -> Request:
    path = f"/api/v3/workflow-templates/{await _kept_template(stage)}/rating"
    return stage.by_admin("PUT", path, {"stars": 4})


async def _unrate_template(stage: Stage) -> Request:
    rated = await _rate_template(stage)
    await rated.send("rated-before")
    return Request(rated.client, "DELETE", rated.url)


async def _use_template(stage: Stage) -> Request:
    return stage.by_admin("POST", f"/api/v3/workflow-templates/{await _kept_template(stage)}/use", {})


async def _hook(stage: Stage, protection: str) -> str:
    """Deploy a flow that serves a hook, and protect it like this."""
    flow = stage.name()
    way_in = a_node(f"{flow}-1", type="http in", method="post", url=f"/{flow}")
    await stage.nodered.deploy(a_tab(flow, way_in), stage.dora)
    page = (await stage.core.admin.get("/hooks", params={"flow_id": flow})).json()
    [hook] = page["items"]
    await stage.core.admin.put(f"/hooks/{hook['id']}/protection", json={"protection": protection})
    return str(hook["id"])


async def _protect_hook(stage: Stage) -> Request:
    path = f"/api/v3/hooks/{await _hook(stage, 'token')}/protection"
    return stage.by_admin("PUT", path, {"protection": "open"})


async def _issue_hook_secret(stage: Stage) -> Request:
    return stage.by_admin("POST", f"/api/v3/hooks/{await _hook(stage, 'hmac')}/secrets", {})


async def _revoke_hook_secret(stage: Stage) -> Request:
    issue = await _issue_hook_secret(stage)
    issued = (await issue.send("issued-to-be-revoked")).json()
    path = issue.url.removeprefix(stage.core.url)
    return stage.by_admin("DELETE", f"{path}/{issued['id']}")


async def _remove_hook(stage: Stage) -> Request:
    hook = await _hook(stage, "token")
    await stage.nodered.deploy(a_tab(stage.name(), a_node(stage.name())), stage.dora)
    return stage.by_admin("DELETE", f"/api/v3/hooks/{hook}")


async def _deploy(stage: Stage) -> Request:
    body = {
        "flows": a_tab(stage.name(), a_node(stage.name())),
        "credentials": {},
        "ticket": stage.dora.ticket,
        "base_rev": (await stage.nodered.snapshot())["rev"],
        "known_types": KNOWN,
    }
    return Request(stage.nodered.client, "PUT", "/internal/storage/flows", body)


DEEDS: dict[str, tuple[str, Callable[[Stage], Awaitable[Request]]]] = {
    "POST /api/v3/auth/login": ("session.opened", _log_in),
    "POST /api/v3/auth/logout": ("session.closed", _log_out),
    "POST /api/v3/users": ("user.added", _add_user),
    "PATCH /api/v3/users/{user_id}": ("user.changed", _change_user),
    "POST /internal/sessions": ("session.opened", _open_session),
    "POST /api/v3/credentials": ("credential.added", _add_credential),
    "PATCH /api/v3/credentials/{credential_id}": ("credential.changed", _change_credential),
    "DELETE /api/v3/credentials/{credential_id}": ("credential.removed", _remove_credential),
    "POST /api/v3/targets": ("target.registered", _register),
    "PATCH /api/v3/targets/{target_id}": ("target.changed", _change_target),
    "DELETE /api/v3/targets/{target_id}": ("target.removed", _remove_target),
    "POST /api/v3/targets/{target_id}/test": ("target.tested", _test_target),
    "PUT /api/v3/targets/{target_id}/host-key": ("target.host_key_approved", _approve),
    "DELETE /api/v3/targets/{target_id}/host-key": ("target.host_key_forgotten", _forget),
    "POST /api/v3/calendars": ("calendar.added", _add_calendar),
    "PATCH /api/v3/calendars/{calendar_id}": ("calendar.changed", _change_calendar),
    "DELETE /api/v3/calendars/{calendar_id}": ("calendar.removed", _remove_calendar),
    "POST /api/v3/scripts": ("script.added", _add_script),
    "PATCH /api/v3/scripts/{script_id}": ("script.changed", _change_script),
    "DELETE /api/v3/scripts/{script_id}": ("script.removed", _remove_script),
    "POST /api/v3/scripts/{script_id}/versions/{version}/restore": ("script.restored", _restore_script),
    "POST /api/v3/executions": ("execution.started", _run),
    "POST /api/v3/executions/{execution_id}/cancel": ("execution.cancelled", _cancel),
    "POST /api/v3/executions/{execution_id}/results/{result_id}/cancel": (
        "execution.target_cancelled",
        _cancel_target,
    ),
    "POST /api/v3/executions/{execution_id}/pause": ("execution.paused", _pause),
    "POST /api/v3/executions/{execution_id}/resume": ("execution.resumed", _resume),
    "POST /api/v3/executions/{execution_id}/rerun": ("execution.started", _rerun),
    "POST /api/v3/workflows/{flow_id}/versions/{version}/restore": ("workflow.restored", _restore_version),
    "PATCH /api/v3/deploys/{number}": ("workflow.described", _describe_deploy),
    "POST /api/v3/deploys/{number}/restore": ("workflow.restored", _restore_deploy),
    "POST /api/v3/workflows/import": ("workflow.imported", _import),
    "POST /api/v3/workflow-templates": ("template.added", _add_template),
    "PATCH /api/v3/workflow-templates/{template_id}": ("template.changed", _change_template),
    "DELETE /api/v3/workflow-templates/{template_id}": ("template.removed", _remove_template),
    "PUT /api/v3/workflow-templates/{template_id}/rating": ("template.rated", _rate_template),
    "DELETE /api/v3/workflow-templates/{template_id}/rating": ("template.rated", _unrate_template),
    "POST /api/v3/workflow-templates/{template_id}/use": ("template.used", _use_template),
    "POST /api/v3/workflow-executions/{run_id}/cancel": ("run.cancelled", _cancel_run),
    "POST /api/v3/workflow-tokens": ("workflow_token.created", _make_workflow_token),
    "DELETE /api/v3/workflow-tokens/{token_id}": ("workflow_token.revoked", _revoke_workflow_token),
    "PUT /api/v3/hooks/{hook_id}/protection": ("hook.protected", _protect_hook),
    "POST /api/v3/hooks/{hook_id}/secrets": ("hook.secret_issued", _issue_hook_secret),
    "DELETE /api/v3/hooks/{hook_id}/secrets/{secret_id}": ("hook.secret_revoked", _revoke_hook_secret),
    "DELETE /api/v3/hooks/{hook_id}": ("hook.removed", _remove_hook),
    "POST /api/v3/files": ("file.added", _add_file),
    "DELETE /api/v3/files/{file_id}": ("file.removed", _remove_file),
    "POST /api/v3/notification-channels": ("notification_channel.added", _add_channel),
    "PATCH /api/v3/notification-channels/{channel_id}": ("notification_channel.changed", _change_channel),
    "DELETE /api/v3/notification-channels/{channel_id}": ("notification_channel.removed", _remove_channel),
    "POST /api/v3/notification-channels/{channel_id}/test": ("notification_channel.tested", _try_channel),
    "POST /api/v3/notifications": ("notification.sent", _notify),
    "POST /api/workflow/notify": ("notification.sent", _flow_notifies),
    "POST /api/workflow/audit": ("flow.note", _flow_reports),
    "POST /api/workflow/execute": ("execution.started", _flow_runs),
    "POST /api/workflow/cancel/{execution_id}": ("execution.cancelled", _flow_cancels),
    "POST /api/workflow/auth": ("workflow_token.created", _workflow_token),
    "PUT /internal/storage/flows": ("workflow.deployed", _deploy),
}
NOT_AUDITED = {
    "POST /api/v3/setup": "it is, and tests/auth sets up many cores",
    "POST /api/v3/auth/token": "stores nothing: another short token of a session that is audited",
    "POST /api/v3/executions/preview": "looks ahead and stores nothing",
    "POST /api/v3/workflows/import/preview": "looks ahead and stores nothing",
    "POST /api/v3/workflow-templates/{template_id}/download": "counts, and changes nothing else",
    "PUT /internal/storage/node-types": "what Node-RED has installed, told at each of its starts",
    "PUT /internal/waits/{wait_id}": "a message that a node holds; what it does later is audited",
    "POST /internal/waits/{wait_id}/claim": "the same",
    "DELETE /internal/waits/{wait_id}": "the same",
    "DELETE /internal/waits": "the same",
    "POST /internal/hooks/check": "asked of every request from outside; what it starts is recorded as a run",
    "PUT /internal/runs": "tells of runs that go on by themselves, of which each deed is audited",
    "POST /api/v3/notifications/preview": "fills in a text and stores nothing",
    "POST /api/v3/notifications/read": "what somebody has seen is their own affair",
    "POST /api/workflow/notifications/preview": "fills in a text and stores nothing",
    "PUT /internal/storage/documents/{name}": "how an editor looks to its user",
    "PUT /internal/storage/library/{kind}": "snippets that do nothing until somebody deploys them",
}
