"""Nodes from the palette to what comes of them: wait for, audit logger and file transfer, by their dialogs."""

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.e2e.conftest import editor_of
from tests.support.editor import (
    close_dialog,
    drop_between,
    leave_dialog,
    open_again,
    open_dialog,
    press_deploy,
    show_tab,
    shown_fields,
    triangle,
    write,
    wrong_fields,
)
from tests.support.flows import Node, a_flow, deploy, started, until_it_is
from tests.support.whole_stack import WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.usefixtures("complaints")]

DATABASE: Node = {
    **{"type": "opsconductor-target-selector", "version": 2, "name": "the database", "selectedTargets": []},
    **{"missingTargets": "error", "nothingMatched": "error", "outputFormat": "array", "outputs": 1},
    "targetFilter": {"osType": "linux", "environment": "", "status": "active", "tags": "database"},
}
AFTER: Node = {
    **{"type": "debug", "name": "after", "active": True, "tosidebar": True, "console": False},
    **{"tostatus": False, "complete": "payload", "targetType": "msg", "statusVal": "", "statusType": "auto"},
}
FLOWS = ("kinds", "pause", "reach", "log", "sources", "send", "fetch")
"""A tab for each test."""
CONTENT = b"x = 1\n"


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    """The administrator; the demo fleet is registered, two files are kept, and there are flows that do nothing yet."""
    whole_stack.register_fleet()
    with closing(whole_stack.set_up_with_session()) as client:
        for name in ("app.conf", "other.conf"):
            assert client.post("/api/v3/files", params={"name": name}, content=CONTENT).is_success
        deploy(client, *(node for name in FLOWS for node in roomy(name)))
        yield client


def roomy(name: str) -> list[Node]:
    """Return a flow that selects the database, with room for a node before its last."""
    nodes = a_flow(name, DATABASE, AFTER)
    nodes[-1]["x"] += 300
    return nodes


@pytest.fixture(scope="module")
async def page(browser: Browser, whole_stack: WholeStack, admin: httpx.Client) -> AsyncIterator[Page]:
    """The editor."""
    async with editor_of(browser, whole_stack) as page:
        yield page


async def new_node(page: Page, flow: str, kind: str) -> str:
    """Drop a node of a kind into a flow, open its dialog, and return its id."""
    await show_tab(page, f"{flow}-tab")
    id = await drop_between(page, f"opsconductor-{kind}", f"{flow}-1", f"{flow}-2")
    await open_dialog(page, id)
    return id


async def choose(page: Page, **settings: str) -> None:
    """Choose in the lists of the open dialog."""
    for key, value in settings.items():
        await page.locator(f"#node-input-{key}").select_option(value)


async def save(page: Page, id: str) -> dict[str, Any]:
    """Press Done, and see that the dialog shows the same when it is opened again; return that."""
    before = await close_dialog(page, id)
    await expect(triangle(page, id)).to_have_count(0 if before["valid"] else 1)
    await open_again(page, id)
    after = await close_dialog(page, id)
    assert after == before
    return after


async def run(page: Page, admin: httpx.Client, flow: str) -> dict[str, Any]:
    """Deploy, press the button of a flow, and return its run once it completed; its last node got one message."""
    await press_deploy(page)
    run_id = await asyncio.to_thread(started, admin, flow)
    found = await asyncio.to_thread(until_it_is, admin, run_id, "completed", 60)
    last = next(step for step in found["steps"] if step["node_name"] == "after")
    assert (last["messages"], last["errors"]) == (1, 0)
    return found


def section(page: Page, title: str) -> Locator:
    """Return a section of the open dialog."""
    return page.locator("#dialog-form .opsc-section").filter(has_text=title)


async def test_a_wait_shows_what_its_kind_needs_and_marks_what_can_not_be(page: Page) -> None:
    wait = await new_node(page, "kinds", "wait-for")
    shown, wrong = {}, {}
    for kind, key, text in (
        ("time", "amount", "-1"),
        ("until", "until", ""),
        ("execution", "timeout", "-1"),
        ("targets", "timeout", "0"),
    ):
        await choose(page, kind=kind)
        await write(page, key, text)
        shown[kind], wrong[kind] = await shown_fields(page), await wrong_fields(page)
    found = await save(page, wait)
    await page.evaluate(
        "RED.actions.invoke('core:undo')"
    )  # a node that can't be is asked about at each deploy

    assert shown == {
        "time": {"name", "kind", "amount", "unit"},
        "until": {"name", "kind", "until"},
        "execution": {"name", "kind", "execution", "timeout"},
        "targets": {"name", "kind", "timeout"},
    }
    assert wrong == {"time": {"amount"}, "until": {"until"}, "execution": {"timeout"}, "targets": {"timeout"}}
    assert (found["kind"], found["timeout"], found["valid"]) == ("targets", "0", False)


async def test_a_message_goes_on_once_when_the_time_of_a_wait_is_over(
    page: Page, admin: httpx.Client
) -> None:
    wait = await new_node(page, "pause", "wait-for")
    await choose(page, kind="time", unit="seconds")
    await write(page, "amount", "1.5")
    found = await save(page, wait)
    await expect(page.locator(f"[id='{wait}']")).to_contain_text("1.5 seconds")
    done = await run(page, admin, "pause")

    held = next(step for step in done["steps"] if step["node_id"] == wait)
    assert (found["amount"], found["unit"], found["valid"]) == ("1.5", "seconds", True)
    assert 1.5 <= held["duration_ms"] / 1000 < 30


async def test_a_message_goes_on_when_targets_can_be_signed_in_to(page: Page, admin: httpx.Client) -> None:
    wait = await new_node(page, "reach", "wait-for")
    await choose(page, kind="targets")
    await write(page, "timeout", "30")
    found = await save(page, wait)
    await run(page, admin, "reach")

    assert (found["kind"], found["timeout"], found["valid"]) == ("targets", "30", True)


async def test_an_audit_logger_marks_what_can_not_be_and_its_entry_tells_who_did_what_where(
    page: Page, admin: httpx.Client
) -> None:
    logger = await new_node(page, "log", "audit-logger")
    assert await shown_fields(page) == {"name", "message", "severity", "data"}
    assert await wrong_fields(page) == {"message"}
    await page.locator("#opsc-event").select_option("custom")
    assert await wrong_fields(page) == {"message", "eventType"}
    await write(page, "name", "keep a record")
    await write(page, "eventType", "custom.backup.done")
    await write(page, "message", "The backup is done")
    await choose(page, severity="warning")
    found = await save(page, logger)
    done = await run(page, admin, "log")

    assert found["eventType"] == "custom.backup.done"
    audit = await page.context.new_page()
    await audit.goto("/audit?area=flow")
    await audit.get_by_role("button", name="Show the entry flow.custom.backup.done").click()
    entry = audit.get_by_role("dialog")
    for text in ("The backup is done", "warning", "keep a record", logger, done["id"], "admin"):
        await expect(entry).to_contain_text(text)
    await audit.close()


async def test_a_file_transfer_shows_what_it_needs_and_marks_what_is_missing(page: Page) -> None:
    transfer = await new_node(page, "sources", "file-transfer")
    shown, wrong = {}, {}
    for source in ("file", "message", "template"):
        await choose(page, source=source)
        if source == "message":
            await write(page, "content", "")
        shown[source], wrong[source] = await shown_fields(page), await wrong_fields(page)
    await choose(page, direction="download")
    shown["download"], wrong["download"] = await shown_fields(page), await wrong_fields(page)
    await expect(triangle(page, transfer)).to_have_count(1)
    await leave_dialog(page, "delete")

    up = {"name", "direction", "source", "path"}
    assert shown == {
        "file": up | {"fileId"},
        "message": up | {"content"},
        "template": up,
        "download": {"name", "direction", "path", "recursive", "sizeLimit"},
    }
    assert wrong == {
        "file": {"fileId", "path"},
        "message": {"content", "path"},
        "template": {"path"},
        "download": {"path"},
    }


async def test_a_kept_file_arrives_on_the_target_as_the_dialog_says(
    page: Page, admin: httpx.Client, tmp_path: Path
) -> None:
    arrived = tmp_path / "etc" / "app.conf"
    transfer = await new_node(page, "send", "file-transfer")
    await page.locator("#opsc-files-search").fill("app")
    await expect(page.locator("#opsc-files-status")).to_have_text("1 of 1")
    await page.locator("#node-input-fileId").select_option(label="app.conf (6 B)")
    await write(page, "path", str(arrived))
    replacing = section(page, "Replacing, owner and mode")
    colour = "section => getComputedStyle(section).borderColor"
    usual = await replacing.evaluate(colour)
    await replacing.locator("summary").click()
    await write(page, "mode", "9999")
    await replacing.locator("summary").click()
    assert await replacing.evaluate(colour) != usual  # what is wrong in a closed section is seen from outside
    await replacing.locator("summary").click()
    await write(page, "mode", "0640")
    await page.get_by_role("checkbox", name="Create the directories above it").check()
    found = await save(page, transfer)
    await run(page, admin, "send")

    assert (found["fileIdName"], found["mode"], found["valid"]) == ("app.conf (6 B)", "0640", True)
    assert arrived.read_bytes() == CONTENT
    assert stat.S_IMODE(arrived.stat().st_mode) == 0o640


async def test_a_file_of_the_target_is_kept_after_a_download(
    page: Page, admin: httpx.Client, tmp_path: Path
) -> None:
    path = tmp_path / "report.txt"
    path.write_text("all is well\n")
    transfer = await new_node(page, "fetch", "file-transfer")
    await choose(page, direction="download")
    await write(page, "path", str(path))
    found = await save(page, transfer)
    assert (found["direction"], found["path"], found["valid"]) == ("download", str(path), True)
    await run(page, admin, "fetch")
    kept = await (await page.request.get("/api/v3/files?q=report.txt")).json()

    assert [file["size"] for file in kept["items"]] == [path.stat().st_size]
