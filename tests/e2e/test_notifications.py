"""Notifications in a browser: a channel is added and tried, a notification arrives, is read, and no longer counted."""

import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.support.chromium import Complaints, expect_to_fit
from tests.support.editor import until_loaded
from tests.support.receivers import Hook, hook_server
from tests.support.whole_stack import PASSWORD, WholeStack

from opsconductor.stack.folders import project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

EXAMPLE = "nodered/nodes/examples/Tell people and keep a record.json"
LOGGER, NODE = "7b1e9c2a4d6f8003", "7b1e9c2a4d6f8004"
SAMPLE = '{"payload": {"host": "db-9", "gigabytes": 7}}'


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with hook_server() as serving:
        yield serving


@pytest.fixture(scope="module")
def administrator(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    client = whole_stack.set_up()
    yield client
    client.close()


def sent_everywhere(client: httpx.Client, **notification: str) -> list[str]:
    """Send a notification by all channels; return their ids."""
    ids = [one["id"] for one in client.get("/api/v3/notification-channels").json()["items"]]
    answer = client.post("/api/v3/notifications", json={**notification, "channel_ids": ids})
    assert answer.status_code == 202, answer.text
    return ids


async def test_people_are_told_and_read_it(page: Page, administrator: httpx.Client, hook: Hook) -> None:
    complaints = Complaints()
    complaints.listen_to(page)

    await page.goto("/login?next=/notifications/channels")
    await _sign_in(page)
    await page.get_by_role("link", name="Add channel").click()
    await page.get_by_role("textbox", name="Name", exact=True).fill("ops hook")
    await page.get_by_role("radiogroup", name="Kind").get_by_text("Webhook").click()
    await page.get_by_placeholder("https://").fill(hook.url)
    await page.get_by_role("button", name="Make one").click()
    await page.get_by_role("switch", name="May lead into the own network").check()
    await page.get_by_role("button", name="Add channel").click()
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.get_by_text(re.compile("^Delivered in"))).to_be_visible()
    assert len(hook.received) == 1

    title, text = "Disk of web-1 is full", "/var is at 97 %"
    ids = sent_everywhere(administrator, title=title, body=text, severity="critical")
    await hook.wait_for(2)
    await page.reload()
    await expect(page.get_by_role("list", name="Last deliveries").get_by_text(title)).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await page.get_by_role("link", name="Notifications, 1 unread").click()
    await page.get_by_role("button", name=f"Show {title}").click()
    await expect(page.get_by_role("dialog").get_by_text(text)).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()

    await page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/notifications", "/notifications/channels", f"/notifications/channels/{ids[0]}"):
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect_to_fit(page)
    assert complaints == []


async def test_a_flow_that_was_drawn_tells_people_and_keeps_a_record(
    page: Page, administrator: httpx.Client
) -> None:
    complaints = Complaints()
    complaints.listen_to(page)
    await page.goto("/login?next=/workflows")
    await _sign_in(page)
    editor = page.frame_locator("iframe")
    await until_loaded(editor)
    await editor.locator("#red-ui-workspace-chart").click(position={"x": 200, "y": 300})
    await page.keyboard.press("Control+i")
    await editor.locator("#red-ui-clipboard-dialog-import-text").fill((project() / EXAMPLE).read_text())
    await editor.locator("#red-ui-clipboard-dialog-import-text").press("End")  # it listens to keys only
    await editor.locator("#red-ui-clipboard-dialog-ok").click()
    await editor.locator(".red-ui-tab-label", has_text="Tell people").first.click()

    await editor.locator(f"[id='{LOGGER}']").dblclick()
    await expect(editor.locator("#opsc-event")).to_have_value("custom")
    await editor.locator("#node-dialog-cancel").click()
    await editor.locator(f"[id='{NODE}']").dblclick()
    await expect(editor.locator("#opsc-preview")).to_contain_text("the data has nothing for {{payload.host}}")
    await editor.locator("#opsc-sample ~ .red-ui-typedInput-container .red-ui-typedInput-input").fill(SAMPLE)
    await expect(editor.locator("#opsc-preview-title")).to_have_text("Backup of db-9 is done")
    await expect(editor.locator("#opsc-preview-body")).to_have_text("7 GB were written.")
    await editor.locator("#opsc-channels").get_by_label("Web app").check()
    await expect(editor.locator("#opsc-channels-summary")).to_have_text("1 ticked")
    await editor.locator("#node-dialog-ok").click()
    await editor.locator("#red-ui-header-button-deploy").click()
    await expect(editor.locator("#red-ui-header-button-deploy.disabled")).to_be_visible()
    await editor.locator(".red-ui-flow-node-button-button").first.click()

    await expect(editor.locator(".red-ui-debug-msg").first).to_contain_text("array[1]")
    await page.goto("/notifications")
    await expect(page.get_by_role("button", name="Show Backup of db-1 is done")).to_be_visible()
    await page.goto("/audit")
    await expect(page.get_by_role("button", name="Show the entry flow.custom.backup.done")).to_be_visible()
    # Of the preview without data, which was refused on purpose.
    assert [said for said in complaints if "status of 422" not in said] == []


async def _sign_in(page: Page) -> None:
    await page.get_by_role("textbox", name="User name").fill("admin")
    await page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
