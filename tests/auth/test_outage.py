"""What a request is told while the database takes no connections."""

import pytest
from tests.support.core import Core


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
