"""The nodes of Node-RED against the real bridge, core, worker and SSH targets: runs the package's own tests of that."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.support.nodered import NODERED, needs_npm

from opsconductor.stack import node

FILES = sorted((NODERED / "nodes/test/real").glob("*.test.js"))

pytestmark = [
    pytest.mark.timeout(300),
    needs_npm,
]


def _each(file: Path) -> str:
    return file.name.removesuffix(".test.js")


@pytest.mark.parametrize("file", FILES, ids=_each)
async def test_nodes_work_with_the_real_parts(backend: str, file: Path) -> None:
    found = node.find()
    # In the background of this loop: bridge and core answer in it.
    process = await asyncio.create_subprocess_exec(
        str(found.program),
        *("--test", "--test-timeout=60000", "--test-force-exit", "--test-reporter=spec", str(file)),
        cwd=NODERED,
        env={**os.environ, "OPSC_TEST_BACKEND": backend},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()

    assert process.returncode == 0, said.decode(errors="replace")[-8000:]
