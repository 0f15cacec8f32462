"""A tab as a document that can be carried elsewhere: its shape, its ids, and what it refers to. Pure, no session."""

import graphlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from opsconductor.kit.wire import depth, has_nul
from opsconductor.workflows.flows import Node, tabs

MOST_NODES = 2_000
LARGEST = 2 * 1024 * 1024  # bytes of JSON
DEEPEST = 30  # objects and lists inside each other
MOST_THINGS = 10_000  # that a tab refers to; more are not looked up
SHOWN = 20  # problems at once
ID_FIELDS = {
    "group": ("nodes",),
    "subflow": ("in", "out", "status"),
    "link in": ("links",),
    "link out": ("links",),
    "link call": ("links",),
    "catch": ("scope",),
    "status": ("scope",),
    "complete": ("scope",),
}
"""Beside `wires`: where nodes of these types have ids of others, in lists or under `wires` and `id`."""
UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """What is wrong with which field of a document."""

    field: str
    message: str


def problems(nodes: Sequence[Node]) -> list[Problem]:
    """Return what keeps a list of nodes from being one tab with all that it uses; nothing where it is one."""
    found = _of_size(nodes) or _of_each(nodes) or _of_tabs(nodes) or list(_of_references(nodes))
    return found[:SHOWN] or list(_of_nesting(nodes))


def _of_size(nodes: Sequence[Node]) -> list[Problem]:
    if not 1 <= len(nodes) <= MOST_NODES:
        return [Problem("nodes", f"must be 1 to {MOST_NODES:,} nodes")]
    if depth(list(nodes)) > DEEPEST:
        return [Problem("nodes", f"must not be nested deeper than {DEEPEST} levels")]
    if has_nul(list(nodes)):
        return [Problem("nodes", "must not contain the NUL character")]
    try:
        size = len(orjson.dumps(nodes))
    except orjson.JSONEncodeError:
        return [Problem("nodes", "has a text or number in it that can't be stored")]
    return (
        [Problem("nodes", f"is {size} bytes of JSON; at most {LARGEST} are taken")] if size > LARGEST else []
    )


def _of_each(nodes: Sequence[Node]) -> list[Problem]:
    found, seen = [], set()
    for index, node in enumerate(nodes):
        for name in ("id", "type"):
            if not isinstance(node.get(name), str) or not 1 <= len(node[name]) <= 255:
                found.append(Problem(f"nodes[{index}].{name}", "must be a text of 1 to 255 characters"))
        if isinstance(node.get("id"), str) and node["id"] in seen:
            found.append(Problem(f"nodes[{index}].id", "occurs twice"))
        if not _are_wires(node.get("wires", [])):
            found.append(Problem(f"nodes[{index}].wires", "must be a list of ids for each output"))
        if "credentials" in node:
            found.append(Problem(f"nodes[{index}].credentials", "credentials are never part of a flow"))
        seen.add(str(node.get("id")))
    return found


def _are_wires(value: object) -> bool:
    if not isinstance(value, list):
        return False
    return all(isinstance(port, list) and all(isinstance(id, str) for id in port) for port in value)


def _of_tabs(nodes: Sequence[Node]) -> list[Problem]:
    count = sum(node["type"] == "tab" for node in nodes)
    return [] if count == 1 else [Problem("nodes", f"must have exactly one tab, not {count}")]


def _of_references(nodes: Sequence[Node]) -> Iterator[Problem]:
    by_id = {node["id"]: node for node in nodes}
    for index, node in enumerate(nodes):
        at = f"nodes[{index}]"
        if not node.get("z") and "x" in node and node["type"] != "subflow":
            yield Problem(f"{at}.z", "lies on a canvas, and says of no tab or subflow")
        for field, kinds in (("z", ("tab", "subflow")), ("g", ("group",))):
            if node.get(field) and by_id.get(str(node[field]), {}).get("type") not in kinds:
                yield Problem(f"{at}.{field}", f"is no {' or '.join(kinds)} of these nodes")
        if node["type"].startswith("subflow:") and _subflow_of(node, by_id) is None:
            yield Problem(f"{at}.type", "is no subflow of these nodes")
        for field, id in _links(node):
            if id not in by_id:
                yield Problem(f"{at}.{field}", "refers to a node that is not among these")


def _of_nesting(nodes: Sequence[Node]) -> Iterator[Problem]:
    """Yield a problem where a subflow is inside itself: Node-RED would never finish making it."""
    by_id = {node["id"]: node for node in nodes}
    uses: dict[str, set[str]] = {}
    for node in nodes:
        if (used := _subflow_of(node, by_id)) is not None:
            uses.setdefault(str(node.get("z")), set()).add(used["id"])
    try:
        graphlib.TopologicalSorter(uses).prepare()
    except graphlib.CycleError:
        yield Problem("nodes", "has a subflow that is inside itself")


def _subflow_of(node: Node, by_id: Mapping[str, Node]) -> Node | None:
    if not node["type"].startswith("subflow:"):
        return None
    found = by_id.get(node["type"].removeprefix("subflow:"))
    return found if found and found["type"] == "subflow" else None


def _links(node: Node) -> Iterator[tuple[str, str]]:
    """Yield every id of another node in the fields that hold such ids, with the field."""
    waiting = [(field, node[field]) for field in _id_fields(node) if isinstance(node.get(field), list | dict)]
    while waiting:
        field, value = waiting.pop()
        if isinstance(value, list):
            waiting.extend((field, inner) for inner in value)
        elif isinstance(value, dict):
            waiting.extend((field, inner) for key, inner in value.items() if key in ("wires", "id"))
        elif isinstance(value, str):
            yield field, value


def _id_fields(node: Node) -> tuple[str, ...]:
    return ("wires", *ID_FIELDS.get(node["type"], ()))


def portable(nodes: Sequence[Node]) -> list[Node]:
    """Return a tab with what it uses, without credentials and without links to nodes of other tabs."""
    ids = {str(node["id"]) for node in nodes}
    return [_within(node, ids) for node in nodes]


def _within(node: Node, ids: set[str]) -> Node:
    kept = {name: value for name, value in node.items() if name != "credentials"}
    if isinstance(kept.get("links"), list):
        kept["links"] = [id for id in kept["links"] if id in ids]
    return kept


def tab_of(nodes: Sequence[Node]) -> tuple[Node, list[Node]]:
    """Return the tab itself, and it with all that it uses; what it does not use stays behind."""
    [tab] = tabs(list(nodes), {})
    used = {node["id"] for node in tab.nodes}
    kept = [node for node in nodes if node["id"] in used]
    return next(node for node in kept if node["type"] == "tab"), kept


def renewed(
    nodes: Sequence[Node], there: Mapping[str, Node], new_id: Callable[[], str]
) -> tuple[list[Node], list[Node]]:
    """Return nodes under new ids, and apart those that are there just as they are: other tabs use these already."""
    shared = _shared(nodes, there)
    ids = {node["id"]: node["id"] if node["id"] in shared else new_id() for node in nodes}
    outside = {node["id"] for node in nodes if not node.get("z") and node["type"] != "tab"}
    coming = [_under(node, ids, outside) for node in nodes if node["id"] not in shared]
    return coming, [node for node in nodes if node["id"] in shared]


def _shared(nodes: Sequence[Node], there: Mapping[str, Node]) -> set[str]:
    """Return the config nodes and whole subflows that are there with the same id and the same content."""
    shared: set[str] = set()
    for root in nodes:
        if root.get("z") or root["type"] == "tab":
            continue
        whole = [root, *(node for node in nodes if node.get("z") == root["id"])]
        if all(there.get(node["id"]) == node for node in whole):
            shared |= {node["id"] for node in whole}
    return shared


def _under(node: Node, ids: Mapping[str, str], outside: set[str]) -> Node:
    fields = ("id", "z", "g", *_id_fields(node))
    changed = {}
    for name, value in node.items():
        if name in fields:
            changed[name] = _replaced(value, ids)
        elif isinstance(value, str) and value in outside:
            changed[name] = ids[value]
        else:
            changed[name] = value
    if node["type"].startswith("subflow:"):
        changed["type"] = f"subflow:{ids[node['type'].removeprefix('subflow:')]}"
    return changed


def _replaced(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return ids.get(value, value)
    if isinstance(value, list):
        return [_replaced(inner, ids) for inner in value]
    if isinstance(value, dict):
        return {name: _replaced(inner, ids) for name, inner in value.items()}
    return value


def uuids(nodes: Sequence[Node]) -> list[UUID]:
    """Return the ids of things of OpsConductor that nodes may refer to, in the order they occur."""
    found: dict[UUID, None] = {}
    waiting: list[Any] = list(nodes)[::-1]
    while waiting and len(found) < MOST_THINGS:
        value = waiting.pop()
        if isinstance(value, dict | list):
            waiting.extend(list(value.values() if isinstance(value, dict) else value)[::-1])
        elif isinstance(value, str) and UUID_TEXT.fullmatch(value):
            found[UUID(value)] = None
    return list(found)
