"""What belongs to a tab, and what counts as a change of it."""

import pytest
from tests.workflows.conftest import Node, a_node, a_tab

from opsconductor.workflows.flows import tabs

CONFIG = {"id": "config", "type": "opsconductor-config", "url": "one"}
SUBFLOW = [{"id": "sub", "type": "subflow", "name": "Sub"}, {**a_node("in-sub", payload="one"), "z": "sub"}]
FLOWS: list[Node] = [
    *a_tab(
        "t1", a_node("n1", payload="one"), a_node("n2", type="subflow:sub"), a_node("n3", server="config")
    ),
    *a_tab("t2", a_node("m1", payload="other")),
    CONFIG,
    *SUBFLOW,
]


def _changed(id: str, **more: object) -> set[str]:
    """Return which tabs change when a node does."""
    before = {tab.id: tab.sha256 for tab in tabs(FLOWS, {})}
    after = tabs([{**node, **more} if node["id"] == id else node for node in FLOWS], {})
    return {tab.id for tab in after if tab.sha256 != before[tab.id]}


@pytest.mark.parametrize("layout", ["x", "y", "w", "h"])
def test_moving_a_node_changes_nothing(layout: str) -> None:
    assert _changed("n1", **{layout: 99}) == set()


CHANGES = {
    "a node": ("n1", {"payload": "two"}),
    "its wires": ("n1", {"wires": [["n2"]]}),
    "the tab": ("t1", {"disabled": True}),
    "a config node it uses": ("config", {"url": "two"}),
    "a node in a subflow it uses": ("in-sub", {"payload": "two"}),
}


@pytest.mark.parametrize(("id", "more"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_what_a_tab_uses_changes_that_tab_only(id: str, more: dict[str, object]) -> None:
    assert _changed(id, **more) == {"t1"}


def test_the_order_of_nodes_changes_nothing() -> None:
    before = {tab.id: tab.sha256 for tab in tabs(FLOWS, {})}

    assert {tab.id: tab.sha256 for tab in tabs(FLOWS[::-1], {})} == before


def test_a_new_node_changes_its_tab() -> None:
    before = {tab.id: tab.sha256 for tab in tabs(FLOWS, {})}
    after = {tab.id: tab.sha256 for tab in tabs([*FLOWS, {**a_node("n9"), "z": "t1"}], {})}

    assert (before["t1"] != after["t1"], before["t2"] == after["t2"]) == (True, True)


def test_subflows_in_subflows_belong_to_the_tab() -> None:
    inner = [{"id": "inner", "type": "subflow"}, {**a_node("deep", payload="one"), "z": "inner"}]
    outer = [{"id": "outer", "type": "subflow"}, {**a_node("o1", type="subflow:inner"), "z": "outer"}]
    [tab] = tabs([*a_tab("t", a_node("n", type="subflow:outer")), *outer, *inner], {})

    assert {node["id"] for node in tab.nodes} == {"t", "n", "outer", "o1", "inner", "deep"}


def test_a_subflow_that_contains_itself_comes_to_an_end() -> None:
    loop = [{"id": "loop", "type": "subflow"}, {**a_node("l1", type="subflow:loop"), "z": "loop"}]
    [tab] = tabs([*a_tab("t", a_node("n", type="subflow:loop")), *loop], {})

    assert {node["id"] for node in tab.nodes} == {"t", "n", "loop", "l1"}


def test_a_link_to_another_tab_does_not_make_it_part_of_this_one() -> None:
    [one, _] = tabs([*a_tab("t1", a_node("n1", links=["m1"], target="m1")), *a_tab("t2", a_node("m1"))], {})

    assert {node["id"] for node in one.nodes} == {"t1", "n1"}


@pytest.mark.parametrize(
    ("id", "changed"),
    [("n1", {"t1"}), ("t1", {"t1"}), ("config", {"t1"}), ("in-sub", {"t1"}), ("m1", {"t2"}), ("gone", set())],
)
def test_other_credentials_of_a_node_change_the_tabs_that_use_it(id: str, changed: set[str]) -> None:
    def hashes(mark: str) -> dict[str, str]:
        credentials = {"$": f"sealed anew: {mark}", "marks": {id: mark, "m2": "the same"}}
        return {tab.id: tab.sha256 for tab in tabs(FLOWS, credentials)}

    before, after = hashes("one"), hashes("two")

    assert {tab for tab in before if before[tab] != after[tab]} == changed


def test_a_deploy_without_marks_of_credentials_is_hashed_as_ever() -> None:
    assert tabs(FLOWS, {"$": "sealed"}) == tabs(FLOWS, {})
