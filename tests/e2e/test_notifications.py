"""Notifications in a browser: a channel is added and tried, a notification arrives, is read, and no longer counted."""

import re
from collections.abc import AsyncIterator, Iterator

import httpx
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


@pytest.fixture
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
    await page.get_by_role("textbox", name="User name").fill("admin")
    await page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
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
