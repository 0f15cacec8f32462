"""How far Node-RED is boxed in, as the core was told: in the API and in /metrics."""

from pathlib import Path

import pytest
from tests.support.core import Core, running_core

from opsconductor.stack.box import Level


@pytest.mark.parametrize("level", [*Level, None])
async def test_the_level_is_told_by_the_api_and_the_metrics(
    core: Core, tmp_path: Path, level: Level | None
) -> None:
    servers = core.environment["DATABASE_URL"], core.environment["REDIS_URL"]
    given = {"OPSCONDUCTOR_NODERED_BOX": level.value} if level else {}
    async with running_core(*servers, tmp_path, **given) as boxed:
        admin = await boxed.sign_in("admin")
        told = (await admin.get("/workflows/box")).json()
        metrics = (await admin.get(f"{boxed.url}/metrics")).text

    assert told["level"] == level
    assert f'opsconductor_nodered_box{{level="{level or "unknown"}"}} 1.0' in metrics
