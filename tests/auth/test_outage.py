"""What a request is told while the database takes no connections."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.support.core import Core


@pytest.fixture
def outage(core: Core) -> Iterator[None]:
    """The core's database ends all connections and takes no new ones."""
    url = urlsplit(core.environment["DATABASE_URL"])
    name = url.path.strip("/")
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f"alter database {name} allow_connections false")
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        yield
        server.execute(f"alter database {name} allow_connections true")


@pytest.mark.parametrize("path", ["/auth/me", "/targets", "/executions"])
async def test_a_database_that_is_away_is_a_503_that_says_when_to_try_again(
    core: Core, outage: None, path: str
) -> None:
    answer = await core.admin.get(path)

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "try again" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0


async def test_once_it_is_back_everything_works_again(core: Core) -> None:
    assert (await core.admin.get("/targets")).status_code == 200
