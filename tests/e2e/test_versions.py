"""Versions of flows in a browser: listed, compared and restored, by people who deploy one after another."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Locator, Page, expect
from tests.e2e.conftest import enter
from tests.support.chromium import expect_to_fit
from tests.support.flows import deploy
from tests.support.whole_stack import PASSWORD, WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.usefixtures("complaints")]

PHONE = {"width": 390, "height": 844}
RECENTLY = r"(now|\d+ (second|minute)s? ago)"
FIRST, SECOND = "Keep them for a week", "Keep them for a month"
LONG = "Asked for in https://tickets.example/" + "quarterly-audit-" * 12
Nodes = dict[str, dict[str, Any]]
"""Nodes by their ids."""


@dataclass(frozen=True)
class Deployed:
    """Two tabs, `Backups` and `Reports`: dana deployed both, and then the administrator a change to each."""

    before: Nodes
    after: Nodes
    numbers: tuple[int, int]
    """Those of the two deploys."""

    @property
    def backups(self) -> str:
        return next(id for id, node in self.after.items() if node.get("label") == "Backups")

    def page_of(self, version: int) -> str:
        """Return the address of a version of the backups."""
        return f"/workflows/flows/{self.backups}/versions/{version}"


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    with closing(whole_stack.set_up_with_session()) as client:
        yield client


@pytest.fixture(scope="module")
def dana(whole_stack: WholeStack, admin: httpx.Client) -> Iterator[httpx.Client]:
    """A designer."""
    wanted = {"username": "dana", "role": "designer", "password": PASSWORD}
    assert admin.post("/api/v3/users", json=wanted).status_code == 201
    with closing(whole_stack.signed_in("dana")) as client:
        yield client


@pytest.fixture
def deployed(admin: httpx.Client, dana: httpx.Client) -> Deployed:
    """Two deploys of tabs that no other test has."""
    mark = uuid4().hex[:8]
    before, after = tabs(mark, "7 days", "by day"), tabs(mark, "30 days", "by week")
    return Deployed(before, after, (deploy_saying(dana, FIRST, before), deploy_saying(admin, SECOND, after)))


def tabs(mark: str, kept: str, reported: str) -> Nodes:
    backups, reports = f"backups-{mark}", f"reports-{mark}"
    inject = {"type": "inject", "props": [{"p": "payload"}], "payload": "", "payloadType": "date"}
    text = {"type": "template", "field": "payload", "fieldType": "msg", "format": "text", "syntax": "plain"}
    nodes: list[dict[str, Any]] = [
        {"id": backups, "type": "tab", "label": "Backups", "disabled": False, "info": ""},
        {**inject, **place(backups, 1), "name": "each night", "wires": [[f"{backups}-2"]]},
        {**text, **place(backups, 2), "name": "how long", "template": kept, "output": "str", "wires": [[]]},
        {"id": reports, "type": "tab", "label": "Reports", "disabled": False, "info": ""},
        {**place(reports, 1), "type": "comment", "name": reported, "info": "", "wires": []},
    ]
    return by_id(nodes)


def place(tab: str, number: int) -> dict[str, Any]:
    return {"id": f"{tab}-{number}", "z": tab, "x": 200 * number, "y": 80}


def by_id(nodes: list[dict[str, Any]]) -> Nodes:
    return {node["id"]: node for node in nodes}


def deploy_saying(person: httpx.Client, message: str, nodes: Nodes) -> int:
    """Deploy, say what for, and return the number of the deploy."""
    deploy(person, *nodes.values())
    newest = person.get("/api/v3/deploys", params={"limit": 1}).json()["items"][0]["number"]
    describe(person, newest, message)
    return int(newest)


def describe(person: httpx.Client, number: int, message: str) -> None:
    answer = person.patch(f"/api/v3/deploys/{number}", json={"message": message})
    assert answer.is_success, answer.text


async def open_versions(page: Page, username: str = "admin") -> Locator:
    """Open the list of the backups' versions; return its items."""
    await enter(page, "/workflows?view=deployed", username)
    await page.get_by_role("button", name="Backups", exact=True).click()
    return page.get_by_role("list", name="Versions of Backups").get_by_role("listitem")


async def open_deploys(page: Page, username: str = "admin") -> Locator:
    """Open the list of deploys; return the row of the newest."""
    await enter(page, "/workflows?view=deploys", username)
    return page.get_by_role("table", name="Deploys").get_by_role("row").nth(1)  # below the head


async def restore(page: Page, button: str) -> Nodes:
    """Press a button that restores, and agree; return what Node-RED has once it took that over."""
    before = await in_node_red(page)
    await page.get_by_role("button", name=button, exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    await expect(page.get_by_text("is deployed again")).to_be_visible()
    async with asyncio.timeout(20):
        while (found := await in_node_red(page)) == before:
            await asyncio.sleep(0.1)
    return found


async def in_node_red(page: Page) -> Nodes:
    answer = await page.request.get("/nodered/flows", headers={"Node-RED-API-Version": "v2"})
    assert answer.ok, await answer.text()
    return by_id((await answer.json())["flows"])


async def expect_no_wider_than_shown(part: Locator) -> None:
    """Expect nothing to stick out of a part of a page that scrolls by itself, and so keeps the page narrow."""
    await part.wait_for()
    assert await part.evaluate("part => part.scrollWidth <= part.clientWidth")


async def test_versions_of_a_tab_are_listed_newest_first_with_who_and_when(
    page: Page, deployed: Deployed
) -> None:
    versions = await open_versions(page)

    await expect(versions).to_have_text(
        [re.compile(f"^Version 2admin{RECENTLY}"), re.compile(f"^Version 1dana{RECENTLY}")]
    )


async def test_deploys_are_listed_newest_first_with_who_when_what_for_and_what_changed(
    page: Page, deployed: Deployed
) -> None:
    newest = await open_deploys(page)
    earlier = page.get_by_role("row").nth(2)

    first, second = deployed.numbers
    changed = "Backups [+]0 .0 ~1Reports [+]0 .0 ~1"
    await expect(newest).to_have_text(re.compile(rf"^No\. {second}{SECOND}{changed}admin{RECENTLY}"))
    await expect(earlier).to_have_text(re.compile(rf"^No\. {first}{FIRST}.*Backups Added.*dana{RECENTLY}"))


async def test_what_a_deploy_was_for_is_written_down_in_the_list(page: Page, deployed: Deployed) -> None:
    name = f"What deploy {deployed.numbers[1]} was for"
    await open_deploys(page)
    await page.get_by_role("button", name=name).click()
    await page.get_by_role("textbox", name=name).fill("Asked for by the auditors")
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.get_by_role("textbox", name=name).press("Enter")
    await page.reload()

    await expect(page.get_by_role("button", name=name)).to_have_text("Asked for by the auditors")


async def test_a_version_shows_its_nodes_to_look_at_only(page: Page, deployed: Deployed) -> None:
    await (await open_versions(page)).get_by_role("link", name="Version 1").click()
    await expect(page.get_by_role("heading", name="Backups", level=1)).to_be_visible()
    picture = page.get_by_role("img", name="The flow, with 2 nodes")

    for name in ("each night", "how long"):
        await expect(picture).to_contain_text(name)
    await expect(page.get_by_role("main").get_by_role("textbox")).to_have_count(0)


async def test_the_newest_version_names_the_node_and_the_property_that_it_changed(
    page: Page, deployed: Deployed
) -> None:
    await enter(page, deployed.page_of(2))
    await expect(page.get_by_role("heading", name="Changed since version 1")).to_be_visible()
    changes = page.get_by_role("main").get_by_role("listitem")

    await expect(changes).to_have_text(["Changedhow longtemplatetemplate7 days30 days"])
    await expect(changes.get_by_role("term")).to_have_text("template")
    await expect(changes.get_by_role("deletion")).to_have_text("7 days")
    await expect(changes.get_by_role("insertion")).to_have_text("30 days")


async def test_a_restored_version_is_what_node_red_has_and_other_tabs_stay(
    page: Page, deployed: Deployed
) -> None:
    await enter(page, deployed.page_of(1), "dana")
    found = await restore(page, "Restore")

    kept = {id: node for id, node in deployed.before.items() if deployed.backups in (id, node.get("z"))}
    assert found == {**deployed.after, **kept}


async def test_a_restored_version_is_a_new_one_of_whoever_restored_it(page: Page, deployed: Deployed) -> None:
    await enter(page, deployed.page_of(1), "dana")
    await restore(page, "Restore")
    # from the newest, which is another now
    await expect(page.get_by_text("No node differs.")).to_be_visible()
    versions = await open_versions(page, "dana")

    await expect(versions.first).to_have_text(re.compile(f"^Version 3dana{RECENTLY}"))
    await expect(await open_deploys(page, "dana")).to_contain_text("Restored version 1 of Backups")


async def test_a_restored_deploy_is_what_node_red_has(page: Page, deployed: Deployed) -> None:
    await open_deploys(page, "dana")
    found = await restore(page, f"Restore deploy {deployed.numbers[0]}")

    assert found == deployed.before


async def test_a_restored_deploy_is_a_new_one_of_whoever_restored_it(page: Page, deployed: Deployed) -> None:
    first, _ = deployed.numbers
    newest = await open_deploys(page, "dana")
    await restore(page, f"Restore deploy {first}")

    await expect(newest).to_have_text(re.compile(rf"^No\. \d+Restored deploy {first}.*dana{RECENTLY}"))


async def test_versions_fit_a_phone(page: Page, deployed: Deployed) -> None:
    await page.set_viewport_size(PHONE)
    versions = await open_versions(page)

    await expect(versions).to_have_count(2)
    await versions.first.get_by_role("link", name="Version 2").click(trial=True)
    await expect_no_wider_than_shown(page.get_by_role("list", name="Deployed flows"))
    await expect_to_fit(page)


async def test_a_version_fits_a_phone(page: Page, deployed: Deployed) -> None:
    await page.set_viewport_size(PHONE)
    await enter(page, deployed.page_of(1))

    await expect(page.get_by_text("30 days")).to_be_visible()
    await page.get_by_role("button", name="Restore").click(trial=True)
    await expect_to_fit(page)


async def test_deploys_fit_a_phone(page: Page, admin: httpx.Client, deployed: Deployed) -> None:
    describe(admin, deployed.numbers[1], LONG)
    await page.set_viewport_size(PHONE)
    await enter(page, "/workflows?view=deploys")

    await expect(page.get_by_text(LONG)).to_be_visible()
    await page.get_by_role("button", name=f"Restore deploy {deployed.numbers[0]}").click(trial=True)
    await expect_no_wider_than_shown(page.get_by_role("list", name="Deploys"))
    await expect_to_fit(page)
