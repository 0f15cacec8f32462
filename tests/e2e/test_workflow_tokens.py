"""A workflow token, from its making in a browser to its last use by a script."""

import asyncio

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.e2e.conftest import sign_in
from tests.support.chromium import Complaints, expect_to_fit
from tests.support.whole_stack import WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PHONE = {"width": 390, "height": 844}
TARGETS = "/api/workflow/targets"


async def _make_token(page: Page, name: str) -> str:
    """Make a token in the browser; return what is shown, once it is copied."""
    await page.get_by_role("link", name="New token").first.click()
    await page.get_by_role("textbox", name="Name").fill(name)
    await page.get_by_role("checkbox", name="List targets").check()
    await page.get_by_role("button", name="Make token").click()
    token = await page.get_by_role("textbox", name="Token").input_value()
    await page.get_by_role("button", name="Copy token").click()
    await page.get_by_role("button", name="Copied").wait_for()
    assert await page.evaluate("navigator.clipboard.readText()") == token
    await page.get_by_role("button", name="Done").click()
    return token


async def test_a_token_from_the_browser_is_good_at_both_doors_until_it_is_revoked(
    page: Page, whole_stack: WholeStack
) -> None:
    whole_stack.set_up().close()
    complaints = Complaints()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(page)
    complaints.listen_to(page)
    await page.get_by_role("link", name="Workflow tokens").click()
    await expect(page.get_by_role("heading", name="No workflow tokens yet")).to_be_visible()
    token = await _make_token(page, "nightly")
    doors = (whole_stack.url, f"http://127.0.0.1:{whole_stack.status['ports']['bridge']}")
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as script:
        good = [(await script.get(f"{door}{TARGETS}")).status_code for door in doors]
        row = page.get_by_role("row").filter(has_text="nightly")
        await expect(row).to_contain_text("Active")
        await page.set_viewport_size(PHONE)
        await page.get_by_role("link", name="New token").click(trial=True)
        await expect_to_fit(page)
        await page.get_by_role("button", name="Revoke nightly").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
        await asyncio.sleep(2)  # for as long as the bridge keeps a list of targets
        refused = [(await script.get(f"{door}{TARGETS}")).status_code for door in doors]

    assert (good, refused) == ([200, 200], [401, 401])
    assert token not in await page.content()
    assert complaints == []
