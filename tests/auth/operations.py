"""Every operation of the core, as it is served, with the rule that its route has."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi import FastAPI
from tests.support.routes import routes_of

from opsconductor.apps.core import create_app
from opsconductor.kit.access import rule_of
from opsconductor.kit.settings import Settings


class Operation(NamedTuple):
    method: str
    path: str
    rule: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations(app: FastAPI) -> Iterator[Operation]:
    """Yield every operation that the application answers."""
    for route in routes_of(app):
        for method in sorted(route.methods - {"HEAD"}):
            yield Operation(method, route.path, rule_of(route.endpoint))


TABLE = list(operations(create_app(Settings.model_construct(enable_workflow_api=True))))
