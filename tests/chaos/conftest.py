"""Storms as a command, of which tests run a block."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parents[2]


def a_storm(*words: str) -> tuple[int, dict[str, Any]]:
    """Run a storm; return its exit status, and what it found."""
    done = subprocess.run(
        [sys.executable, "-m", "chaos", "--json", *words],
        cwd=HOUSE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(HOUSE), str(HOUSE / "src")))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    assert "kex_exchange_identification" not in done.stderr, "its servers' complaints hide its progress"
    return done.returncode, json.loads(done.stdout)
