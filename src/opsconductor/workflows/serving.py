"""Which hooks a deploy serves: pure functions over Node-RED's nodes."""

import re
from collections.abc import Iterable, Iterator

from opsconductor.contracts.hooks import HOOK_METHODS, LONGEST_PATH, HookMethod
from opsconductor.hooks.following import Place, Served
from opsconductor.workflows.flows import Node, Tab

METHODS: dict[str, HookMethod] = {method.lower(): method for method in HOOK_METHODS}
"""By what a node has."""
VARIABLE = re.compile(r"\$\{\S+\}")
"""What Node-RED puts the value of a variable in place of."""


def hook_of(node: Node) -> tuple[HookMethod, str] | None:
    """Return method and path of what a node answers under /hooks, as Node-RED makes a route of it."""
    method, url = METHODS.get(str(node.get("method"))), node.get("url")
    if node["type"] != "http in" or method is None or not url or not isinstance(url, str):
        return None
    path = url if url.startswith("/") else f"/{url}"
    return (method, path) if len(path) <= LONGEST_PATH and not VARIABLE.fullmatch(url) else None


def served(tabs: Iterable[Tab]) -> list[Served]:
    """Return the hooks that tabs serve; a path that is a variable only Node-RED knows, which asks about it in time."""
    return [one for tab in tabs if not tab.disabled for one in _of_tab(tab)]


def _of_tab(tab: Tab) -> Iterator[Served]:
    for node in tab.nodes:
        hook = hook_of(node)
        if hook is None or node.get("d"):
            continue
        method, path = hook
        name = str(node.get("name") or "")[:255]
        yield Served(method, path, Place(tab.id, tab.name, str(node["id"])[:255], name))
