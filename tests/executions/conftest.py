"""Three SSH targets for each module, registered with its core."""

from collections.abc import AsyncIterator

import pytest
from tests.support.core import Core
from tests.support.registered import Registered, register
from tests.support.sshd import running_sshd


@pytest.fixture(scope="module")
async def fleet(core: Core) -> AsyncIterator[Registered]:
    async with running_sshd(3) as servers:
        yield await register(core, servers)
