"""One real sshd for all tests of a session, and the transport they use."""

from collections.abc import AsyncIterator

import pytest
from tests.support.sshd import Target, running_sshd

from opsconductor.transports.ssh import Limits, SshTransport


@pytest.fixture(scope="session")
async def target() -> AsyncIterator[Target]:
    async with running_sshd() as [one]:
        yield one


@pytest.fixture
def transport() -> SshTransport:
    return SshTransport()


@pytest.fixture
def hasty() -> SshTransport:
    """The transport, with time limits that suit a test."""
    return SshTransport(Limits(connect=0.5, login=0.5, start=0.5, keepalive=0.3))
