"""Fixtures for all tests: real servers, and the core on top of them."""

pytest_plugins = [
    "tests.support.servers",
    "tests.support.core",
    "tests.support.whole_stack",
    "tests.support.chromium",
]
