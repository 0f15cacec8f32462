"""What FastAPI has routes wait for: a dependency that is no coroutine function goes through a thread each time."""

from collections.abc import Iterator
from inspect import isasyncgenfunction, iscoroutinefunction

import pytest
from fastapi.dependencies.models import Dependant
from tests.support.routes import routes_of

from opsconductor.apps import bridge, core
from opsconductor.kit.settings import Settings

SETTINGS = Settings.model_construct(enable_workflow_api=True)
APPS = {"core": core.create_app, "bridge": bridge.create_app}


def _all(dependant: Dependant) -> Iterator[Dependant]:
    for inner in dependant.dependencies:
        yield inner
        yield from _all(inner)


@pytest.mark.parametrize("name", APPS)
def test_no_request_waits_for_a_thread_to_look_up_what_its_route_needs(name: str) -> None:
    dependants = [route.dependant for route in routes_of(APPS[name](SETTINGS)) if hasattr(route, "dependant")]
    needed = {inner.call for dependant in dependants for inner in _all(dependant) if inner.call}

    assert len(needed) >= 5
    assert not {call for call in needed if not (iscoroutinefunction(call) or isasyncgenfunction(call))}
