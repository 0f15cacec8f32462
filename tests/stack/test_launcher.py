"""The launcher, where something is missing: a sentence that says what to do, and nothing broken by it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from opsconductor.stack.folders import project


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a fresh checkout as the launcher looks at."""
    shutil.copy(project() / "opsconductor", tmp_path)
    shutil.copytree(project() / "requirements", tmp_path / "requirements")
    return tmp_path


def launched(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "opsconductor", "status"],
        env={"PATH": os.environ["PATH"], "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


OFFLINE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
    "PIP_CONFIG_FILE": "/dev/null",
}


def test_without_a_new_enough_python_it_says_what_to_install(checkout):
    done = launched(checkout, OPSCONDUCTOR_PYTHON="python2.7")
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr
    assert "apt install python3" in done.stderr


def test_without_internet_it_says_what_to_check(checkout):
    done = launched(checkout, **OFFLINE)
    assert done.returncode == 1
    assert "Check the internet connection" in done.stderr


def test_an_interrupted_set_up_is_taken_up_again(checkout):
    launched(checkout, **OFFLINE)
    shutil.rmtree(checkout / ".venv" / "lib")  # as a full disk or a Ctrl-C may leave it
    done = launched(checkout, **OFFLINE)
    assert "Making a Python environment" in done.stderr
