"""The folder of our Node-RED, and what tests of its packages need."""

import pytest

from opsconductor.stack.folders import project

NODERED = project() / "nodered"
needs_npm = pytest.mark.usefixtures("npm_packages")


@pytest.fixture(scope="session")
def npm_packages() -> None:
    """See that the packages are there: tests that could not run must not look like tests that passed."""
    assert (NODERED / "node_modules").is_dir(), "tests need npm's packages: ./opsconductor test installs them"
