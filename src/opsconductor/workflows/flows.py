"""What belongs to a tab, and whether it changed: pure functions over Node-RED's flat list of nodes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opsconductor.kit.wire import sha256_of

Node = dict[str, Any]

LAYOUT = ("x", "y", "w", "h")
"""Where a node lies on the canvas: moving it changes nothing of what the flow does."""


@dataclass(frozen=True)
class Tab:
    """A tab with everything it uses: its nodes, subflows, and config nodes."""

    id: str
    name: str
    disabled: bool
    nodes: list[Node]
    sha256: str


def tabs(flows: list[Node], credentials: Mapping[str, Any]) -> list[Tab]:
    """Return every tab of a deploy. Sealed credentials count by the mark that each node's have."""
    marks = _marks(credentials)
    by_id = {str(node["id"]): node for node in flows}
    inside: dict[str, list[Node]] = {}
    for node in flows:
        inside.setdefault(str(node.get("z", "")), []).append(node)
    return [_tab(node, by_id, inside, marks) for node in flows if node["type"] == "tab"]


def is_disabled(nodes: Iterable[Node]) -> bool:
    """Tell whether a tab, given with what it uses, is one that Node-RED does not start."""
    return any(node["type"] == "tab" and node.get("disabled") for node in nodes)


def _marks(credentials: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the marks by node; an older Node-RED of ours sends none."""
    marks = credentials.get("marks")
    return marks if isinstance(marks, dict) else {}


def _tab(
    tab: Node, by_id: Mapping[str, Node], inside: Mapping[str, list[Node]], marks: Mapping[str, str]
) -> Tab:
    used = _closure(tab, by_id, inside)
    name = str(tab.get("label") or tab["id"])
    sha256 = digest(used, marks)
    return Tab(str(tab["id"]), name[:255], bool(tab.get("disabled")), used, sha256)


def _closure(tab: Node, by_id: Mapping[str, Node], inside: Mapping[str, list[Node]]) -> list[Node]:
    """Return the tab, its nodes, and whatever they refer to outside of tabs, in a stable order."""
    found: dict[str, Node] = {}
    waiting = [tab]
    while waiting:
        node = waiting.pop()
        id = str(node["id"])
        if id in found:
            continue
        found[id] = node
        if node["type"] in ("tab", "subflow"):
            waiting.extend(inside.get(id, []))
        waiting.extend(_referred(node, by_id))
    return [found[id] for id in sorted(found)]


def _referred(node: Node, by_id: Mapping[str, Node]) -> Iterable[Node]:
    if node["type"].startswith("subflow:"):
        yield from filter(None, [by_id.get(node["type"].removeprefix("subflow:"))])
    for name, value in node.items():
        if name in ("id", "z", "wires") or not isinstance(value, str):
            continue
        other = by_id.get(value)
        if other is not None and not other.get("z") and other["type"] != "tab":
            yield other


def digest(nodes: list[Node], marks: Mapping[str, str]) -> str:
    """Return the SHA-256 of nodes and the marks of their credentials, whatever their place on the canvas."""
    plain: list[Any] = [{name: value for name, value in node.items() if name not in LAYOUT} for node in nodes]
    plain += [[node["id"], marks[node["id"]]] for node in nodes if node["id"] in marks]
    return sha256_of(plain).hex()


def types_used(flows: list[Node]) -> set[str]:
    """Return the node types a deploy needs to be installed."""
    own = ("tab", "subflow", "group", "junction", "global-config", "unknown")
    return {str(n["type"]) for n in flows if n["type"] not in own and not n["type"].startswith("subflow:")}


def malformed(flows: list[Node]) -> str | None:
    """Return what is wrong with the shape of a deploy, or None."""
    seen: set[str] = set()
    for node in flows:
        if not isinstance(node.get("id"), str) or not isinstance(node.get("type"), str):
            return "every node needs an `id` and a `type`"
        if node["id"] in seen:
            return f"the id {node['id'][:50]} occurs twice"
        seen.add(node["id"])
    return None
