"""`doctor`: look at everything the stack needs, and say what to do about what is missing."""

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

import typer

from opsconductor.apps.cli import console
from opsconductor.apps.cli.lifecycle import AsJson, Folder
from opsconductor.stack import bucket, nginx, node, ports, postgres, valkey
from opsconductor.stack.fleet import openssh
from opsconductor.stack.folders import DataDir, project
from opsconductor.stack.prepare import NEEDED_SPACE
from opsconductor.stack.problems import StackProblem
from opsconductor.stack.running import status
from opsconductor.storage.errors import BucketAway


@dataclass(frozen=True)
class Finding:
    """What was looked at, and how it is. `level` is ok, note or problem."""

    what: str
    level: str
    text: str


def doctor(data_dir: Folder = None, as_json: AsJson = False) -> None:
    """Check what the stack needs on this machine; exit status 1 where something is missing."""
    data = DataDir.at(data_dir)
    looks: list[Callable[[], Finding]] = [
        _python,
        lambda: _part("Node.js", lambda: f"{node.find().version} ({node.find().program})"),
        lambda: _external("PostgreSQL", "DATABASE_URL") or _part("PostgreSQL", _postgres),
        lambda: _external("Redis", "REDIS_URL") or _part("Valkey", valkey.binary),
        lambda: _part("nginx", nginx.binary),
        _sshd,
        lambda: _disk(data),
        _storage,
        _web_app,
        lambda: _stack(data),
        lambda: _audit(data),
        lambda: _ports(data),
    ]
    findings = [look() for look in looks]
    if as_json:
        console.show_json([asdict(finding) for finding in findings])
    else:
        _show(findings)
    raise typer.Exit(1 if any(finding.level == "problem" for finding in findings) else 0)


def _show(findings: list[Finding]) -> None:
    marks = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "problem": "[red]✗[/]"}
    for finding in findings:
        console.out.print(f"{marks[finding.level]} {finding.what:<12}", end="")
        console.out.print(finding.text, markup=False)


def _part(what: str, find: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", find())
    except StackProblem as problem:
        return Finding(what, "problem", str(problem))


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})")


def _postgres() -> str:
    folder = postgres.binaries()
    return f"{postgres.major(folder)} ({folder})"


def _external(what: str, variable: str) -> Finding | None:
    return Finding(what, "ok", f"the server of {variable}") if os.environ.get(variable) else None


def _sshd() -> Finding:
    found = openssh.find()
    if found:
        return Finding("sshd", "ok", f"{found}; the demo fleet uses it")
    return Finding(
        "sshd", "note", "not installed; the demo fleet uses the SSH server that ships with OpsConductor"
    )


def _disk(data: DataDir) -> Finding:
    folder = data.root if data.root.exists() else project()
    free = shutil.disk_usage(folder).free
    text = f"{free // 2**20} MiB free at {folder}"
    if free < 200 * 2**20:
        return Finding("Disk", "problem", f"{text}; free some space, a full disk stops the database")
    return Finding("Disk", "note" if free < NEEDED_SPACE else "ok", text)


def _storage() -> Finding:
    try:
        config = bucket.settings()
    except StackProblem as problem:
        return Finding("Storage", "problem", str(problem))
    if not config.storage_url:
        return Finding("Storage", "ok", "the folder of the data; no bucket is set")
    from opsconductor.storage.bucket import Bucket  # brings a library that is not needed without

    try:
        asyncio.run(Bucket(config).probe())
    except BucketAway as away:
        return Finding("Storage", "problem", str(away))
    return Finding("Storage", "ok", f"{config.storage_url} can be written, read and deleted")


def _web_app() -> Finding:
    if (nginx.web_app() / "index.html").exists():
        return Finding("Web app", "ok", "built")
    return Finding("Web app", "note", "not built yet; `./opsconductor up` builds it")


def _stack(data: DataDir) -> Finding:
    found = status(data)
    if found is None:
        return Finding("Stack", "note", f"not running in {data.root}")
    down = [
        name for name, standing in found["services"].items() if standing["state"] not in ("ready", "done")
    ]
    if down:
        return Finding(
            "Stack", "problem", f"not working: {', '.join(down)}; see `./opsconductor logs {down[0]}`"
        )
    return Finding("Stack", "ok", f"all {len(found['services'])} parts work, at {found['public_url']}")


def _audit(data: DataDir) -> Finding:
    if not status(data):
        return Finding("Audit log", "note", "how far it is protected is seen while the stack runs")
    from opsconductor.apps.cli import auditing  # brings the database, which nothing else here needs

    try:
        protected = auditing.protection(data)
    except StackProblem as problem:
        return Finding("Audit log", "problem", str(problem))
    if protected:
        return Finding("Audit log", "ok", "chained; the services' role can only add to it")
    return Finding(
        "Audit log",
        "note",
        "chained, but the services' role owns its tables and could change it; set "
        "OPSCONDUCTOR_MIGRATION_DATABASE_URL (docs/guide/audit.md)",
    )


def _ports(data: DataDir) -> Finding:
    if status(data):
        return Finding("Ports", "ok", "in use by the running stack")
    wanted = ports.WANTED | ports.remembered(data.run / ports.MEMORY)
    taken = []
    for name, port in wanted.items():
        bound = ports.reserve(port)
        if ports.port_of(bound) != port:
            taken.append(f"{port} ({name})")
        bound.close()
    if taken:
        return Finding(
            "Ports", "note", f"taken by others: {', '.join(taken)}; the next free ones will be used"
        )
    return Finding("Ports", "ok", ", ".join(f"{name} {port}" for name, port in wanted.items()))
