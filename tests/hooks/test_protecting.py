"""Who may say how requests to a hook prove themselves, and the secrets they do it by."""

from uuid import uuid4

import pytest
from tests.hooks.conftest import way_in
from tests.support.core import Core, every_row
from tests.support.hooks import issue, protect, the_hook
from tests.workflows.conftest import Nodered, Person, a_tab

PATHS = ("/kinds", "/none", "/rotates", "/many", "/revokes", "/secret", "/audited", "/goes", "/shuts")


@pytest.fixture(autouse=True, scope="module")
async def deployed(nodered: Nodered, dora: Person) -> None:
    nodes = [way_in(f"w{number}", path) for number, path in enumerate(PATHS)]
    await nodered.deploy(a_tab("f1", *nodes), dora)


async def test_only_administrators_open_a_hook_to_everybody_and_designers_may_close_it(
    dora: Person, ada: Person
) -> None:
    hook = await the_hook(dora.api, "POST", "/kinds")
    refused = await dora.api.put(f"/hooks/{hook['id']}/protection", json={"protection": "open"})

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    assert "hooks.open" in refused.json()["detail"]
    assert (await protect(ada.api, "POST", "/kinds", "open"))["protection"] == "open"
    assert (await protect(dora.api, "POST", "/kinds", None))["protection"] is None


async def test_secrets_are_only_for_hooks_that_are_proven_by_one(dora: Person) -> None:
    hook = await the_hook(dora.api, "POST", "/none")
    answer = await dora.api.post(f"/hooks/{hook['id']}/secrets", json={})

    assert (answer.status_code, answer.json()["code"]) == (409, "hook_has_no_secrets")


async def test_a_new_secret_ends_the_others_at_once_or_after_a_grace(dora: Person) -> None:
    await issue(dora.api, "POST", "/rotates")
    await issue(dora.api, "POST", "/rotates", grace_minutes=60)
    hook = await the_hook(dora.api, "POST", "/rotates")
    newest, old = (await dora.api.get(f"/hooks/{hook['id']}")).json()["issued"]
    assert (hook["secrets"], newest["ends_at"], old["is_good"]) == (2, None, True)
    assert old["ends_at"]

    await issue(dora.api, "POST", "/rotates")
    issued = (await dora.api.get(f"/hooks/{hook['id']}")).json()["issued"]
    assert [one["is_good"] for one in issued] == [True, False, False]


async def test_so_many_secrets_are_good_at_once_and_no_more(dora: Person) -> None:
    for _ in range(5):
        await issue(dora.api, "POST", "/many", grace_minutes=60)
    hook = await the_hook(dora.api, "POST", "/many")
    answer = await dora.api.post(f"/hooks/{hook['id']}/secrets", json={"grace_minutes": 60})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_hook_secrets")


async def test_revoking_twice_is_revoking_once(dora: Person) -> None:
    await issue(dora.api, "POST", "/revokes")
    hook = await the_hook(dora.api, "POST", "/revokes")
    [secret] = (await dora.api.get(f"/hooks/{hook['id']}")).json()["issued"]
    url = f"/hooks/{hook['id']}/secrets/{secret['id']}"

    assert [(await dora.api.delete(url)).status_code for _ in range(2)] == [204, 204]
    assert (await the_hook(dora.api, "POST", "/revokes"))["secrets"] == 0
    gone = await dora.api.delete(f"/hooks/{hook['id']}/secrets/{uuid4()}")
    assert (gone.status_code, gone.json()["code"]) == (404, "hook_secret_not_found")


@pytest.mark.parametrize("protection", ["token", "hmac", "github"])
async def test_a_secret_is_shown_once_and_stored_nowhere(core: Core, dora: Person, protection: str) -> None:
    secret = await issue(dora.api, "POST", "/secret", protection)
    hook = await the_hook(dora.api, "POST", "/secret")
    detail = (await dora.api.get(f"/hooks/{hook['id']}")).json()

    assert secret.startswith(detail["issued"][0]["prefix"])
    assert secret not in str(detail)
    assert not [row for row in await every_row(core) if secret in row or secret.encode().hex() in row]


async def test_another_protection_ends_the_secrets_of_the_one_before(dora: Person) -> None:
    await issue(dora.api, "POST", "/audited", "token")
    hook = await protect(dora.api, "POST", "/audited", "hmac")

    assert (hook["secrets"], [one["is_good"] for one in hook["issued"]]) == (0, [False])


async def test_every_step_is_in_the_audit_log_without_a_secret(dora: Person, ada: Person) -> None:
    secret = await issue(dora.api, "POST", "/audited", "github")
    hook = await the_hook(dora.api, "POST", "/audited")
    page = (await ada.api.get("/audit", params={"object_type": "hook", "object_id": hook["id"]})).json()
    issued = page["items"][0]

    assert [entry["action"] for entry in page["items"][:2]] == ["hook.secret_issued", "hook.protected"]
    assert (issued["actor"]["name"], issued["object"]["name"]) == ("dora", "POST /hooks/audited")
    assert issued["after"]["protection"] == "github"
    assert secret not in str(page)


async def test_a_hook_is_deleted_only_once_no_flow_serves_it(nodered: Nodered, dora: Person) -> None:
    await issue(dora.api, "POST", "/goes")
    hook = await the_hook(dora.api, "POST", "/goes")
    served = await dora.api.delete(f"/hooks/{hook['id']}")
    assert (served.status_code, served.json()["code"]) == (409, "hook_served")

    await nodered.deploy(a_tab("f1", way_in("w0", "/other")), dora)
    assert (await dora.api.delete(f"/hooks/{hook['id']}")).status_code == 204
    gone = await dora.api.get(f"/hooks/{hook['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "hook_not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [({"protection": "password"}, "protection"), ({}, "protection"), ({"protection": None, "x": 1}, "x")],
)
async def test_a_protection_that_does_not_exist_is_refused_by_its_field(
    dora: Person, body: dict[str, object], field: str
) -> None:
    answer = await dora.api.put(f"/hooks/{uuid4()}/protection", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_grace_is_at_most_a_week(dora: Person) -> None:
    answer = await dora.api.post(f"/hooks/{uuid4()}/secrets", json={"grace_minutes": 10_081})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "grace_minutes")


async def test_the_list_is_narrowed_by_tab_protection_and_whether_it_is_served(
    nodered: Nodered, dora: Person
) -> None:
    await nodered.deploy([*a_tab("f8", way_in("a", "/a")), *a_tab("f9", way_in("b", "/b"))], dora)
    await issue(dora.api, "POST", "/b", "hmac")

    async def paths(**wanted: object) -> list[str]:
        return [one["path"] for one in (await dora.api.get("/hooks", params=wanted)).json()["items"]]

    assert await paths(flow_id="f8") == ["/a"]
    assert await paths(protection="hmac", served=True) == ["/b"]
    assert "/a" not in await paths(served=False)
