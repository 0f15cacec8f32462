"""Small real programs for the supervisor to look after."""

import sys
from pathlib import Path

import pytest

from opsconductor.stack import probes
from opsconductor.stack.services import Service

IMPORTS = "import os, pathlib, signal, sys, time"
READY = "pathlib.Path(sys.argv[1]).touch()"
STAY = "time.sleep(600)"


def code(*steps: str) -> str:
    """Return a program of these steps."""
    return "; ".join([IMPORTS, *steps])


class Programs:
    """Makes services of Python one-liners."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.logs = home / "log"
        self.logs.mkdir()
        self.record = home / "processes.json"

    def staying(self, name: str = "stays", **more: object) -> Service:
        """A service that is ready at once and stays until it is ended."""
        ready = self.home / f"{name}.ready"
        command = [sys.executable, "-c", code(READY, "print('here', flush=True)", STAY), str(ready)]
        return Service(name, command, ready=probes.file(ready), forget=ready, **more)  # type: ignore[arg-type]

    def running(self, program: str, name: str = "runs", *, lasting: bool = True, **more: object) -> Service:
        """A service that runs this program; a lasting one is ready once `ready` (its argument) exists."""
        ready = self.home / f"{name}.ready"
        command = [sys.executable, "-c", program, str(ready)]
        probe = probes.file(ready) if lasting else None
        return Service(name, command, ready=probe, forget=ready, **more)  # type: ignore[arg-type]


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path)
