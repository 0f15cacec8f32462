"""The editor as a part of the app: one sign-in, one look, and who else is there."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect
from tests.e2e.conftest import sign_in
from tests.support.chromium import Complaints
from tests.support.whole_stack import PASSWORD, WholeStack

from opsconductor.stack.folders import project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

DARK = re.compile(r"\bnr-theme-dark\b")


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    client = whole_stack.set_up()
    wanted = {"username": "dana", "password": PASSWORD, "role": "designer"}
    assert client.post("/api/v3/users", json=wanted).status_code == 201
    yield client
    client.close()


async def open_editor(page: Page) -> FrameLocator:
    """Go to the editor inside of the app, as somebody signed in; nothing there asks for a password again."""
    await page.get_by_role("link", name="Workflows", exact=True).click()
    editor = page.frame_locator("iframe")
    await expect(editor.locator("#red-ui-header-button-deploy")).to_be_visible()
    await expect(editor.locator("#red-ui-loading-progress")).to_be_hidden()
    await expect(editor.locator("#node-dialog-login-submit")).to_have_count(0)
    return editor


async def choose_scheme(page: Page, name: str) -> None:
    """Choose light, dark or the system's in the menu of the person."""
    await page.get_by_role("button", name="Account").click()
    await page.get_by_role("menuitemradio", name=name).click()
    await page.keyboard.press("Escape")


async def picture(page: Page, name: str) -> None:
    """Keep a picture for people to look at."""
    await page.screenshot(path=project() / ".cache" / f"editor-{name}.png")


async def test_the_editor_is_ours_and_fills_the_page(page: Page, admin: httpx.Client) -> None:
    complaints = Complaints()
    complaints.listen_to(page)
    await sign_in(page)
    editor = await open_editor(page)

    logo = editor.locator(".red-ui-header-logo")
    await expect(logo).to_have_text("OpsConductor")
    await expect(logo.locator("img")).to_have_js_property("complete", True)
    assert await logo.locator("img").evaluate("image => image.naturalWidth") > 0
    await expect(editor.locator(".red-ui-tourGuide-popover")).to_have_count(0)
    box = await page.locator("iframe").bounding_box()
    assert box is not None
    assert box["height"] > 800
    assert box["width"] > 1200
    assert not [text for text in complaints if "401" not in text], complaints

    await logo.locator("a").click()  # home is the app, not the app inside of the app
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    assert page.frames == [page.main_frame]


async def test_light_and_dark_follow_the_app_at_once_and_after_a_reload(
    page: Page, admin: httpx.Client
) -> None:
    await sign_in(page)
    whole = (await open_editor(page)).locator("html")
    await expect(whole).not_to_have_class(DARK)
    await picture(page, "light")

    await choose_scheme(page, "Dark")
    await expect(whole).to_have_class(DARK)
    await picture(page, "dark")

    await page.reload()
    await expect(whole).to_have_class(DARK)

    await page.goto("/nodered/")  # in its own tab
    await expect(page.locator("#red-ui-header-button-deploy")).to_be_visible()
    await expect(page.locator("html")).to_have_class(DARK)
    assert (await page.title()).startswith("Workflows · OpsConductor")


async def test_two_people_in_the_editor_see_each_other(
    page: Page, browser: Browser, whole_stack: WholeStack, admin: httpx.Client
) -> None:
    await sign_in(page)
    mine = await open_editor(page)
    there = mine.locator("#red-ui-multiplayer-user-list")

    context = await browser.new_context(base_url=whole_stack.url)
    theirs = await context.new_page()
    await sign_in(theirs, "dana")
    seen_by_dana = (await open_editor(theirs)).locator("#red-ui-multiplayer-user-list")
    await expect(there.locator("[data-username=dana]")).to_be_visible()
    await expect(seen_by_dana.locator("[data-username=admin]")).to_be_visible()
    await picture(page, "presence")

    await context.close()
    await expect(there.locator("[data-username=dana]")).to_have_count(0, timeout=60_000)


async def test_an_editor_says_who_deployed_what_since_it_was_opened(
    page: Page, whole_stack: WholeStack, admin: httpx.Client
) -> None:
    await sign_in(page)
    mine = await open_editor(page)
    await mine.get_by_role("link", name="Add flow").click()
    await asyncio.to_thread(
        deploy_as, whole_stack, "dana", [{"id": "danas", "type": "tab", "label": "<b>Nightly</b>"}]
    )

    notice = mine.locator(".red-ui-notification-compact .opsc-deploys")
    await expect(notice).to_contain_text("Deployed since you loaded the flows:")
    await expect(notice.get_by_role("listitem")).to_have_text(
        re.compile(r"^dana, .+: <b>Nightly</b> \(new\)")
    )
    await picture(page, "deployed-meanwhile")

    await mine.locator("#red-ui-header-button-deploy").click()
    conflict = mine.locator(".red-ui-notification", has=mine.get_by_role("button", name="Merge"))
    await expect(conflict.get_by_role("listitem")).to_have_text(re.compile("^dana, "))
    await picture(page, "conflict")
    await conflict.get_by_role("button", name="Merge").click()
    await mine.locator("#red-ui-header-button-deploy").click()
    await expect(mine.locator(".red-ui-notification-success")).to_be_visible()
    assert await deployed_flows(admin) >= {"Flow 2", "<b>Nightly</b>"}


async def deployed_flows(admin: httpx.Client) -> set[str]:
    """Return the names of the flows that are deployed."""
    answer = await asyncio.to_thread(admin.get, "/api/v3/workflows")
    return {workflow["name"] for workflow in answer.json()["items"]}


def deploy_as(whole_stack: WholeStack, username: str, nodes: list[dict[str, object]]) -> None:
    """Deploy flows beside those there are, as the editor of another person does."""
    with httpx.Client(base_url=whole_stack.url, timeout=30, headers={"Origin": whole_stack.url}) as client:
        assert client.post("/api/v3/auth/login", json={"username": username, "password": PASSWORD}).is_success
        client.headers["Node-RED-API-Version"] = "v2"
        there = client.get("/nodered/flows").json()
        answer = client.post("/nodered/flows", json={"flows": [*there["flows"], *nodes], "rev": there["rev"]})
        assert answer.status_code == 200, answer.text


async def test_how_node_red_is_boxed_in_is_told_beside_it_also_on_a_phone(
    browser: Browser, whole_stack: WholeStack, admin: httpx.Client
) -> None:
    context = await browser.new_context(
        base_url=whole_stack.url, viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    page = await context.new_page()
    await sign_in_on_a_phone(page)
    await page.goto("/workflows")
    level = whole_stack.status["box"]["level"]
    told = {"full": "Boxed in, without network", "network": "Boxed in, with network"}

    await expect(page.get_by_text(told.get(level, "Flow authors are administrators"))).to_be_visible()
    await picture(page, "phone")
    await context.close()


async def sign_in_on_a_phone(page: Page) -> None:
    await page.goto("/login")
    await page.get_by_role("textbox", name="User name").fill("dana")
    await page.locator("input[autocomplete=current-password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
