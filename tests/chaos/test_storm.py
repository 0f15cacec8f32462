"""A block of the crash storm: the whole stack, real sshd, killed workers, databases and sessions (DESIGN.md §4)."""

import pytest
from tests.chaos.conftest import a_storm

BLOCK = {
    "operations": 800,
    "worker-kills": 12,
    "postgres-restarts": 1,
    "session-kills": 10,
    "valkey-kills": 4,
}


@pytest.mark.crash
@pytest.mark.timeout(900)
def test_a_storm_loses_doubles_blocks_and_garbles_nothing() -> None:
    status, found = a_storm(*(f"--{name}={count}" for name, count in BLOCK.items()))

    assert found["broken"] == {}
    assert (status, found["operations"]) == (0, BLOCK["operations"])
    assert found["faults"]["worker SIGKILL"] == BLOCK["worker-kills"]
    assert found["ends"].get("lost", 0) > 0, "no kill met a running command: this test has proved nothing"
