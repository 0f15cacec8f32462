"""Debian packages, for programs that no Python or npm package brings."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from opsconductor.stack.problems import StackProblem

POLICY = Path("/usr/sbin/policy-rc.d")
PATIENCE = 300.0  # s


def can_install() -> bool:
    """Tell whether we may install packages here."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str]) -> None:
    """Install packages, without starting the services some of them have. Raises StackProblem."""
    made = not POLICY.exists()
    if made:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        _apt("update")
        _apt("install", "--yes", "--no-install-recommends", *packages)
    finally:
        if made:
            POLICY.unlink()


def _apt(*words: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # the system's own
            ["apt-get", "-qq", *words],  # noqa: S607
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StackProblem(f"`apt-get {words[0]}` took longer than {PATIENCE:.0f} s.") from None
    if done.returncode != 0:
        said = "\n".join(f"    {line}" for line in done.stderr.splitlines()[-4:])
        raise StackProblem(f"`apt-get {' '.join(words)}` failed:\n{said}")
