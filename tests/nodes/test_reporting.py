"""The nodes that tell something, against the real bridge, core and beat: runs the package's own tests of that."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.bridge.conftest import INSTANCE_TOKEN, a_deploy, newest_rev, open_door
from tests.support.core import BEAT, Core, Process

from opsconductor.contracts.reporting import EVENT_TYPES
from opsconductor.stack import node

NODERED = Path(__file__).parents[2] / "nodered"
LOGGER = NODERED / "nodes/opsconductor-audit-logger"


@pytest.fixture(scope="module")
async def telling(core: Core, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """What nodered/test-support/reporting.js has to know, as JSON; a designer has deployed its tab."""
    beat = Process(BEAT, core.environment, tmp_path_factory.mktemp("beat"))
    beat.wait_until_ready()
    async with open_door(core, OPSCONDUCTOR_WORKFLOW_RATE=100_000) as door:
        ticket = await door.ticket_of(await door.browser("designer"))
        nodered = await door.client(INSTANCE_TOKEN)
        wanted = a_deploy(ticket, await newest_rev(nodered), "tab")
        answer = await nodered.put("/api/nodered/storage/flows", json=wanted)
        assert answer.status_code == 200, answer.text
        token = core.admin.headers["Authorization"].removeprefix("Bearer ")
        yield json.dumps(
            {
                "access": {"url": door.url, "instanceToken": INSTANCE_TOKEN},
                "core": {"url": core.url, "token": token},
                "ticket": ticket,
            }
        )
    beat.stop()


@pytest.mark.skipif(not (NODERED / "node_modules").is_dir(), reason="npm packages are not installed")
async def test_nodes_that_tell_something_work_with_the_real_parts(telling: str) -> None:
    # In the background of this loop: bridge and core answer in it.
    process = await asyncio.create_subprocess_exec(
        str(node.find().program),
        *("--test", "--test-timeout=60000", "--test-force-exit", "--test-reporter=spec"),
        "nodes/test/reporting/reporting.test.js",
        cwd=NODERED,
        env={**os.environ, "OPSC_TEST_BACKEND": telling},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()

    assert process.returncode == 0, said.decode(errors="replace")[-8000:]


@pytest.mark.parametrize("file", [LOGGER / f"{LOGGER.name}.js", LOGGER / f"{LOGGER.name}.html"], ids=str)
def test_the_event_types_are_the_same_everywhere(file: Path) -> None:
    [listed] = re.findall(r"EVENT_TYPES = \[(.*?)\]", file.read_text(), re.DOTALL)

    assert tuple(re.findall(r"'([^']+)'", listed)) == EVENT_TYPES
