"""What has to be made once after a checkout or an update: npm packages and the web app."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from opsconductor.stack import debian, node, offspring
from opsconductor.stack.folders import project, require_space
from opsconductor.stack.node import Node
from opsconductor.stack.problems import StackProblem

NEEDED_SPACE = 1_500 * 1024 * 1024  # bytes for a first set-up
WEB_SOURCES = ("frontend/src", "frontend/public", "frontend/index.html", "frontend/vite.config.ts")
API = "docs/reference/openapi.json"

Say = Callable[[str], None]


async def prepare(say: Say, *, with_tests: bool = False) -> None:
    """Install npm packages and build the web app, where that is not done yet. Raises StackProblem."""
    cache = project() / ".cache"
    cache.mkdir(exist_ok=True)
    async with alone(cache / "prepare.lock", say):
        found = node.find()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_node_red(found, say, with_tests))
                group.create_task(_web_app(found, say))
                group.create_task(_bubblewrap(say))
        except* StackProblem as problems:
            raise problems.exceptions[0] from None


async def node_red(say: Say) -> None:
    """Install Node-RED alone, where that is not done yet. Raises StackProblem."""
    cache = project() / ".cache"
    cache.mkdir(exist_ok=True)
    async with alone(cache / "prepare.lock", say):
        await _node_red(node.find(), say, with_tests=False)


async def _node_red(found: Node, say: Say, with_tests: bool) -> None:
    root = project() / "nodered"
    complete = _stamp_of("nodered-with-tests")
    fresh = _digest(root / "package-lock.json")
    if complete.exists() and complete.read_text() == fresh:
        return
    await _once(
        "nodered-with-tests" if with_tests else "nodered",
        fresh,
        lambda: _install(found, root, "Installing Node-RED ...", say, omit_dev=not with_tests),
    )


async def _bubblewrap(say: Say) -> None:
    """Install what the box around Node-RED is made with, where we may; tried once, as the start goes on without."""
    stamp = _stamp_of("bubblewrap")
    if sys.platform != "linux" or shutil.which("bwrap") or not debian.can_install() or stamp.exists():
        return
    say("Installing bubblewrap ...")
    try:
        await asyncio.to_thread(debian.install, ["bubblewrap"])
    except StackProblem as problem:
        say(f"bubblewrap could not be installed; flows run in a lesser box (docs/guide/box.md). {problem}")
    stamp.parent.mkdir(exist_ok=True)
    stamp.touch()


async def _web_app(found: Node, say: Say) -> None:
    root = project() / "frontend"
    lock = _digest(root / "package-lock.json")
    await _once("frontend", lock, lambda: _install(found, root, "Installing the web app's packages ...", say))
    sources = _digest(*(project() / name for name in (*WEB_SOURCES, API, "frontend/package-lock.json")))
    if not (root / "dist" / "index.html").exists():
        _stamp_of("web").unlink(missing_ok=True)
    await _once("web", sources, lambda: _build(found, root, say))


async def _install(found: Node, root: Path, what: str, say: Say, *, omit_dev: bool = False) -> None:
    say(what)
    require_space(project(), NEEDED_SPACE)
    await npm(found, root, "ci", "--ignore-scripts", *(["--omit=dev"] if omit_dev else []))


async def _build(found: Node, root: Path, say: Say) -> None:
    say("Building the web app ...")
    await npm(found, root, "run", "build")


async def npm(found: Node, root: Path, *words: str) -> None:
    """Run npm. Raises StackProblem with what it said where it fails; takes it along where we are interrupted."""
    log = project() / ".cache" / f"npm-{root.name}.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *offspring.tied([*found.npm_command, *words]),
            cwd=root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, "PATH": found.path},
            start_new_session=True,
        )
        try:
            status = await process.wait()
        finally:
            if process.returncode is None:  # left running, it would write into what the next attempt makes
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
    if status != 0:
        said = "\n".join(f"    {line}" for line in _reasons(log.read_text(errors="replace")))
        raise StackProblem(
            f"`npm {' '.join(words)}` failed in {root.name}/. Check the internet connection and the free disk space, "
            f"and run this again; what is there is kept. From {log}:\n{said}"
        )


async def output(command: Sequence[str]) -> str:
    """Return what a program of ours prints. Raises StackProblem where it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    if process.returncode != 0:
        raise StackProblem(f"{Path(command[1]).name} failed: {complaint.decode(errors='replace')[-500:]}")
    return said.decode()


def _reasons(said: str) -> list[str]:
    """Return the lines that say why: npm's first error lines, or the last of a build."""
    lines = [line for line in said.splitlines() if line.strip()]
    return [line for line in lines if line.startswith("npm error")][:4] or lines[-8:]


async def _once(name: str, fresh: str, make: Callable[[], Awaitable[None]]) -> None:
    """Make something unless its stamp says it was made from the same things; an interrupted one leaves no stamp."""
    stamp = _stamp_of(name)
    if stamp.exists() and stamp.read_text() == fresh:
        return
    stamp.unlink(missing_ok=True)
    await make()
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(fresh)


def _stamp_of(name: str) -> Path:
    return project() / ".cache" / "stamps" / name


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(paths):
        digest.update(str(path.relative_to(project())).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [file for file in found if file.exists() and file.name != "schema.ts"]  # that one is generated


@asynccontextmanager
async def alone(path: Path, say: Say) -> AsyncIterator[None]:
    """Let one set-up run at a time."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is under way; waiting for it ...")
            await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield
