"""The folder of our Node-RED, and what tests of its packages need."""

import pytest

from opsconductor.stack.folders import project

NODERED = project() / "nodered"
needs_npm = pytest.mark.skipif(
    not (NODERED / "node_modules").is_dir(), reason="npm packages are not installed"
)
