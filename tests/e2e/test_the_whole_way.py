"""A newcomer's way through the whole product in a browser, over every process of the stack."""

import json

import pytest
from playwright.async_api import FrameLocator, Page, expect
from tests.support.chromium import Complaints
from tests.support.whole_stack import PASSWORD, WholeStack

from opsconductor.apps.cli.demo import EXAMPLE
from opsconductor.stack.fleet import Member
from opsconductor.stack.folders import project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def test_from_the_first_account_to_a_flows_result(page: Page, whole_stack: WholeStack) -> None:
    complaints = Complaints()
    complaints.listen_to(page)
    member = next(member for member in whole_stack.fleet.members if member.server != "none")

    await make_the_first_account(page, whole_stack)
    await add_a_credential(page, whole_stack)
    await add_a_target(page, member)
    await try_its_connection(page)
    editor = await open_the_editor(page)
    await import_and_deploy_the_example(page, editor)
    await press_its_button(editor)
    await see_the_result_in_the_debug_pane(editor)
    await find_it_under_executions(page, member)
    await follow_it_to_its_run(page)

    assert not [text for text in complaints if "401" not in text], complaints


async def make_the_first_account(page: Page, stack: WholeStack) -> None:
    await page.goto("/")
    await expect(page).to_have_url(f"{stack.url}/setup")
    await page.get_by_label("Set-up secret").fill(stack.setup_secret)
    await page.get_by_label("User name").fill("ada")
    for field in await page.locator("input[autocomplete=new-password]").all():
        await field.fill(PASSWORD)
    await page.get_by_role("button", name="Create the account").click()
    await expect(page.get_by_role("navigation", name="Main navigation")).to_be_visible()


async def add_a_credential(page: Page, stack: WholeStack) -> None:
    await page.get_by_role("link", name="Credentials").click()
    await page.get_by_role("link", name="Add credential").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Name", exact=True).fill("fleet key")
    await dialog.get_by_text("SSH key", exact=True).click()
    await dialog.get_by_label("User name on the target").fill(stack.fleet.members[0].username)
    await dialog.get_by_role("textbox", name="Private key", exact=True).fill(
        stack.fleet.private_key.read_text()
    )
    await dialog.get_by_role("button", name="Add credential").click()
    await expect(page.get_by_role("cell", name="fleet key", exact=True)).to_be_visible()


async def add_a_target(page: Page, member: Member) -> None:
    await page.get_by_role("link", name="Targets").click()
    await page.get_by_role("link", name="Add target").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Name", exact=True).fill(member.name)
    await dialog.get_by_label("Host name or IP address").fill(member.host)
    await dialog.get_by_role("textbox", name="Port", exact=True).fill(str(member.port))
    await dialog.get_by_role("combobox", name="Credential").click()
    await page.get_by_role("option", name="fleet key").click()
    await dialog.get_by_role("button", name="Add target").click()
    await expect(page.get_by_role("cell", name=member.name, exact=True)).to_be_visible()


async def try_its_connection(page: Page) -> None:
    await page.get_by_role("button", name="Test connection").click()
    await expect(page.get_by_text("Signed in after")).to_be_visible()
    await page.keyboard.press("Escape")


async def open_the_editor(page: Page) -> FrameLocator:
    await page.get_by_role("link", name="Workflows").click()
    editor = page.frame_locator("iframe")
    await expect(editor.locator("#red-ui-header-button-deploy")).to_be_visible()
    await expect(editor.locator("#red-ui-loading-progress")).to_be_hidden()
    return editor


async def import_and_deploy_the_example(page: Page, editor: FrameLocator) -> None:
    example = json.loads((project() / EXAMPLE).read_text())
    await editor.locator("#red-ui-workspace-chart").click(position={"x": 200, "y": 300})
    await page.keyboard.press("Control+i")
    await editor.locator("#red-ui-clipboard-dialog-import-text").fill(json.dumps(example))
    await editor.locator("#red-ui-clipboard-dialog-import-text").press("End")  # it listens to keys only
    await editor.locator("#red-ui-clipboard-dialog-ok").click()
    await editor.locator("#red-ui-header-button-deploy").click()
    await expect(editor.locator("#red-ui-header-button-deploy.disabled")).to_be_visible()


async def press_its_button(editor: FrameLocator) -> None:
    tab = editor.locator(".red-ui-tab-label", has_text="Host names")
    await tab.first.click()
    await editor.locator(".red-ui-flow-node-button-button").first.click()


async def see_the_result_in_the_debug_pane(editor: FrameLocator) -> None:
    message = editor.locator(".red-ui-debug-msg").first
    await expect(message).to_contain_text("array[1]")
    for depth in range(2):  # the list, and the target's result in it
        await message.locator(".red-ui-debug-msg-object-handle").nth(depth).click()
    await expect(message).to_contain_text("completed")


async def find_it_under_executions(page: Page, member: Member) -> None:
    await page.get_by_role("link", name="Executions").click()
    await page.get_by_role("row").filter(has_text="in a workflow").first.click()
    await expect(page.get_by_text("hostname").first).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text=member.name)).to_contain_text("Completed")


async def follow_it_to_its_run(page: Page) -> None:
    await page.get_by_role("main").locator("a[href*='/workflows/runs/']").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Host names")
    await expect(page.get_by_role("status").filter(has_text="Completed")).to_be_visible()
    steps = page.get_by_role("main").get_by_role("listitem")
    await expect(steps.filter(has_text="all Linux targets")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="in a workflow")).to_be_visible()
