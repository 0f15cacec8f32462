"""Notifications in a browser: a channel is added and tried, a notification arrives, is read, and is gone from the count."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect
from tests.support.chromium import Complaints, expect_to_fit
from tests.support.receivers import Hook, hook_server
from tests.support.whole_stack import PASSWORD, WholeStack

pytestmark = pytest.mark.e2e


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with hook_server() as serving:
        yield serving


async def test_people_are_told_and_read_it(page: Page, whole_stack: WholeStack, hook: Hook) -> None:
    api = whole_stack.set_up()
    complaints = Complaints()
    complaints.listen_to(page)

    await page.goto("/login?next=/notifications/channels")
    await page.get_by_role("textbox", name="User name").fill("admin")
    await page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name="Add channel").click()
    await page.get_by_role("textbox", name="Name").fill("ops hook")
    await page.get_by_role("radiogroup", name="Kind").get_by_text("Webhook").click()
    await page.get_by_label("Address").fill(hook.url)
    await page.get_by_role("button", name="Make one").click()
    await page.get_by_text("May lead into the own network").click()
    await page.get_by_role("button", name="Add channel").click()
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.get_by_text(re.compile("^Delivered in"))).to_be_visible()
    assert len(hook.received) == 1

    channels = api.get("/api/v3/notification-channels").json()["items"]
    ids = [one["id"] for one in channels]
    body = {"title": "Disk of web-1 is full", "body": "/var is at 97 %", "severity": "critical"}
    assert api.post("/api/v3/notifications", json={**body, "channel_ids": ids}).status_code == 202
    await hook.wait_for(2)
    await page.reload()
    await expect(page.get_by_role("list", name="Last deliveries").get_by_text(body["title"])).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await page.get_by_role("link", name="Notifications, 1 unread").click()
    await page.get_by_role("button", name=f"Show {body['title']}").click()
    await expect(page.get_by_role("dialog").get_by_text(body["body"])).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()

    await page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/notifications", "/notifications/channels", f"/notifications/channels/{ids[0]}"):
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect_to_fit(page)
    assert complaints == []
    api.close()
