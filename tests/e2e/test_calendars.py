"""Calendars in a browser: a freeze is drawn up, a preview shows it, a run outside of its window needs a reason."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.e2e.conftest import sign_in
from tests.support.chromium import Complaints, expect_to_fit
from tests.support.whole_stack import WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ASKED_FOR = re.compile("409")  # what the browser says of the answer that is meant to be a refusal


async def test_a_freeze_keeps_work_from_beginning_until_somebody_gives_a_reason(
    page: Page, whole_stack: WholeStack
) -> None:
    complaints = Complaints()
    complaints.listen_to(page)
    administrator = whole_stack.set_up()
    target = _a_target(administrator)

    await sign_in(page)
    await page.get_by_role("link", name="Calendars").click()
    await expect(page.get_by_text("A calendar says when work may begin")).to_be_visible()
    await _add_freeze(page, target["name"])
    row = page.get_by_role("row", name=re.compile("Release freeze"))
    await expect(row.get_by_text("Closed")).to_be_visible()
    await row.get_by_role("link", name="Release freeze").click()
    await expect(page.get_by_role("dialog").get_by_text(re.compile(r"\d\d:00 to .*\d\d:00"))).to_be_visible()
    await _runs_outside(page, target)
    await expect(page.get_by_text("The disk is full")).to_be_visible()
    await expect(page.get_by_text("closed: Release freeze")).to_be_visible()

    entries = administrator.get("/api/v3/audit", params={"action": "execution.window_overridden"}).json()
    assert entries["items"][0]["after"]["reason"] == "The disk is full"
    await page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/calendars", "/calendars/new", f"/targets/{target['id']}"):
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect_to_fit(page)
    await page.goto("/calendars")
    await page.get_by_role("button", name="More actions for Release freeze").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("Release freeze deleted")).to_be_visible()
    assert [said for said in complaints if not ASKED_FOR.search(str(said))] == []
    administrator.close()


def _a_target(client: httpx.Client) -> dict[str, str]:
    answer = client.post("/api/v3/targets", json={"name": "frozen-1", "host": "127.0.0.1"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _add_freeze(page: Page, target: str) -> None:
    """Add a freeze that has begun an hour ago and ends in one, in UTC, by keyboard where that is quicker."""
    hour = datetime.now(UTC).replace(minute=0, second=0)
    await page.get_by_role("link", name="Add calendar").first.click()
    await page.get_by_role("textbox", name="Name", exact=True).fill("Release freeze")
    await page.get_by_text("Change freeze", exact=True).click()
    await page.get_by_role("combobox", name="Time zone").fill("UTC")
    await page.get_by_role("option", name="UTC", exact=True).click()
    await page.get_by_role("button", name="Remove window 1").click()
    await page.get_by_role("button", name="Add a window that is there once").press("Enter")
    await page.get_by_label("From").fill(f"{hour - timedelta(hours=1):%Y-%m-%dT%H:%M}")
    await page.get_by_label("Until").fill(f"{hour + timedelta(hours=2):%Y-%m-%dT%H:%M}")
    await page.get_by_text("Picked", exact=True).click()
    await page.get_by_role("combobox", name="Pick a target").fill(target)
    await page.get_by_role("option", name=target).click()
    await page.get_by_role("button", name="Add calendar").click()
    await expect(page.get_by_text("Release freeze added")).to_be_visible()


async def _runs_outside(page: Page, target: dict[str, str]) -> None:
    await page.goto(f"/run?targets={target['id']}")
    await page.get_by_role("textbox", name="Command").fill("uptime")
    await page.get_by_role("button", name="Run on 1 target").click()
    await expect(page.get_by_text('closed by "Release freeze"')).to_be_visible()
    await page.get_by_role("button", name="Preview").click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_text("Outside of its window: 1 target")).to_be_visible()
    await expect(drawer.get_by_role("row", name=re.compile("Release freeze.*Closed"))).to_be_visible()
    await expect(drawer.get_by_role("button", name=re.compile("^Run"))).to_be_disabled()
    await drawer.get_by_role("textbox", name="Reason to begin all the same").fill("The disk is full")
    await drawer.get_by_role("button", name="Begin outside of windows").click()
    await expect(page.get_by_role("heading", level=1, name="uptime")).to_be_visible()
