"""Fixtures for all tests: real servers, and the core on top of them."""

from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = [
    "tests.support.servers",
    "tests.support.core",
    "tests.support.s3",
    "tests.support.whole_stack",
    "tests.support.chromium",
]


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> Iterator[None]:
    """Write tracebacks plainly: accidents happen on purpose here, and pretty ones with variables take half a minute."""
    before = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, plain])
    yield
    structlog.configure(processors=before)
