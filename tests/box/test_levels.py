"""What each level lets through, how it is chosen, and what becomes of Function nodes without any."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.box.conftest import a_folder, a_plan, attempts_flow, deploy_attempts, running, why_not
from tests.bridge.conftest import Door, open_door
from tests.support.core import Core

from opsconductor.stack import box, nodered
from opsconductor.stack.box import Level
from opsconductor.stack.folders import DataDir
from opsconductor.stack.problems import StackProblem

pytestmark = pytest.mark.timeout(120)

REACH = """return new Promise((resolve, reject) => {
  load('node:net').connect(told.port, told.host, () => resolve('connected')).on('error', reject)
})"""
READ_KEY = "return load('node:fs').readFileSync(told.path, 'utf8')"


@pytest.fixture(scope="module")
async def bridge(core: Core) -> AsyncIterator[Door]:
    async with open_door(core) as opened:
        await deploy_attempts(opened)
        yield opened


@pytest.mark.parametrize("level", [Level.NETWORK, Level.PERMISSION])
async def test_flows_reach_others_and_no_secret_where_they_may_use_the_network(
    bridge: Door, tmp_path: Path, level: Level
) -> None:
    if reason := why_not(tmp_path / "tried", level):
        pytest.skip(f"the box {level} can't be tested here: {reason}")
    data = a_folder(tmp_path / "data")
    other = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]

    async with running(data, a_plan(data, level), bridge.url) as red:
        by_name = await red.attempt(REACH, host="localhost", port=port)
        key = await red.attempt(READ_KEY, path=str(data.secrets / "secret_key"))
    other.close()

    assert by_name == {"got": "connected"}
    assert "error" in key


async def test_function_nodes_that_are_off_say_so_and_keep_what_is_written_in_them(
    bridge: Door, tmp_path: Path
) -> None:
    data = a_folder(tmp_path / "data")

    async with running(data, a_plan(data, Level.OFF, functions=False), bridge.url) as red:
        async with red.client() as client:
            health = (await client.get("/nodered/health")).json()
            ticket = await bridge.ticket_of(await bridge.browser("designer"))
            flows = (await client.get("/nodered/flows", headers={"x-opsc-session": ticket})).json()
            with pytest.raises(httpx.ReadTimeout):  # nothing of it ran
                await client.post("/hooks/attempt", json={"code": "return 1", "told": {}}, timeout=1.5)
    said = [json.loads(line) for line in (data.logs / "nodered.log").read_text().splitlines()]

    assert health == {"status": "ok", "flows": "started"}
    assert [node["func"] for node in flows if node["type"] == "function"] == [attempts_flow()[2]["func"]]
    assert [line["level"] for line in said if line["event"] == "functions-off"] == ["warning"]
    assert [line for line in said if "Function nodes are off, because" in line.get("message", "")]


def test_nobody_asked_for_less_and_the_machine_allows_it_so_the_box_is_full(tmp_path: Path) -> None:
    if reason := why_not(tmp_path / "tried", Level.FULL):
        pytest.skip(f"the full box can't be tested here: {reason}")
    found = nodered.plan(a_folder(tmp_path / "data"))

    assert (found.box.level, found.functions, found.box.shortfall) == (Level.FULL, True, "")


def test_without_bubblewrap_the_box_is_less_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_bubblewrap(monkeypatch)
    found = nodered.plan(a_folder(tmp_path / "data"))

    assert found.box.level == Level.PERMISSION
    assert "bwrap is not installed" in found.box.shortfall
    assert found.functions


def test_a_box_that_was_asked_for_and_can_not_be_had_keeps_the_stack_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_bubblewrap(monkeypatch)
    monkeypatch.setenv("OPSCONDUCTOR_NODERED_BOX", "full")

    with pytest.raises(StackProblem, match=r"full can't be had.*bwrap is not installed.*docs/guide/box.md"):
        nodered.plan(a_folder(tmp_path / "data"))


def test_a_box_that_does_not_exist_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSCONDUCTOR_NODERED_BOX", "cardboard")

    with pytest.raises(StackProblem, match="OPSCONDUCTOR_NODERED_BOX: Input should be 'full'"):
        nodered.plan(a_folder(tmp_path / "data"))


def test_without_any_box_function_nodes_are_off_unless_somebody_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = a_folder(tmp_path / "data")
    monkeypatch.setenv("OPSCONDUCTOR_NODERED_BOX", "off")
    assert not nodered.plan(data).functions

    monkeypatch.setenv("OPSCONDUCTOR_NODERED_FUNCTIONS", "true")
    assert nodered.plan(data).functions


def test_an_installation_keeps_its_user_and_others_have_another(tmp_path: Path) -> None:
    first, second = (box.uid_for(DataDir(tmp_path / name).root) for name in ("first", "second"))

    assert first == box.uid_for(tmp_path / "first")
    assert first is None or (first in box.UIDS and first != second)


def _without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    found = box._program  # what this machine has, but for one
    monkeypatch.setattr(box, "_program", lambda name: "/nowhere/bwrap" if name == "bwrap" else found(name))
