"""The API of a stack on this machine, for the command line: its right to it is the installation's secret key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from opsconductor.auth.tokens import Signer
from opsconductor.kit.clock import now
from opsconductor.stack.folders import DataDir
from opsconductor.stack.problems import StackProblem

TOKEN_LIFE = timedelta(minutes=10)
PAGE = 200


class Api:
    """A client of the core, acting as the service `name` with these permissions; all of it is audited."""

    def __init__(self, data: DataDir, ports: dict[str, int], name: str, permissions: list[str]) -> None:
        token = Signer(data.secret("secret_key")).sign(
            "service", name, now() + TOKEN_LIFE, permissions=permissions
        )
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{ports['core']}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=90,
        )

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Return the answer's JSON. Raises StackProblem with the core's own sentence where it refuses."""
        return checked(self._http.request(method, path, **options))

    def every(self, path: str, **filters: str) -> list[dict[str, Any]]:
        """Return every row of a list."""
        return every(self.call, path, **filters)


def every(call: Callable[..., Any], path: str, **filters: str) -> list[dict[str, Any]]:
    """Return every row of a list, page by page: `call` is asked with the method, the path and `params`."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = call("GET", path, params={"limit": PAGE, **filters, **more})
        rows += page["items"]
        cursor = page["next_cursor"]
    return rows


def checked(answer: httpx.Response) -> Any:
    """Return an answer's JSON (None where it is empty). Raises StackProblem where it is a refusal."""
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.text[:300]
    raise StackProblem(f"{answer.request.method} {answer.request.url.path}: {answer.status_code}: {detail}")
