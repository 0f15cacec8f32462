"""Three targets for each module: nothing answers there, what is accepted only waits."""

import pytest
from tests.support.core import Core
from tests.support.registered import Registered, add_target


@pytest.fixture(scope="module")
async def fleet(core: Core) -> Registered:
    tags = (["web"], ["web", "eu"], ["db"])
    targets = [await add_target(core, f"t{n}", 1, None, tags=given) for n, given in enumerate(tags, 1)]
    return Registered(core.admin, targets)
