"""What differs between two states of flows, node by node: pure functions over Node-RED's flat list of nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opsconductor.workflows.flows import LAYOUT, Node

Kind = Literal["added", "removed", "changed", "moved"]
"""`moved`: only its place on the canvas is another."""
SILENT = (*LAYOUT, "id", "type")


@dataclass(frozen=True)
class FieldChange:
    """A property of a node, before and after; None where it is not there."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class NodeChange:
    """What became of a node."""

    id: str
    type: str
    name: str
    kind: Kind
    fields: list[FieldChange]


@dataclass(frozen=True)
class TabChange:
    """What became of a tab between two deploys, in numbers of nodes."""

    flow_id: str
    name: str
    kind: Literal["added", "removed", "changed"]
    added: int
    removed: int
    changed: int


def between(before: Sequence[Node], after: Sequence[Node]) -> list[NodeChange]:
    """Return every node that is not the same in both, as the later state lists them, removed ones last."""
    old, new = _by_id(before), _by_id(after)
    found = [_changed(old.get(id), node) for id, node in new.items()]
    gone = [_whole(node, "removed") for id, node in old.items() if id not in new]
    return [change for change in found if change is not None] + gone


def of_tabs(before: Sequence[Node], after: Sequence[Node]) -> list[TabChange]:
    """Return every tab whose own nodes differ, and where config nodes or subflows do, those as one of no tab (`""`)."""
    tabs = {**_tabs(before), **_tabs(after)}
    changes = []
    for id in (*tabs, ""):
        old, new = _inside(before, id, tabs), _inside(after, id, tabs)
        nodes = between(old, new)
        if not nodes:
            continue
        kind: Any = "changed" if old and new else "added" if new else "removed"
        counts = {each: sum(node.kind == each for node in nodes) for each in ("added", "removed", "changed")}
        changes.append(TabChange(id, tabs.get(id, ""), kind, **counts))
    return changes


def _by_id(nodes: Sequence[Node]) -> dict[str, Node]:
    return {str(node["id"]): node for node in nodes}


def _tabs(nodes: Sequence[Node]) -> dict[str, str]:
    return {str(n["id"]): str(n.get("label") or n["id"]) for n in nodes if n["type"] == "tab"}


def _inside(nodes: Sequence[Node], tab: str, tabs: Mapping[str, str]) -> list[Node]:
    if tab:
        return [node for node in nodes if str(node["id"]) == tab or node.get("z") == tab]
    return [node for node in nodes if node["type"] != "tab" and node.get("z", "") not in tabs]


def _changed(before: Node | None, after: Node) -> NodeChange | None:
    if before is None:
        return _whole(after, "added")
    if before == after:
        return None
    names = [
        name for name in {**before, **after} if name not in SILENT and before.get(name) != after.get(name)
    ]
    fields = [FieldChange(name, before.get(name), after.get(name)) for name in names]
    if before["type"] != after["type"]:
        fields.insert(0, FieldChange("type", before["type"], after["type"]))
    return NodeChange(
        str(after["id"]), str(after["type"]), _name(after), "changed" if fields else "moved", fields
    )


def _whole(node: Node, kind: Kind) -> NodeChange:
    return NodeChange(str(node["id"]), str(node["type"]), _name(node), kind, [])


def _name(node: Node) -> str:
    return str(node.get("name") or node.get("label") or "")
