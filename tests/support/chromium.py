"""Debian's Chromium, driven by Playwright; pages talk to loopback only."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

from opsconductor.stack import node

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
FITS_SOON = """async () => {
    const fits = () => document.documentElement.scrollWidth <= innerWidth
    for (let looks = 0; looks < 100 && !fits(); looks++) await new Promise((again) => setTimeout(again, 50))
    return fits()
}"""
"""In one evaluation: to look again by `wait_for_function` is what our Content-Security-Policy forbids."""
STICKING_OUT = """[...document.querySelectorAll("*")]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5)
    .map((element) => element.outerHTML.slice(0, 150))"""


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A headless browser."""
    program = shutil.which("chromium")
    assert program, "tests need Chromium: ./opsconductor test installs it"
    # Playwright's own Node.js needs a library (libatomic) that a bare Debian does not have; ours does not.
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node.find().program)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        await running.close()


class Complaints(list[str]):
    """What the browser's console complained about."""

    def listen_to(self, page: Page) -> None:
        """Note errors of a page's scripts and console."""
        page.on("pageerror", lambda error: self.append(f"{page.url}: {error}"))
        page.on(
            "console", lambda said: self.append(f"{page.url}: {said.text}") if said.type == "error" else None
        )


async def expect_to_fit(page: Page) -> None:
    """Expect a page to be no wider than its window; name what sticks out where it stays so.

    What follows the window by script (a table that becomes cards) is a frame or two late, and may be.
    """
    if not await page.evaluate(FITS_SOON):
        wide = await page.evaluate(STICKING_OUT)
        raise AssertionError(f"{page.url} is too wide because of {wide}")
