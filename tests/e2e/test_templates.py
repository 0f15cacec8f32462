"""Templates in a browser: used from the web app, and imported in Node-RED's own dialog; flows as files."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.async_api import FrameLocator, Page, expect
from tests.e2e.conftest import sign_in
from tests.support.chromium import Complaints, expect_to_fit
from tests.support.whole_stack import PASSWORD, WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PHONE = {"width": 390, "height": 844}
DISK = "Disk check with alert"
NODES = [
    {"id": "own-tab", "type": "tab", "label": "Own idea", "disabled": False, "info": ""},
    {
        "id": "own-note",
        "type": "comment",
        "z": "own-tab",
        "name": "Set nothing",
        "info": "",
        "x": 120,
        "y": 40,
    },
]


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    """The administrator, on a stack where nobody has deployed yet; dora is a designer with a private template."""
    with closing(whole_stack.set_up()) as client:
        wanted = {"username": "dora", "role": "designer", "password": PASSWORD}
        assert client.post("/api/v3/users", json=wanted).status_code == 201
        with closing(whole_stack.signed_in("dora")) as dora:
            template = {"name": "Own idea", "category": "Own", "template_data": NODES}
            answer = dora.post("/api/v3/workflow-templates", json=template)
            assert answer.status_code == 201, answer.text
        yield client


def taken(admin: httpx.Client, name: str) -> int:
    """Return how often a template was taken."""
    items = admin.get("/api/v3/workflow-templates", params={"q": name}).json()["items"]
    return int(items[0]["download_count"])


async def editor_in(page: Page) -> FrameLocator:
    editor = page.frame_locator("iframe")
    await expect(editor.locator("#red-ui-header-button-deploy")).to_be_visible()
    await expect(editor.locator("#red-ui-loading-progress")).to_be_hidden()
    return editor


async def test_a_template_is_used_from_the_web_app_before_anything_was_deployed(
    page: Page, admin: httpx.Client, complaints: Complaints
) -> None:
    await sign_in(page)
    await page.get_by_role("link", name="Templates").click()
    await expect(page.get_by_role("row")).to_have_count(10)  # eight, dora's, and the head
    await page.set_viewport_size(PHONE)
    await expect_to_fit(page)
    await page.get_by_role("link", name=DISK).click()
    await expect(page.get_by_role("img", name="The flow, with 7 nodes")).to_be_visible()
    await page.get_by_role("button", name="Use this template").click(trial=True)
    await expect_to_fit(page)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.get_by_role("radio", name="5 stars").press("Enter")
    await expect(page.get_by_role("img", name="5 of 5, 1 rating")).to_be_visible()
    await page.get_by_role("button", name="Use this template").click()
    editor = await editor_in(page)

    await expect(editor.locator(".red-ui-tab.active .red-ui-tab-label", has_text=DISK)).to_be_visible()
    await expect(editor.locator(".red-ui-workspace-disabled").first).to_be_visible()
    assert taken(admin, DISK) == 1


async def test_node_reds_own_dialog_has_the_templates(
    page: Page, whole_stack: WholeStack, admin: httpx.Client, complaints: Complaints
) -> None:
    before = taken(admin, DISK)
    await sign_in(page, "dora")
    await page.get_by_role("link", name="Workflows", exact=True).click()
    editor = await editor_in(page)
    for folder, name in (("Monitoring", DISK), ("Own", "Own idea")):
        await editor.locator("#red-ui-workspace-chart").click(position={"x": 200, "y": 300})
        await page.keyboard.press("Control+i")
        await editor.locator("a[href='#red-ui-clipboard-dialog-import-tab-templates']").click()
        dialog = editor.get_by_role("dialog")
        await dialog.get_by_text(folder, exact=True).click()
        await dialog.get_by_text(name, exact=True).click()
        await editor.locator("#red-ui-clipboard-dialog-ok").click()
        await expect(editor.locator(".red-ui-tab-label", has_text=name).last).to_be_visible()

    assert taken(admin, DISK) == before + 1


def test_the_dialog_shows_everybody_what_they_may_see(whole_stack: WholeStack, admin: httpx.Client) -> None:
    wanted = {"username": "otto", "role": "designer", "password": PASSWORD}
    assert admin.post("/api/v3/users", json=wanted).status_code == 201
    listed = {}
    for username in ("dora", "otto"):
        with closing(whole_stack.signed_in(username)) as person:
            listed[username] = person.get("/nodered/library/templates/flows/").json()
            own = person.get("/nodered/library/templates/flows/Own/").json()
            gone = person.get("/nodered/library/templates/flows/Monitoring/Nothing").status_code
            found = person.get(f"/nodered/library/templates/flows/Monitoring/{DISK}").json()
        assert own == ([{"fn": "Own idea"}] if username == "dora" else [])
        assert gone == 404
        assert [node["disabled"] for node in found if node["type"] == "tab"] == [True]

    assert listed["dora"] == sorted([*listed["otto"], "Own"])
    assert "Monitoring" in listed["otto"]
    assert httpx.get(f"{whole_stack.url}/nodered/library/templates/flows/").status_code in (302, 401)


async def test_a_flow_leaves_as_a_file_and_comes_back(
    page: Page, admin: httpx.Client, complaints: Complaints, tmp_path: Path
) -> None:
    await sign_in(page)
    await page.goto("/workflows?view=deployed")
    await page.get_by_role("button", name=f"More actions for {DISK}").first.click()
    async with page.expect_download() as download:
        await page.get_by_role("menuitem", name="Export").click()
    path = tmp_path / (await download.value).suggested_filename
    await (await download.value).save_as(path)
    assert path.name == f"{DISK}.json"
    assert json.loads(path.read_text())["format"] == "opsconductor-flow"

    await page.get_by_role("button", name="Import", exact=True).click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Choose a file").click()
    await (await chooser.value).set_files(path)
    await expect(page.get_by_text(f"There is a flow with the name “{DISK}” already.")).to_be_visible()
    await page.get_by_role("textbox", name="Name of the tab").fill("Disks again")
    await page.get_by_role("button", name="Import as a switched-off tab").click()
    await page.get_by_role("link", name="Open in the editor").click()
    editor = await editor_in(page)

    await expect(
        editor.locator(".red-ui-tab.active .red-ui-tab-label", has_text="Disks again")
    ).to_be_visible()


async def test_a_flow_is_saved_as_a_template(page: Page, admin: httpx.Client, complaints: Complaints) -> None:
    await sign_in(page)
    await page.goto("/workflows?view=deployed")
    await page.get_by_role("button", name="More actions for Disks again").click()
    await page.get_by_role("menuitem", name="Save as template").click()
    await page.get_by_role("combobox", name="Category").fill("Storage")
    await page.get_by_role("dialog").get_by_role("button", name="Save as template").click()
    await expect(page.get_by_role("heading", name="Disks again", level=1)).to_be_visible()
    await page.get_by_role("button", name="More actions for Disks again").click()
    await page.get_by_role("menuitem", name="Edit").click()
    await page.get_by_role("textbox", name="What changed").fill("For everybody.")
    await page.get_by_role("textbox", name="What it does").fill("Looks at disks.")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("For everybody.")).to_be_visible()
    await page.get_by_role("button", name="More actions for Disks again").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    await expect(page.get_by_role("heading", name="Templates", level=1)).to_be_visible()
    await expect(page.get_by_role("row")).to_have_count(10)
