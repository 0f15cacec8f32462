"""Files through the one door, in a browser: larger than any other request may be, there and back."""

import hashlib
import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from tests.support.chromium import Complaints, expect_to_fit
from tests.support.whole_stack import PASSWORD, WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SIZE = 30 * 1024 * 1024  # bytes; nginx lets 20 MiB through elsewhere


async def test_a_large_file_goes_up_comes_down_and_is_deleted(
    page: Page, whole_stack: WholeStack, tmp_path: Path
) -> None:
    large = tmp_path / "ünïcode app.tar.gz"
    large.write_bytes(os.urandom(SIZE))
    small = tmp_path / "motd.txt"
    small.write_text("welcome\n")
    whole_stack.set_up().close()
    complaints = Complaints()
    complaints.listen_to(page)

    await page.goto("/login?next=/files")
    await page.get_by_role("textbox", name="User name").fill("admin")
    await page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("No files yet")).to_be_visible()
    async with page.expect_file_chooser() as choosing:
        await page.get_by_role("button", name="Upload files").first.click()
    await (await choosing.value).set_files([large, small])
    await expect(page.get_by_role("link", name="motd.txt")).to_be_visible()

    async with page.expect_download() as coming:
        await page.get_by_role("link", name=large.name).click()
    download = await coming.value
    came = Path(await download.path()).read_bytes()
    assert download.suggested_filename == large.name
    assert hashlib.sha256(came).digest() == hashlib.sha256(large.read_bytes()).digest()

    await page.get_by_role("button", name=f"More actions for {large.name}").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("link", name=large.name)).to_have_count(0)

    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.get_by_role("link", name="motd.txt")).to_be_visible()
    await expect_to_fit(page)
    assert complaints == []
