"""The dialogs of our nodes in Node-RED's editor, with live lists, as a designer uses them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect
from tests.e2e.conftest import editor_of
from tests.support.chromium import Complaints
from tests.support.editor import close_dialog, leave_dialog, open_again, write, wrong_fields
from tests.support.whole_stack import WholeStack

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


@pytest.fixture(scope="module")
async def page(browser: Browser, whole_stack: WholeStack, admin: httpx.Client) -> AsyncIterator[Page]:
    """The editor."""
    async with editor_of(browser, whole_stack) as page:
        yield page


@pytest.fixture
async def editor(page: Page) -> AsyncIterator[Page]:
    """The editor with our examples in it, as they are; nothing may complain."""
    complaints = Complaints()
    complaints.listen_to(page)
    page.on("console", lambda said: complaints.append(said.text) if said.text.startswith("onedit") else None)
    await page.evaluate("RED.nodes.clear()")
    for example in sorted(EXAMPLES.glob("*.json")):
        await page.evaluate(
            "flow => RED.view.importNodes(flow, {touchImport: true, addFlow: false, generateIds: false})",
            json.loads(example.read_text()),
        )
    yield page
    if await page.locator("#node-dialog-cancel").is_visible():  # of a test that failed
        await leave_dialog(page)
    # 422: the preview of a text for which the sample has nothing
    assert not [text for text in complaints if "401" not in text and "422" not in text], complaints


async def open_dialog(page: Page, kind: str) -> str:
    """Open the dialog of the first node of a kind; return its id."""
    id = await page.evaluate("type => RED.nodes.filterNodes({type})[0].id", kind)
    await open_again(page, id)
    return str(id)


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


async def test_the_target_selector_takes_what_is_ticked_and_says_what_does_not_match(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-target-selector")
    await editor.locator("#node-input-tags").fill("web")
    summary, listed = editor.locator("#opsc-targets-summary"), editor.locator("#opsc-targets li")
    await expect(summary).to_have_text("none ticked: all 2 that match")
    await expect(listed).to_contain_text(["web-0", "web-1"])
    await listed.get_by_role("checkbox", name="web-1").check()
    await expect(summary).to_have_text("1 ticked")
    saved = await close_dialog(editor, id)
    await open_again(editor, id)
    await expect(listed.get_by_role("checkbox", name="web-1")).to_be_checked()
    await editor.locator("#node-input-tags").fill("eu")  # which web-1 does not have
    await expect(listed).to_contain_text(["gone, or does not match", "web-0"])
    await editor.locator("#node-input-environment").fill("nowhere")
    await expect(listed).to_have_count(1)
    await listed.get_by_role("checkbox").uncheck()
    await expect(summary).to_have_text("none ticked: all 0 that match")
    await leave_dialog(editor)

    assert saved["targetFilter"]["tags"] == "web"
    assert len(saved["selectedTargets"]) == 1
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


async def test_what_is_chosen_while_its_list_is_on_the_way_stays_chosen(editor: Page) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        arrived.set()
        await go_on.wait()
        await route.continue_()

    id = await open_dialog(editor, "opsconductor-command-executor")
    await editor.locator("#node-input-kind").select_option("stored")
    status, script = editor.locator("#opsc-scripts-status"), editor.locator("#node-input-scriptId")
    await expect(status).to_have_text("1 of 1")
    await editor.route("**/opsconductor/scripts?*", hold)
    await editor.locator("#opsc-scripts-search").fill("no script of that name")
    await arrived.wait()
    await script.select_option(label="greet (sh)")
    go_on.set()
    await expect(status).to_have_text("0 of 0")
    await editor.unroute("**/opsconductor/scripts?*")
    await expect(script.locator("option:checked")).to_have_text("greet (sh)")
    await expect(editor.locator("#opsc-script-asks")).to_contain_text("GREETING*")
    saved = await close_dialog(editor, id)

    assert saved["scriptId"]
    assert saved["scriptIdName"] == "greet (sh)"


async def test_a_setting_that_can_not_be_is_marked_and_makes_the_node_invalid(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-command-executor")
    await editor.locator("#node-input-batchSize").evaluate("e => e.closest('details').open = true")
    await editor.locator("#node-input-batchSize").fill("some")
    await expect(editor.locator("#node-input-batchSize")).to_have_class("opsc-short input-error")
    saved = await close_dialog(editor, id)

    assert not saved["valid"]


async def test_the_command_executor_keeps_its_retries_and_batches(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-command-executor")
    await editor.locator("#opsc-run details").evaluate_all("all => all.forEach(one => { one.open = true })")
    await editor.locator("#node-input-retryCount").fill("2")
    await editor.get_by_role("checkbox", name="Doing it twice does no harm").check()
    await editor.get_by_label("In parallel").fill("4")
    for name, value in (("First try on", "1"), ("Batches of", "25%"), ("Stop after", "0")):
        await editor.get_by_role("textbox", name=name).fill(value)
    saved = await close_dialog(editor, id)
    await open_again(editor, id)
    await expect(editor.get_by_role("checkbox", name="Doing it twice does no harm")).to_be_checked()
    await expect(editor.get_by_role("textbox", name="Batches of")).to_have_value(
        "25%"
    )  # such sections are open
    await leave_dialog(editor)

    assert (saved["retryCount"], saved["idempotent"], saved["valid"]) == ("2", True, True)
    assert [saved[key] for key in ("canary", "batchSize", "maxFailures", "parallelism")] == [
        "1",
        "25%",
        "0",
        "4",
    ]


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
    assert await wrong_fields(editor) == {"diskWarning", "diskCritical"}  # it warns after it is critical
    saved = await close_dialog(editor, id)
    await open_again(editor, id)
    await editor.locator("#node-input-diskCritical").fill("97.5")
    assert await wrong_fields(editor) == set()
    await editor.locator("#node-input-memoryWarning").fill("")
    assert await wrong_fields(editor) == {"memoryWarning", "memoryCritical"}
    await editor.locator("#node-input-memoryCritical").fill("")
    mended = await close_dialog(editor, id)

    assert (saved["diskWarning"], saved["diskCritical"], saved["valid"]) == ("95", "90", False)
    assert (mended["diskCritical"], mended["memoryCritical"], mended["valid"]) == ("97.5", "", True)


async def test_the_health_check_marks_services_ports_and_addresses_that_can_not_be(editor: Page) -> None:
    await open_dialog(editor, "opsconductor-health-check")
    for key, value in (("services", "nginx; reboot"), ("tcpPorts", "https"), ("http", "ftp://files")):
        await editor.locator(f"#node-input-{key}").fill(value)
        await editor.locator(f"#node-input-{key}").press("Tab")
    wrong = await wrong_fields(editor)
    await leave_dialog(editor)

    assert wrong == {"services", "tcpPorts", "http"}


async def test_the_results_node_has_an_output_for_each_rule(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-results")
    await editor.locator("#node-input-mode").select_option("rules")
    await editor.locator(".red-ui-editableList-addButton").click()
    second = editor.locator("#opsc-rules li").nth(1)
    await second.locator(".opsc-rule-property").select_option("output")
    await second.locator(".opsc-rule-operator").select_option("matches")
    await second.locator("input.opsc-rule-value").fill("(")
    await expect(second.locator("input.opsc-rule-value")).to_have_class("opsc-rule-value input-error")
    await second.locator("input.opsc-rule-value").fill("^ERROR")
    await expect(second.locator("input.opsc-rule-value")).to_have_class("opsc-rule-value")
    await look(editor, "results")
    saved = await close_dialog(editor, id)

    assert saved["rules"][1] == {"property": "output", "operator": "matches", "value": "^ERROR"}
    assert (saved["outputs"], saved["valid"]) == (3, True)


async def test_the_notification_offers_channels_and_wants_a_title(editor: Page) -> None:
    id = await open_dialog(editor, "opsconductor-notification")
    channels = editor.locator("#opsc-channels")
    await channels.get_by_role("checkbox", name="Web app").check()
    await write(editor, "title", "")
    await write(editor, "wait", "3601")
    assert await wrong_fields(editor) == {"title", "wait"}
    await expect(editor.locator("#opsc-preview")).to_have_text("There is no title yet.")
    await write(editor, "title", "Backup done")
    await write(editor, "body", "{{payload}} was written.")
    await write(editor, "wait", "0")
    await expect(editor.locator("#opsc-preview-body")).to_have_text("… was written.")
    saved = await close_dialog(editor, id)
    await open_again(editor, id)
    await expect(channels.get_by_role("checkbox", name="Web app")).to_be_checked()
    await expect(editor.locator("#opsc-channels-summary")).to_have_text("1 ticked")
    await leave_dialog(editor)

    assert (saved["title"], saved["wait"], len(saved["channels"]), saved["valid"]) == (
        "Backup done",
        "0",
        1,
        True,
    )


async def test_the_nodes_are_in_german_where_the_editor_is(
    browser: Browser, whole_stack: WholeStack, admin: httpx.Client
) -> None:
    async with editor_of(browser, whole_stack, language="de") as page:
        palette = page.locator(".red-ui-palette-node[data-palette-type=opsconductor-health-check]")

        await expect(palette).to_contain_text("Zustand prüfen")
        assert await page.evaluate("OpsConductor.say('label.timeout')") == "Zeitlimit"
