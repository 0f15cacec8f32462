"""The dialogs of our nodes in Node-RED's editor, with live lists, as a designer uses them."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.support.chromium import Complaints
from tests.support.whole_stack import PASSWORD, WholeStack

from opsconductor.stack.folders import project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

EXAMPLES = project() / "nodered/nodes/examples"
SCRIPT = {
    "name": "greet",
    "content": 'echo "$GREETING"',
    "parameters": [{"name": "GREETING", "type": "text", "required": True}],
}


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    """The administrator, with something to choose from."""
    client = whole_stack.set_up()
    for number, tags in enumerate([["web", "eu"], ["web"]]):
        target = {"name": f"web-{number}", "host": "192.0.2.1", "os_type": "linux", "tags": tags}
        assert client.post("/api/v3/targets", json=target).status_code == 201
    assert client.post("/api/v3/scripts", json=SCRIPT).status_code == 201
    kept = client.post("/api/v3/files", params={"name": "app.conf"}, content=b"x = 1\n")
    assert kept.status_code == 201
    yield client
    client.close()


@pytest.fixture
async def editor(page: Page, admin: httpx.Client) -> AsyncIterator[Page]:
    """The editor with our examples in it; nothing may complain."""
    complaints = Complaints()
    complaints.listen_to(page)
    page.on("console", lambda said: complaints.append(said.text) if said.text.startswith("onedit") else None)
    await open_editor(page)
    for example in sorted(EXAMPLES.glob("*.json")):
        await page.evaluate(
            "flow => RED.view.importNodes(flow, {touchImport: true, addFlow: false, generateIds: false})",
            json.loads(example.read_text()),
        )
    yield page
    assert not [text for text in complaints if "401" not in text], complaints


async def open_editor(page: Page) -> None:
    """Sign in, and wait until the editor is there."""
    signed_in = await page.request.post(
        "/api/v3/auth/login", data={"username": "admin", "password": PASSWORD}
    )
    assert signed_in.ok
    await page.goto("/nodered/")
    await expect(page.locator("#red-ui-header-button-deploy")).to_be_visible()
    await expect(page.locator("#red-ui-loading-progress")).to_be_hidden()


async def open_dialog(page: Page, kind: str) -> str:
    """Open the dialog of the first node of a kind; return its id."""
    id = await page.evaluate(
        "type => { const [node] = RED.nodes.filterNodes({type}); RED.editor.edit(node); return node.id }",
        kind,
    )
    await expect(page.locator("#node-input-name")).to_be_visible()
    return str(id)


async def close_dialog(page: Page, id: str) -> dict[str, Any]:
    """Press Done; return what the node is saved as, and whether it is valid."""
    await page.locator("#node-dialog-ok").click()
    await expect(page.locator("#node-dialog-ok")).to_be_hidden()
    found = await page.evaluate(
        "id => ({valid: RED.nodes.node(id).valid, ...RED.nodes.convertNode(RED.nodes.node(id))})", id
    )
    return dict(found)


async def look(page: Page, name: str) -> None:
    """Keep a picture, for whoever wants to see."""
    await page.screenshot(path=project() / f".cache/e2e-node-{name}.png")


async def test_every_example_is_valid_in_the_editor(editor: Page) -> None:
    invalid = await editor.evaluate(
        "RED.nodes.filterNodes({}).filter(n => !n.valid).map(n => [n.type, n.validationErrors])"
    )

    assert invalid == []


async def test_the_target_selector_counts_what_matches_and_gets_a_second_output(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-target-selector")
    await editor.locator("#node-input-tags").fill("web, eu")
    await expect(editor.locator("#opsc-targets-summary")).to_contain_text("all 1 that match")
    await expect(editor.locator("#opsc-targets li")).to_contain_text(["web-0"])
    await editor.locator("#node-input-nothingMatched").select_option("second")
    await look(editor, "target-selector")
    saved = await close_dialog(editor, id)

    assert (saved["targetFilter"]["tags"], saved["outputs"], saved["version"]) == ("web, eu", 2, 2)
    assert saved["valid"]


async def test_the_command_executor_offers_stored_scripts_and_their_parameters(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-command-executor")
    await editor.locator("#node-input-kind").select_option("stored")
    await editor.locator("#opsc-scripts-search").fill("gre")
    await expect(editor.locator("#opsc-scripts-status")).to_have_text("1 of 1")
    await editor.locator("#node-input-scriptId").select_option(label="greet (sh)")
    await expect(editor.locator("#opsc-script-asks")).to_contain_text("GREETING*")
    await expect(editor.locator(".opsc-parameter-name")).to_have_value("GREETING")
    await editor.locator("#node-input-maxFailures").evaluate("e => e.closest('details').open = true")
    await look(editor, "command-executor")
    await editor.locator("#node-input-maxFailures").fill("10%")
    saved = await close_dialog(editor, id)

    assert (saved["kind"], saved["scriptIdName"], saved["maxFailures"]) == ("stored", "greet (sh)", "10%")
    assert [(row["name"], row["type"]) for row in saved["parameters"]] == [("GREETING", "str")]
    assert saved["valid"]


async def test_a_setting_that_can_not_be_is_marked_and_makes_the_node_invalid(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-command-executor")
    await editor.locator("#node-input-batchSize").evaluate("e => e.closest('details').open = true")
    await editor.locator("#node-input-batchSize").fill("some")
    await expect(editor.locator("#node-input-batchSize")).to_have_class("opsc-short input-error")
    saved = await close_dialog(editor, id)

    assert not saved["valid"]


async def test_the_file_transfer_offers_kept_files(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-file-transfer")
    await editor.locator("#node-input-source").select_option("file")
    await editor.locator("#node-input-fileId").select_option(label="app.conf (6 B)")
    await look(editor, "file-transfer")
    saved = await close_dialog(editor, id)

    assert (saved["source"], saved["fileIdName"], saved["valid"]) == ("file", "app.conf (6 B)", True)


async def test_the_health_check_wants_both_thresholds(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-health-check")
    await editor.locator("#node-input-diskWarning").fill("95")
    await look(editor, "health-check")
    saved = await close_dialog(editor, id)

    assert (saved["diskWarning"], saved["diskCritical"], saved["valid"]) == ("95", "90", False)


async def test_the_results_node_has_an_output_for_each_rule(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-results")
    await editor.locator("#node-input-mode").select_option("rules")
    await editor.locator(".red-ui-editableList-addButton").click()
    second = editor.locator("#opsc-rules li").nth(1)
    await second.locator(".opsc-rule-property").select_option("output")
    await second.locator(".opsc-rule-operator").select_option("matches")
    await second.locator("input.opsc-rule-value").fill("^ERROR")
    await look(editor, "results")
    saved = await close_dialog(editor, id)

    assert saved["rules"][1] == {"property": "output", "operator": "matches", "value": "^ERROR"}
    assert (saved["outputs"], saved["valid"]) == (3, True)


async def test_the_nodes_are_in_german_where_the_editor_is(page: Page, admin: httpx.Client) -> None:
    await page.add_init_script("localStorage.setItem('editor-language', 'de')")
    await open_editor(page)
    palette = page.locator(".red-ui-palette-node[data-palette-type=opsconductor-health-check]")

    await expect(palette).to_contain_text("Zustand prüfen")
    assert await page.evaluate("OpsConductor.say('label.timeout')") == "Zeitlimit"
