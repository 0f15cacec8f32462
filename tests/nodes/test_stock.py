"""Our package in a Node-RED that is not OpsConductor's own: packed, installed, and its examples run, in both lines."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from tests.bridge.conftest import Door, open_door
from tests.support import stock_nodered
from tests.support.chromium import Complaints
from tests.support.core import Core, Process
from tests.support.registered import register
from tests.support.sshd import running_sshd
from tests.support.stock_nodered import NODERED, StockNodeRed

from opsconductor.stack.folders import project

pytestmark = [pytest.mark.timeout(180)]

LINES = ["node-red", "node-red-4"]
EXAMPLES = NODERED / "nodes/examples"
SCOPES = [
    *("targets.read", "scripts.read", "files.read", "files.write"),
    *("executions.read", "executions.run", "executions.cancel"),
    *("notifications.read", "notifications.send", "audit.write"),
]
SAYS = {
    "Check health every minute": ["critical"],
    "Distribute a file": ["has it"],
    "Group targets by what they answer": ["a group"],
    "Reboot and go on when they are back": ["back"],
    "Restart a service in waves": ["restarted"],
    "Run a command on all Linux targets": ["succeeded"],
    "Tell people and keep a record": ["delivered"],
}
"""By example, the debug nodes that say something in the end."""


@pytest.fixture(scope="module")
async def door(core: Core, worker: Process) -> AsyncIterator[Door]:
    """A bridge, with two targets and a channel in the web app."""
    async with open_door(core) as opened, running_sshd(2) as servers:
        fleet = await register(core, servers)
        for target in fleet.targets:
            change = {"tags": ["web"], "environment": "staging"}
            assert (await core.admin.patch(f"/targets/{target['id']}", json=change)).is_success
        yield opened


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return stock_nodered.packed(tmp_path_factory.mktemp("packed"))


@pytest.fixture(scope="module", params=LINES)
async def stock(
    request: pytest.FixtureRequest, archives: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[StockNodeRed]:
    """A Node-RED with the package, in this line."""
    user_dir = tmp_path_factory.mktemp(request.param)
    stock_nodered.install(archives, user_dir)
    running, process = await stock_nodered.start(request.param, user_dir)
    yield running
    await running.api.aclose()
    process.terminate()
    await process.wait()


@pytest.fixture(scope="module")
async def token(core: Core, door: Door) -> str:
    wanted = {"name": "another Node-RED", "scopes": SCOPES}
    made = await core.admin.post("/workflow-tokens", json=wanted)
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


def _server(door: Door, token: str) -> dict[str, Any]:
    return {
        "id": "server",
        "type": "opsconductor-server",
        "name": "ops",
        "url": door.url,
        "plain": False,
        "credentials": {"token": token},
    }


def _set_up(node: dict[str, Any], channel: str, folder: Path) -> dict[str, Any]:
    """Return a node of an example, set as its user would: here nothing may restart."""
    changes: dict[str, Any] = {}
    if node["type"] == "tab":
        changes = {"disabled": False}
    elif node["type"] == "debug":
        changes = {"console": True}
    elif node["type"].startswith("opsconductor-"):
        changes = {"server": "server"}
    if node["type"] == "opsconductor-command-executor" and node["kind"] == "script":
        changes |= {"script": 'echo "$SERVICE is restarted"', "runAs": ""}
    elif node.get("command", "").startswith("shutdown"):
        changes |= {"command": "true", "runAs": ""}
    elif node["type"] == "opsconductor-wait-for" and node["kind"] == "time":
        changes |= {"amount": "1", "unit": "seconds"}
    elif node["type"] == "opsconductor-file-transfer":
        changes |= {"path": str(folder / "motd")}
    elif node["type"] == "opsconductor-notification":
        changes |= {"channels": [channel]}
    return node | changes


@pytest.fixture(scope="module")
async def channel(core: Core) -> str:
    made = await core.admin.post("/notification-channels", json={"name": "inbox", "kind": "in_app"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


@pytest.fixture(scope="module")
async def deployed(
    stock: StockNodeRed, door: Door, token: str, channel: str, tmp_path_factory: pytest.TempPathFactory
) -> StockNodeRed:
    """All examples, with a server."""
    folder = tmp_path_factory.mktemp("there")
    flows = [_server(door, token)]
    for example in SAYS:
        nodes = json.loads((EXAMPLES / f"{example}.json").read_text())
        flows += [_set_up(node, channel, folder) for node in nodes]
    await stock.deploy(flows)
    return stock


def test_every_example_is_run() -> None:
    assert sorted(SAYS) == sorted(path.stem for path in EXAMPLES.glob("*.json"))


@pytest.mark.parametrize("example", SAYS)
async def test_an_example_runs(deployed: StockNodeRed, example: str) -> None:
    nodes = json.loads((EXAMPLES / f"{example}.json").read_text())
    [start] = [node["id"] for node in nodes if node["type"] == "inject"]
    await deployed.inject(start)
    for name in SAYS[example]:
        assert await deployed.said(name)


async def test_what_a_flow_elsewhere_runs_is_known_here_with_its_tab(
    deployed: StockNodeRed, core: Core
) -> None:
    nodes = json.loads((EXAMPLES / "Run a command on all Linux targets.json").read_text())
    await deployed.inject(nodes[1]["id"])
    await deployed.said("succeeded")
    listed = (await core.admin.get("/executions", params={"limit": 50})).json()["items"]
    [mine] = [row for row in listed if (row["workflow"] or {}).get("flow_id") == nodes[0]["id"]][:1]

    assert (mine["status"], mine["counts"]) == ("completed", {"completed": 2})


async def test_a_revoked_token_stops_the_flow_with_a_sentence(
    stock: StockNodeRed, door: Door, core: Core
) -> None:
    made = (await core.admin.post("/workflow-tokens", json={"name": "short", "scopes": SCOPES})).json()
    flow = [
        _server(door, made["token"]),
        {"id": "t", "type": "tab", "label": "t"},
        _placed("i", "inject", ["s"], props=[], repeat="", crontab="", once=False, onceDelay=0.1),
        _placed("s", "opsconductor-target-selector", [], server="server"),
        _placed("c", "catch", ["d"], scope=None, uncaught=False),
        _placed(
            "d",
            "debug",
            [],
            name="caught",
            active=True,
            console=True,
            complete="error.message",
            targetType="msg",
        ),
    ]
    assert (await core.admin.delete(f"/workflow-tokens/{made['id']}")).status_code == 204
    await stock.deploy(flow)
    await stock.inject("i")

    assert "token" in await stock.said("caught")


def _placed(id: str, type: str, wires: list[str], **more: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "z": "t", "x": 10, "y": 10, "wires": [wires], **more}


@pytest.fixture
async def editor(browser: Browser, stock: StockNodeRed) -> AsyncIterator[Page]:
    """The editor of the stock Node-RED; nothing may complain."""
    context = await browser.new_context(base_url=stock.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    page = await context.new_page()
    complaints = Complaints()
    complaints.listen_to(page)
    yield page
    await page.screenshot(path=project() / ".cache/stock-editor.png")
    await context.close()
    refused = ("400", "401")  # without a server, and with a wrong token
    assert not [text for text in complaints if not any(code in text for code in refused)], complaints


async def test_a_server_is_made_and_checked_in_the_editor_and_lists_come_from_it(
    editor: Page, stock: StockNodeRed, door: Door, token: str
) -> None:
    await stock.deploy(
        [{"id": "t", "type": "tab", "label": "t"}, _placed("s", "opsconductor-target-selector", [])]
    )
    await editor.goto("/")
    await expect(editor.locator("#red-ui-header-button-deploy")).to_be_visible(timeout=20_000)
    await expect(editor.locator("#red-ui-loading-progress")).to_be_hidden(timeout=20_000)
    await editor.evaluate("RED.editor.edit(RED.nodes.node('s'))")
    await expect(editor.locator("#opsc-targets-summary")).to_have_text(
        "Choose the OpsConductor server first."
    )
    await editor.locator(
        "#node-input-lookup-server, #node-input-btn-server-add, .red-ui-editor-add-config"
    ).first.click()
    await editor.locator("#node-config-input-url").fill(door.url)
    await editor.locator("#node-config-input-token").fill("opsc_wrong_token")
    await editor.locator("#opsc-server-check").click()
    await expect(editor.locator("#opsc-server-checked")).to_contain_text("token")
    await editor.locator("#node-config-input-token").fill(token)
    await editor.locator("#opsc-server-check").click()
    await expect(editor.locator("#opsc-server-checked")).to_have_text("It works: the token was accepted.")
    await editor.screenshot(path=project() / ".cache/stock-server.png")
    await editor.locator("#node-config-dialog-ok").click()
    await editor.locator("#node-dialog-ok").click()
    async with stock.starting():
        await editor.locator("#red-ui-header-button-deploy").click()
    await expect(editor.locator("#red-ui-header-button-deploy")).to_have_class(
        "red-ui-deploy-button disabled"
    )
    await editor.evaluate("RED.editor.edit(RED.nodes.node('s'))")
    await expect(editor.locator("#opsc-targets-summary")).to_contain_text("all 2 that match")
    await editor.screenshot(path=project() / ".cache/stock-selector.png")
