"""Accidents on purpose: their tracebacks are written plainly, for pretty ones with variables take half a minute."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(scope="module", autouse=True)
def plain_logs() -> Iterator[None]:
    before = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, plain])
    yield
    structlog.configure(processors=before)
