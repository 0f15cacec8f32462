"""What people do every day, in a browser: run, watch, stop, come and go."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from tests.e2e.conftest import sign_in
from tests.support.chromium import expect_to_fit
from tests.support.whole_stack import PASSWORD, WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    """The administrator's API; the demo fleet is registered."""
    whole_stack.register_fleet()
    client = whole_stack.set_up()
    yield client
    client.close()


@pytest.fixture(scope="module")
def vera(admin: httpx.Client) -> str:
    """The name of a viewer."""
    wanted = {"username": "vera", "role": "viewer", "password": PASSWORD}
    assert admin.post("/api/v3/users", json=wanted).status_code == 201
    return "vera"


async def start(page: Page, command: str) -> None:
    """Run a command on everything that matches; the page of its execution follows."""
    await page.get_by_role("link", name="Run", exact=True).click()
    await page.get_by_role("textbox", name="Command").fill(command)
    await page.get_by_role("button", name="Choose all 6 that match").click()
    await page.get_by_role("button", name="Run on 6 targets").click()
    await expect(page.get_by_role("heading", name="Results")).to_be_visible()


async def test_a_command_runs_on_all_targets_and_its_output_is_shown(page: Page, admin: httpx.Client) -> None:
    await sign_in(page)
    await start(page, "echo the name is $OPSCONDUCTOR_DEMO_TARGET")
    await expect(page.get_by_text("6 of 6 done")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="demo-db-1")
    await expect(row.first).to_contain_text("the name is demo-db-1")
    await expect(page.get_by_role("row").filter(has_text="demo-offline")).to_contain_text("Unreachable")


async def test_results_come_in_while_others_still_run(page: Page, admin: httpx.Client) -> None:
    await sign_in(page)
    await start(page, 'test "$OPSCONDUCTOR_DEMO_TARGET" = demo-db-1 && sleep 30; echo quick')
    await expect(page.get_by_role("row").filter(has_text="demo-web-1")).to_contain_text("quick")
    await expect(page.get_by_role("row").filter(has_text="demo-db-1")).to_contain_text("Running")
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await page.get_by_role("button", name="Cancel the execution").click()
    await expect(page.get_by_role("row").filter(has_text="demo-db-1")).to_contain_text("Cancelled")


async def test_a_wrong_password_is_told_and_signs_nobody_in(page: Page, admin: httpx.Client) -> None:
    await page.goto("/login")
    await page.get_by_role("textbox", name="User name").fill("admin")
    await page.locator("input[autocomplete=current-password]").fill("not this one")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("User name or password is wrong")).to_be_visible()
    await page.goto("/targets")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


async def test_a_viewer_is_offered_nothing_that_would_be_refused(page: Page, vera: str) -> None:
    await sign_in(page, vera)
    navigation = page.get_by_role("navigation", name="Main navigation")
    await expect(navigation.get_by_role("link", name="Targets")).to_be_visible()
    for name in ("Run", "Files", "Credentials", "Audit", "Users"):
        await expect(navigation.get_by_role("link", name=name, exact=True)).to_have_count(0)


async def test_after_signing_out_the_editor_is_closed_too(page: Page, admin: httpx.Client) -> None:
    await sign_in(page)
    assert (await page.request.get("/nodered/flows")).status == 200
    await page.get_by_role("button", name="Account").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await page.wait_for_timeout(2000)  # within two seconds everywhere
    assert (await page.request.get("/nodered/flows")).status == 401


async def test_pages_fit_a_phone(browser: Browser, whole_stack: WholeStack, admin: httpx.Client) -> None:
    context = await browser.new_context(base_url=whole_stack.url, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await page.goto("/login")
    await page.get_by_role("textbox", name="User name").fill("admin")
    await page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    for path in (
        "/",
        "/targets",
        "/run",
        "/executions",
        "/files",
        "/workflows",
        "/workflows/runs",
        "/credentials",
        "/audit",
        "/users",
    ):
        await page.goto(path)
        await expect(page.get_by_role("heading", level=1).first).to_be_visible()
        await expect_to_fit(page)
    await context.close()


async def test_a_rollout_waits_between_batches_and_what_failed_runs_again(
    page: Page, admin: httpx.Client
) -> None:
    await sign_in(page)
    await page.get_by_role("link", name="Run", exact=True).click()
    for name in ("demo-db-1", "demo-web-1"):
        await page.get_by_role("checkbox", name=f"Select {name}").check()
    await page.get_by_role("textbox", name="Command").fill("echo begun")
    await page.get_by_role("button", name="Add an action").click()
    await page.get_by_role("menuitem", name="Script").click()
    script = 'echo "on $1"; test "$OPSCONDUCTOR_DEMO_TARGET" = demo-db-1'
    await page.get_by_role("textbox", name="Script").fill(script)
    await page.get_by_role("button", name="Add an argument").click()
    await page.get_by_role("textbox", name="Argument 1").fill("release 4")
    await page.get_by_role("button", name="Options").click()
    await page.get_by_role("textbox", name="Batch size").fill("1")
    await page.get_by_role("switch", name="Pause between batches").check(force=True)
    await page.get_by_role("button", name="Preview").click()
    await page.get_by_role("dialog").get_by_role("button", name="Run on 2 targets").click()

    await expect(page.get_by_text("Paused: batch 2 of 2 begins when somebody resumes")).to_be_visible()
    await page.get_by_role("button", name="Resume").click()
    await expect(page.get_by_text("2 of 2 done")).to_be_visible()
    await page.get_by_role("button", name="Show the output of demo-web-1").click()
    steps = page.get_by_role("list", name="Actions on demo-web-1").get_by_role("listitem")
    await expect(steps.nth(0)).to_contain_text("Completed")
    await expect(steps.nth(1)).to_contain_text("on release 4")
    await expect(steps.nth(1)).to_contain_text("exit 1")

    await page.get_by_role("button", name="Run again").click()
    await page.get_by_role("menuitem", name="Where it failed").click()
    await expect(page.get_by_role("link", name="an earlier execution")).to_be_visible()
    await expect(page.get_by_text("1 of 1 done")).to_be_visible()
