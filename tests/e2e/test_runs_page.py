"""Runs of flows in a browser: found in the list, followed while they go on, understood where they failed, cancelled."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.async_api import Locator, Page, expect
from tests.e2e.conftest import enter
from tests.support.chromium import expect_to_fit
from tests.support.editor import until_loaded
from tests.support.flows import HOUR, Node, a_flow, deploy, started, until_it_is
from tests.support.whole_stack import WholeStack

from opsconductor.apps.cli.demo import EXAMPLE
from opsconductor.stack.folders import project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PHONE = {"width": 390, "height": 844}
NODES = {node["type"]: node for node in json.loads((project() / EXAMPLE).read_text())}
DATABASE = {"osType": "linux", "environment": "", "status": "active", "tags": "database"}
TARGET = "demo-db-1"
COMPLAINT = "no space left on device"
ENDS = {"tidy": "completed", "mend": "failed", "watch": "running"}
"""What becomes of a run of each flow."""


def on_the_database(name: str, command: str) -> list[Node]:
    """Return the nodes that run a command on one target."""
    selector = {**NODES["opsconductor-target-selector"], "name": "the database", "targetFilter": DATABASE}
    executor = {**NODES["opsconductor-command-executor"], "name": name, "command": command, "timeout": 120}
    return [selector, executor]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the targets see too: they share our disk."""
    return tmp_path_factory.mktemp("targets")


@pytest.fixture
def gate(folder: Path) -> Iterator[Path]:
    """The file that ends the command of the flow `wait`; not there yet."""
    path = folder / "gate"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack, folder: Path) -> Iterator[httpx.Client]:
    """The administrator; the demo fleet is registered, and the flows are deployed."""
    whole_stack.register_fleet()
    with closing(whole_stack.set_up_with_session()) as client:
        mend = a_flow("mend", *on_the_database("mend the disk", f"echo {COMPLAINT} >&2; exit 1"))
        mend[-1].update(x=4000, y=3000)  # where the editor does not look by itself
        deploy(
            client,
            *a_flow("tidy", *on_the_database("tidy up", "echo tidied up")),
            *mend,
            *a_flow("watch", HOUR),
            *a_flow(
                "wait", *on_the_database("at the gate", f"until test -e {folder}/gate; do sleep 0.2; done")
            ),
        )
        yield client


@pytest.fixture(scope="module")
def runs(admin: httpx.Client) -> dict[str, str]:
    """A run that succeeded, one that failed and one that goes on, begun in this order."""
    found = {}
    for name, status in ENDS.items():
        found[name] = started(admin, name)
        until_it_is(admin, found[name], status, 60)
    return found


@pytest.fixture
def waiting(admin: httpx.Client, gate: Path) -> str:
    """A run whose command goes on until the gate is there."""
    return started(admin, "wait")


async def open_list(page: Page) -> None:
    """Sign in, and go to the list of runs."""
    await enter(page, "/workflows/runs")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Workflow runs")


async def open_run(page: Page, flow: str) -> None:
    """Sign in, and go to the newest run of a flow by way of the list."""
    await open_list(page)
    await page.get_by_role("link", name=flow, exact=True).first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(flow)


def rows(page: Page, table: str) -> Locator:
    """Return the rows of a table, without its head."""
    found = page.get_by_role("table", name=table).get_by_role("row")
    return found.filter(has=page.get_by_role("cell"))


def status(page: Page, word: str) -> Locator:
    """Return the status beside the title of a run's page, where it is this one."""
    return page.get_by_role("status").filter(has_text=word)


async def cancel(page: Page) -> None:
    """Cancel the run on whose page one is, once its command runs."""
    await expect(rows(page, "Executions")).to_contain_text("Running")
    await page.get_by_role("button", name="Cancel the run").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()


async def test_the_list_tells_in_words_how_each_run_stands_newest_first(
    page: Page, runs: dict[str, str]
) -> None:
    await open_list(page)

    stands = [re.compile(words) for words in ("Watch.*Running", "Mend.*Failed", "Tidy.*Completed")]
    await expect(rows(page, "Workflow runs")).to_contain_text(stands)


@pytest.mark.parametrize(("by", "choice", "left"), [("Status", "Failed", "Mend"), ("Flow", "Tidy", "Tidy")])
async def test_a_filter_leaves_only_the_runs_it_asks_for(
    page: Page, runs: dict[str, str], by: str, choice: str, left: str
) -> None:
    await open_list(page)
    await page.get_by_role("button", name=f"Filter by {by}").click()
    await page.get_by_role("menuitem", name=choice, exact=True).click()

    await expect(rows(page, "Workflow runs")).to_have_count(1)
    await expect(rows(page, "Workflow runs")).to_contain_text(left)


async def test_a_failed_run_says_at_which_node_and_why(page: Page, runs: dict[str, str]) -> None:
    await open_run(page, "Mend")

    await expect(page.get_by_text("mend the disk failed")).to_be_visible()
    await expect(page.get_by_text("The command failed on 1 of 1 targets").first).to_be_visible()


async def test_the_timeline_marks_the_one_step_that_failed(page: Page, runs: dict[str, str]) -> None:
    await open_run(page, "Mend")

    steps = page.get_by_role("main").get_by_role("listitem")
    failed = steps.filter(has=page.get_by_title("Failed", exact=True))
    await expect(failed).to_have_count(1)
    await expect(failed).to_contain_text("mend the disk")


async def test_clicks_lead_from_a_run_to_what_its_command_wrote_on_a_target(
    page: Page, runs: dict[str, str]
) -> None:
    await open_run(page, "Mend")
    await rows(page, "Executions").get_by_role("link", name="mend the disk").click()
    await page.get_by_role("button", name=f"Show the output of {TARGET}").click()

    await expect(page.get_by_role("figure").get_by_text(COMPLAINT)).to_be_visible()


async def test_the_step_that_failed_leads_to_its_execution(page: Page, runs: dict[str, str]) -> None:
    await open_run(page, "Mend")
    step = page.get_by_role("main").get_by_role("listitem").filter(has_text="mend the disk")
    await step.get_by_role("link", name="its execution").click()

    await expect(page.get_by_role("heading", name="Results")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text=TARGET)).to_contain_text(COMPLAINT)


async def test_a_failed_run_leads_to_its_node_in_the_editor_however_far_off_it_is(
    page: Page, runs: dict[str, str]
) -> None:
    await open_run(page, "Mend")
    await page.get_by_role("link", name="Open in the editor").click()
    editor = page.frame_locator("iframe")
    await until_loaded(editor)
    node = editor.locator("[id='mend-2']")

    await expect(editor.locator("#red-ui-workspace-tabs .red-ui-tab.active")).to_contain_text("Mend")
    await expect(node).to_have_class(re.compile("red-ui-flow-node-selected"))
    await expect(node).to_be_in_viewport()


async def test_a_run_that_is_cancelled_says_so_by_itself(page: Page, waiting: str) -> None:
    await open_run(page, "Wait")
    await cancel(page)

    await expect(status(page, "Cancelled")).to_be_visible()


async def test_what_a_cancelled_run_did_on_targets_is_cancelled_too(page: Page, waiting: str) -> None:
    await open_run(page, "Wait")
    await cancel(page)

    await expect(rows(page, "Executions")).to_contain_text("Cancelled")


async def test_a_run_that_ends_says_so_on_its_page_by_itself(page: Page, waiting: str, gate: Path) -> None:
    await open_run(page, "Wait")
    await expect(status(page, "Running")).to_be_visible()
    gate.touch()

    await expect(status(page, "Completed")).to_be_visible()


async def test_what_a_run_did_on_targets_ends_on_its_page_by_itself(
    page: Page, waiting: str, gate: Path
) -> None:
    await open_run(page, "Wait")
    await expect(rows(page, "Executions")).to_contain_text("Running")
    gate.touch()

    await expect(rows(page, "Executions")).to_contain_text("Completed")


async def test_the_list_fits_a_phone(page: Page, runs: dict[str, str]) -> None:
    await page.set_viewport_size(PHONE)
    await enter(page, "/workflows/runs")
    cards = page.get_by_role("list", name="Workflow runs").get_by_role("listitem")
    await expect(cards).to_contain_text(["Watch", "Mend", "Tidy"])
    await page.get_by_role("button", name="Filter by Status").click(trial=True)

    await expect_to_fit(page)


@pytest.mark.parametrize(
    ("flow", "role", "action"),
    [("mend", "link", "its execution"), ("watch", "button", "Cancel the run")],
)
async def test_the_page_of_a_run_fits_a_phone(
    page: Page, runs: dict[str, str], flow: str, role: Literal["link", "button"], action: str
) -> None:
    await page.set_viewport_size(PHONE)
    await enter(page, f"/workflows/runs/{runs[flow]}")
    await expect(page.get_by_role("main").get_by_role("listitem").first).to_be_visible()
    await page.get_by_role(role, name=action).click(trial=True)

    await expect_to_fit(page)
