"""Fixtures for all tests: real servers, and the core on top of them."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping

import pytest
import structlog
import uvloop

pytest_plugins = [
    "tests.support.servers",
    "tests.support.core",
    "tests.support.s3",
    "tests.support.whole_stack",
    "tests.support.chromium",
    "tests.support.nodered",
]


TAKING_MINUTES = {"bench", "chaos", "e2e", "nodes", "stack"}


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """Have tests run on the loop that core, bridge and worker run on.

    Who uses a fixture that is a coroutine is one too: pytest takes the fixture down before a test without a loop.
    """
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, begin with the modules that take minutes: short ones fill the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.parent.name not in TAKING_MINUTES)


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> Iterator[None]:
    """Write tracebacks plainly: accidents happen on purpose here, and pretty ones with variables take half a minute."""
    before = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, plain])
    yield
    structlog.configure(processors=before)
