"""Every route that an application has, wherever it was mounted."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI


def routes_of(app: FastAPI) -> Iterator[Any]:
    """Yield the routes of an application, also those of the routers in it."""
    for mounted in app.routes:
        contexts = getattr(mounted, "effective_route_contexts", None)
        yield from contexts() if contexts else [mounted]
