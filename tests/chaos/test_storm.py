"""A block of the crash storm: the whole stack, real sshd, killed workers, databases and sessions (DESIGN.md §4)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
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
    words = [f"--{name}={count}" for name, count in BLOCK.items()]
    path = os.pathsep.join((str(HOUSE), str(HOUSE / "src")))
    done = subprocess.run(
        [sys.executable, "-m", "chaos", "--json", *words],
        cwd=HOUSE,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    found = json.loads(done.stdout)

    assert found["broken"] == {}
    assert (done.returncode, found["operations"]) == (0, BLOCK["operations"])
    assert found["faults"]["worker SIGKILL"] == BLOCK["worker-kills"]
    assert found["ends"].get("lost", 0) > 0, "no kill met a running command: this test has proved nothing"
