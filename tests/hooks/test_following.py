"""Hooks follow deploys: they appear, move, are taken over and fall silent."""

from importlib import import_module

from sqlalchemy import text
from tests.hooks.conftest import way_in
from tests.support.core import Core
from tests.support.hooks import issue, protect, the_hook
from tests.workflows.conftest import Nodered, Person, a_node, a_tab

SERVED = import_module("opsconductor.migrations.versions.0017_hooks").SERVED


async def listed(person: Person) -> dict[str, str | None]:
    """Return the tab of each hook, by method and path."""
    items = (await person.api.get("/hooks", params={"limit": 200})).json()["items"]
    return {f"{hook['method']} {hook['path']}": hook["flow_id"] for hook in items}


async def entries(ada: Person, action: str) -> list[str]:
    page = (await ada.api.get("/audit", params={"action": action})).json()
    return [entry["object"]["name"] for entry in page["items"]]


async def test_what_is_deployed_appears_closed_and_with_where_it_is(nodered: Nodered, dora: Person) -> None:
    nodes = [way_in("w1", "orders/:id", name="Orders"), way_in("w2", "/seen", "get")]
    await nodered.deploy(a_tab("f1", *nodes), dora)
    hook = await the_hook(dora.api, "POST", "/orders/:id")

    assert (hook["flow_id"], hook["flow_name"], hook["node_id"], hook["node_name"]) == (
        *("f1", "Flow f1", "w1", "Orders"),
    )
    assert (hook["run_as"], hook["served"], hook["protection"], hook["secrets"]) == ("dora", True, None, 0)
    assert hook["url"].endswith("/hooks/orders/:id")
    assert await listed(dora) == {"POST /orders/:id": "f1", "GET /seen": "f1"}


async def test_what_node_red_does_not_serve_is_no_hook(nodered: Nodered, dora: Person) -> None:
    nodes = [
        way_in("w1", "/off", d=True),
        way_in("w2", ""),
        way_in("w3", "/x", "trace"),
        way_in("w4", "${PATH}"),
    ]
    await nodered.deploy([*a_tab("f1", *nodes), *a_tab("f2", way_in("w5", "/y"), disabled=True)], dora)

    assert await listed(dora) == {}


async def test_a_hook_inside_a_subflow_is_one_of_the_tab_that_uses_it(nodered: Nodered, dora: Person) -> None:
    inside = {**way_in("s-in", "/sub"), "z": "sub"}
    subflow = [{"id": "sub", "type": "subflow", "name": "Sub", "in": [], "out": []}, inside]
    await nodered.deploy([*subflow, *a_tab("f1", a_node("use", type="subflow:sub"))], dora)

    assert await listed(dora) == {"POST /sub": "f1"}


async def test_an_unprotected_hook_is_gone_with_its_node_and_a_protected_one_stays(
    nodered: Nodered,
    dora: Person,
) -> None:
    await nodered.deploy(a_tab("f1", way_in("w1", "/goes"), way_in("w2", "/stays")), dora)
    await issue(dora.api, "POST", "/stays")
    await nodered.deploy(a_tab("f1", a_node("other")), dora)

    assert await listed(dora) == {"POST /stays": "f1"}
    assert not (await the_hook(dora.api, "POST", "/stays"))["served"]

    await nodered.deploy(a_tab("f1", way_in("w2", "/stays")), dora)
    again = await the_hook(dora.api, "POST", "/stays")
    assert (again["served"], again["protection"], again["secrets"]) == (True, "token", 1)


async def test_a_protection_stays_with_the_path_when_its_node_moves(
    nodered: Nodered,
    dora: Person,
    ada: Person,
) -> None:
    await nodered.deploy(a_tab("f1", way_in("w1", "/moves")), dora)
    await protect(ada.api, "POST", "/moves", "open")
    await nodered.deploy([*a_tab("f1"), *a_tab("f2", way_in("w1", "/moves"))], dora)
    moved = await the_hook(dora.api, "POST", "/moves")

    assert (moved["flow_id"], moved["protection"]) == ("f2", "open")
    assert await entries(ada, "hook.moved") == ["POST /hooks/moves"]


async def test_who_takes_a_path_over_inherits_its_tokens_but_not_that_it_is_open(
    nodered: Nodered,
    dora: Person,
    dirk: Person,
    ada: Person,
) -> None:
    await nodered.deploy(a_tab("f1", way_in("w1", "/tokens"), way_in("w2", "/open")), dora)
    await issue(dora.api, "POST", "/tokens")
    await protect(ada.api, "POST", "/open", "open")
    await nodered.deploy(a_tab("f3", way_in("w3", "/tokens"), way_in("w4", "/open")), dirk)

    assert (await the_hook(dora.api, "POST", "/tokens"))["protection"] == "token"
    assert (await the_hook(dora.api, "POST", "/open"))["protection"] is None
    assert sorted(await entries(ada, "hook.taken_over")) == ["POST /hooks/open", "POST /hooks/tokens"]


async def test_an_open_hook_closes_when_somebody_else_puts_its_path_beside_it(
    nodered: Nodered,
    dora: Person,
    dirk: Person,
    ada: Person,
) -> None:
    mine = a_tab("f1", way_in("w1", "/twice"))
    await nodered.deploy(mine, dora)
    await protect(ada.api, "POST", "/twice", "open")
    await nodered.deploy([*mine, *a_tab("f0", way_in("w0", "/twice"))], dirk)
    hook = await the_hook(dora.api, "POST", "/twice")

    assert (hook["flow_id"], hook["protection"]) == ("f1", None)


async def test_a_colleague_who_deploys_the_same_tab_leaves_it_as_it_is(
    nodered: Nodered,
    dora: Person,
    dirk: Person,
    ada: Person,
) -> None:
    await nodered.deploy(a_tab("f1", way_in("w1", "/shared")), dora)
    await protect(ada.api, "POST", "/shared", "open")
    await nodered.deploy(a_tab("f1", way_in("w1", "/shared"), a_node("more")), dirk)
    hook = await the_hook(dora.api, "POST", "/shared")

    assert (hook["run_as"], hook["protection"]) == ("dirk", "open")


async def test_what_was_deployed_before_there_were_hooks_appears_with_the_migration(
    core: Core,
    nodered: Nodered,
    dora: Person,
) -> None:
    nodes = [way_in("w1", "old", name="Old"), way_in("w2", "/off", d=True), way_in("w3", "${PATH}")]
    await nodered.deploy([*a_tab("f1", *nodes), *a_tab("f2", way_in("w4", "/y"), disabled=True)], dora)
    async with core.app.state.units.sessions() as session:
        await session.execute(text("delete from hooks"))
        await session.execute(text(SERVED))
        await session.commit()

    assert await listed(dora) == {"POST /old": "f1"}
