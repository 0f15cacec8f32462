"""The nodes that tell something, against the real bridge, core and beat: runs the package's own tests of that."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.bridge.conftest import INSTANCE_TOKEN, a_deploy, newest_rev, open_door
from tests.support.core import BEAT, Core, Process
from tests.support.losing import LosingWay, losing_way
from tests.support.nodered import NODERED, needs_npm

from opsconductor.contracts.reporting import EVENT_TYPES
from opsconductor.stack import node

LOGGER = NODERED / "nodes/opsconductor-audit-logger"


@dataclass(frozen=True)
class Telling:
    """Everything that the tests of these nodes need; a designer has deployed their tab."""

    facts: str
    """What nodered/test-support/reporting.js has to know, as JSON."""
    losing: Sequence[LosingWay]


@pytest.fixture(scope="module")
async def telling(core: Core, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Telling]:
    beat = Process(BEAT, core.environment, tmp_path_factory.mktemp("beat"))
    beat.wait_until_ready()
    async with (
        open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=100_000) as door,
        losing_way(door.url) as to_bridge,
        losing_way(core.url) as to_core,
        open_door(core, OPSCONDUCTOR_BACKEND_URL=to_core.url) as behind,
    ):
        ticket = await door.ticket_of(await door.browser("designer"))
        nodered = await door.client(INSTANCE_TOKEN)
        wanted = a_deploy(ticket, await newest_rev(nodered), "tab")
        answer = await nodered.put("/api/nodered/storage/flows", json=wanted)
        assert answer.status_code == 200, answer.text
        token = core.admin.headers["Authorization"].removeprefix("Bearer ")
        losing = {"between bridge and node": to_bridge.url, "between core and bridge": behind.url}
        facts = {
            "access": {"url": door.url, "instanceToken": INSTANCE_TOKEN},
            "losing": losing,
            "core": {"url": core.url, "token": token},
            "ticket": ticket,
        }
        yield Telling(json.dumps(facts), [to_bridge, to_core])
    beat.stop()


async def _run(file: str, facts: str) -> None:
    # In the background of this loop: bridge and core answer in it.
    process = await asyncio.create_subprocess_exec(
        str(node.find().program),
        *("--test", "--test-timeout=60000", "--test-force-exit", "--test-reporter=spec"),
        f"nodes/test/reporting/{file}",
        cwd=NODERED,
        env={**os.environ, "OPSC_TEST_BACKEND": facts},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()

    assert process.returncode == 0, said.decode(errors="replace")[-8000:]


@needs_npm
async def test_nodes_that_tell_something_work_with_the_real_parts(telling: Telling) -> None:
    await _run("reporting.test.js", telling.facts)


@needs_npm
async def test_what_nodes_tell_is_told_once_where_answers_get_lost(telling: Telling) -> None:
    await _run("lost-answers.test.js", telling.facts)

    for way in telling.losing:
        assert way.lost == {"/api/workflow/audit": 2, "/api/workflow/notify": 1}


@pytest.mark.parametrize("file", [LOGGER / f"{LOGGER.name}.js", LOGGER / f"{LOGGER.name}.html"], ids=str)
def test_the_event_types_are_the_same_everywhere(file: Path) -> None:
    [listed] = re.findall(r"EVENT_TYPES = \[(.*?)\]", file.read_text(), re.DOTALL)

    assert tuple(re.findall(r"'([^']+)'", listed)) == EVENT_TYPES
