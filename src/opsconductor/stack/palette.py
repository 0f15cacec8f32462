"""Node packages that an administrator adds: put there by npm, pinned by a lock, checked before they count.

Flows can't add any: Node-RED has no right to write there, and the editor's own palette manager is off.
"""

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsconductor.stack import node, prepare
from opsconductor.stack.folders import DataDir, project, require_space
from opsconductor.stack.prepare import Say
from opsconductor.stack.problems import StackProblem

SPEC = re.compile(r"(?P<name>(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*)(@(?P<version>[\w.+-]+))?")
NEEDED_SPACE = 200 * 1024 * 1024  # bytes
EMPTY = {"name": "opsconductor-palette", "private": True, "version": "0.0.0", "dependencies": {}}
ARCHIVES = "packages"  # the folder with what came as a file
UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ERR_SOCKET")
QUIETLY = ("--ignore-scripts", "--save-exact", "--omit=dev", "--no-audit", "--no-fund")


@dataclass(frozen=True)
class Package:
    """A package that is there, pinned by its hash."""

    name: str
    version: str
    types: tuple[str, ...]
    integrity: str


async def packages(data: DataDir) -> list[Package]:
    """Return what has been added, by name."""
    folder = _folder(data)
    if not (folder / "package.json").exists():
        return []
    wanted, found = _wanted(folder), await _look(folder)
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    return [
        Package(
            one["name"],
            one["version"],
            tuple(one["types"]),
            locked.get(f"node_modules/{one['name']}", {}).get("integrity", ""),
        )
        for one in found["packages"]
        if one["name"] in wanted
    ]


async def add(data: DataDir, what: str, say: Say) -> Package:
    """Add `NAME@VERSION`, or a file of a package. Raises StackProblem; nothing has changed then."""
    require_space(data.root, NEEDED_SPACE)
    async with prepare.alone(data.root / "palette.lock", say):
        draft = _draft(data)
        await _npm(draft, "install", *QUIETLY, _source(draft, what), about=what)
        found = await _look(draft)
        name = _added(draft, what)
        _check(found, name)
        _put_in_place(data, draft)
        return next(one for one in await packages(data) if one.name == name)


async def remove(data: DataDir, name: str, say: Say, *, force: bool = False) -> None:
    """Remove a package. Raises StackProblem where it is not there, or flows use it: no flow would start without."""
    async with prepare.alone(data.root / "palette.lock", say):
        there = {one.name: one for one in await packages(data)}
        if name not in there:
            known = ", ".join(there) or "none"
            raise StackProblem(f"There is no package {name} in the palette. There are: {known}.")
        used = _types_in_flows(data) & set(there[name].types)
        if used and not force:
            raise StackProblem(
                f"Flows use {', '.join(sorted(used))} of {name}, and no flow at all would start without. "
                "Remove those nodes and deploy first, or say --force."
            )
        draft = _draft(data)
        await _npm(draft, "uninstall", *QUIETLY, name, about=name)
        _put_in_place(data, draft)


def _folder(data: DataDir) -> Path:
    return data.root / "palette"


def _draft(data: DataDir) -> Path:
    """Make a copy to work on: a half-installed package must not be what Node-RED starts with."""
    draft, folder = data.root / "palette.new", _folder(data)
    shutil.rmtree(draft, ignore_errors=True)
    if folder.exists():
        shutil.copytree(folder, draft, symlinks=True)
    draft.mkdir(exist_ok=True)
    if not (draft / "package.json").exists():
        (draft / "package.json").write_text(json.dumps(EMPTY, indent=2))
    return draft


def _source(draft: Path, what: str) -> str:
    """Return what npm is to install; a file is kept, so that the lock can be followed again. Raises StackProblem."""
    if not what.endswith((".tgz", ".tar.gz")):
        if not SPEC.fullmatch(what):
            raise StackProblem(f"{what!r} is neither NAME@VERSION nor a .tgz file of a package.")
        return what
    archive = Path(what).expanduser()
    if not archive.is_file():
        raise StackProblem(f"There is no file {what}.")
    kept = draft / ARCHIVES / archive.name
    kept.parent.mkdir(exist_ok=True)
    shutil.copyfile(archive, kept)
    return f"./{ARCHIVES}/{archive.name}"


async def _npm(folder: Path, *words: str, about: str) -> None:
    try:
        await prepare.npm(node.find(), folder, *words)
    except StackProblem as problem:
        raise StackProblem(_reason(str(problem), about)) from None


def _reason(said: str, about: str) -> str:
    if "E404" in said:
        return f"The registry has no package {about}. Check its name."
    if "ETARGET" in said:
        return f"The registry has no such version: {about}."
    if "EINTEGRITY" in said:
        return f"What the registry sent as {about} is not what the lock names; nothing was changed."
    if any(code in said for code in UNREACHED):
        return (
            f"The package registry could not be reached for {about}. Check the internet connection, "
            "or name a .tgz file of the package (`npm pack` makes one)."
        )
    return said


async def _look(folder: Path) -> dict[str, Any]:
    """Return what is in a palette folder, found out without running anything of it."""
    script = project() / "nodered" / "runtime" / "palette-check.js"
    said = await prepare.output([str(node.find().program), str(script), str(folder)])
    found: dict[str, Any] = json.loads(said)
    return found


def _wanted(folder: Path) -> dict[str, str]:
    wanted: dict[str, str] = json.loads((folder / "package.json").read_text()).get("dependencies", {})
    return wanted


def _added(draft: Path, what: str) -> str:
    """Return the name of the package that was asked for."""
    if match := SPEC.fullmatch(what):
        return match["name"]
    source = f"file:{ARCHIVES}/{Path(what).name}"
    return next(name for name, place in _wanted(draft).items() if place == source)


def _check(found: dict[str, Any], name: str) -> None:
    """Raise StackProblem where a package can't be used here."""
    by_name = {one["name"]: one for one in found["packages"]}
    package = by_name[name]
    if not package["isNodes"]:
        raise StackProblem(f"{name} has no nodes for Node-RED; nothing was changed.")
    for one in found["packages"]:
        if one["isNodes"] and one["needs"]:
            raise StackProblem(f"{one['name']} {one['version']} needs {' and '.join(one['needs'])}.")
    if twice := _twice([*set(found["taken"]), *(kind for one in found["packages"] for kind in one["types"])]):
        raise StackProblem(
            f"{name} brings node types that are there already: {', '.join(twice)}; nothing was changed."
        )


def _twice(types: Iterable[str]) -> list[str]:
    return sorted(kind for kind, times in Counter(types).items() if times > 1)


def _put_in_place(data: DataDir, draft: Path) -> None:
    folder, old = _folder(data), data.root / "palette.old"
    for place, folders, files in os.walk(draft):  # Node-RED may be another user, whatever our umask is
        for name in (".", *folders, *files):
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    draft.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def _types_in_flows(data: DataDir) -> set[str]:
    """Return the types that the flows have, as Node-RED kept them last."""
    try:
        # Node-RED can write there: a link would lead us elsewhere.
        with os.fdopen(
            os.open(data.root / "nodered" / "last-good.json", os.O_RDONLY | os.O_NOFOLLOW)
        ) as file:
            return {str(one.get("type")) for one in json.load(file)["flows"]}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return set()
