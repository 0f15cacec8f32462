"""A browser in front of the whole stack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect
from tests.support.chromium import Complaints
from tests.support.editor import until_loaded
from tests.support.whole_stack import PASSWORD, WholeStack

from opsconductor.stack.folders import project

PATIENCE = 20_000  # ms; the machine may be busy with other tests


@asynccontextmanager
async def new_page(browser: Browser, stack: WholeStack) -> AsyncIterator[Page]:
    """Open a page of somebody who has never been here."""
    expect.set_options(timeout=PATIENCE)
    context = await browser.new_context(base_url=stack.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    yield page
    await page.screenshot(path=project() / ".cache" / "e2e.png")  # what a failed test saw last
    await context.close()


@pytest.fixture
async def page(browser: Browser, whole_stack: WholeStack) -> AsyncIterator[Page]:
    """A page of a test's own."""
    async with new_page(browser, whole_stack) as page:
        yield page


@pytest.fixture
async def complaints(page: Page) -> AsyncIterator[Complaints]:
    """What the browser complained about: nothing."""
    found = Complaints()
    found.listen_to(page)
    yield found
    assert not [text for text in found if "401" not in text], found


async def enter(page: Page, address: str, username: str = "admin") -> None:
    """Go to an address as somebody who is signed in; the form, which others try, takes a second more."""
    answer = await page.request.post("/api/v3/auth/login", data={"username": username, "password": PASSWORD})
    assert answer.ok, await answer.text()
    await page.goto(address)


@asynccontextmanager
async def editor_of(browser: Browser, stack: WholeStack, language: str = "en-US") -> AsyncIterator[Page]:
    """Open the editor by itself, for a whole module: that takes longer than most of what is done there."""
    async with new_page(browser, stack) as page:
        await page.add_init_script(f"localStorage.setItem('editor-language', '{language}')")
        await enter(page, "/nodered/")
        await until_loaded(page)
        yield page


async def sign_in(page: Page, username: str = "admin") -> None:
    """Sign somebody in whose password is that of the tests."""
    await page.goto("/login")
    await page.get_by_role("textbox", name="User name").fill(username)
    await page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("navigation", name="Main navigation")).to_be_visible()
