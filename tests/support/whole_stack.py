"""The whole stack with the demo fleet, as `./opsconductor up -d` starts it, in a folder of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from opsconductor.apps.cli import demo
from opsconductor.apps.cli.client import Api
from opsconductor.apps.cli.lifecycle import temporary_stack
from opsconductor.stack import fleet
from opsconductor.stack.fleet import Fleet
from opsconductor.stack.folders import DataDir
from opsconductor.stack.running import status

PASSWORD = "correct horse battery"


@dataclass
class WholeStack:
    """A running stack; nobody has used it yet."""

    data: DataDir
    url: str

    @property
    def fleet(self) -> Fleet:
        """Its demo fleet, not registered yet."""
        return fleet.read(self.data.root)

    def register_fleet(self) -> None:
        """Register its demo fleet, as `./opsconductor demo` does."""
        with Api(self.data, self.status["ports"], "test", demo.PERMISSIONS) as api:
            demo.register(api, self.fleet)

    @property
    def setup_secret(self) -> str:
        return self.data.setup_secret.read_text().strip()

    @property
    def status(self) -> dict[str, Any]:
        """What its supervisor says."""
        found = status(self.data)
        assert found is not None
        return found

    def set_up(self) -> httpx.Client:
        """Make the first administrator, `admin`; return a client signed in as it."""
        client = httpx.Client(base_url=self.url, timeout=70)
        wanted = {"setup_secret": self.setup_secret, "username": "admin", "password": PASSWORD}
        answer = client.post("/api/v3/setup", json=wanted)
        assert answer.status_code == 201, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        client.cookies.clear()
        return client

    def set_up_with_session(self) -> httpx.Client:
        """Do the same, and have the client hold the session cookie that the editor's door wants."""
        client = self.set_up()
        self._sign_in(client, "admin")
        return client

    def signed_in(self, username: str) -> httpx.Client:
        """Return a client with somebody's session, which opens the editor too."""
        client = httpx.Client(base_url=self.url, timeout=70)
        self._sign_in(client, username)
        return client

    def _sign_in(self, client: httpx.Client, username: str) -> None:
        client.headers["Origin"] = self.url
        body = {"username": username, "password": PASSWORD}
        assert client.post("/api/v3/auth/login", json=body).is_success


@pytest.fixture(scope="module")
def whole_stack() -> Iterator[WholeStack]:
    """A whole stack for a test module."""
    with temporary_stack(fleet=True) as (data, started):
        yield WholeStack(data, started["public_url"])
