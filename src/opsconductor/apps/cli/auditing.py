"""What `audit` does. It asks the database itself: the log is not taken on the word of who writes it."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

import typer
from sqlalchemy.exc import DBAPIError

from opsconductor.apps.cli import console
from opsconductor.audit import chain_repository as repository
from opsconductor.audit import exporting, verifying
from opsconductor.audit.chain import Finding, Head, Verdict
from opsconductor.audit.exporting import FileVerdict
from opsconductor.audit.schemas import VerdictOut
from opsconductor.kit.database import Sessions, connect, sessions
from opsconductor.kit.settings import Settings, SettingsProblem, from_files
from opsconductor.stack.folders import DataDir
from opsconductor.stack.problems import StackProblem

T = TypeVar("T")
NOTED = re.compile(r"([1-9][0-9]{0,15}):([0-9a-f]{64})")
SHOWN = 20  # findings; --json has all


def verify(data: DataDir, noted: str | None, as_json: bool) -> bool:
    """Verify the log of an installation, show what was found, and return whether it is as it was written."""
    expected = _noted(noted)
    with console.err.status("Verifying …") as shown:

        def tell(at: int, until: int) -> None:
            shown.update(f"Verified {at:,} of {until:,} entries …")

        verdict = _asking(data, lambda found: verifying.verify(found, expected, tell))
    if as_json:
        console.show_json(VerdictOut.of(verdict).model_dump())
    elif verdict.intact:
        _say(True, f"{verdict.entries:,} entries{_period(verdict)}: unbroken.")
        console.out.print(f"  Head, to be noted elsewhere: {verdict.head.position}:{verdict.head.hash.hex()}")
    else:
        _say(False, f"The log is not as it was written; {verdict.entries:,} entries were looked at.")
        _show(verdict.findings)
    return verdict.intact


def _period(verdict: Verdict) -> str:
    if verdict.first_at is None or verdict.last_at is None:
        return ""
    return f", from {verdict.first_at:%Y-%m-%d %H:%M:%S} to {verdict.last_at:%Y-%m-%d %H:%M:%S} UTC"


def verify_file(file: Path, as_json: bool) -> bool:
    """Do the same with an exported file."""
    with file.open("rb") as opened:
        verdict = exporting.verify_file(opened)
    if as_json:
        console.show_json(asdict(verdict) | {"intact": verdict.intact})
    elif verdict.intact:
        _say(True, _about(verdict))
    else:
        _say(False, f"The file is not as it was exported; it has {verdict.entries:,} entries.")
        _show(verdict.findings)
    return verdict.intact


def export(data: DataDir, since: datetime | None, until: datetime | None, output: Path | None) -> None:
    """Write the entries of a period to a file, or print them."""

    async def write(found: Sessions, file: BinaryIO) -> None:
        async for piece in exporting.lines(found, _utc(since), _utc(until)):
            file.write(piece)

    with _opened(output) as file:
        _asking(data, lambda found: write(found, file))


def protection(data: DataDir) -> bool:
    """Tell whether the database refuses services every change of the log. Raises StackProblem."""

    async def ask(found: Sessions) -> bool:
        async with found() as session:
            return await repository.is_protected(session)

    return _asking(data, ask)


def _settings(data: DataDir) -> Settings:
    """Return settings with the database that our environment names, or the installation's. Raises StackProblem."""
    kept = data.secrets / "database_url"
    try:
        url = os.environ.get("DATABASE_URL") or from_files("DATABASE_URL").get("DATABASE_URL")
        url = url or (kept.read_text().strip() if kept.exists() else "")
        return Settings.model_validate({"DATABASE_URL": url}).require("database_url")
    except SettingsProblem as problem:
        raise StackProblem(
            f"No database is known: {problem}, or name the installation with --data-dir."
        ) from None


def _asking(data: DataDir, ask: Callable[[Sessions], Awaitable[T]]) -> T:
    config = _settings(data)

    async def asked() -> T:
        async with _database(config) as found:
            return await ask(found)

    try:
        return asyncio.run(asked())
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()
        raise StackProblem(
            f"The database did not answer: {reason[0] if reason else 'no reason was given'}"
        ) from None


@asynccontextmanager
async def _database(config: Settings) -> AsyncIterator[Sessions]:
    engine = connect(config, pool_size=1)
    try:
        yield sessions(engine)
    finally:
        await engine.dispose()


def _about(verdict: FileVerdict) -> str:
    if not verdict.entries:
        return "No entries."
    holes = f" {verdict.holes:,} positions in between are not in the file." if verdict.holes else ""
    return (
        f"{verdict.entries:,} entries, positions {verdict.first} to {verdict.last}: each fits its hash.{holes}\n"
        f"  The last: {verdict.last}:{verdict.hash}"
    )


def _say(well: bool, text: str) -> None:
    console.out.print("[green]✓[/] " if well else "[red]✗[/] ", end="")
    console.out.print(text, markup=False)


def _show(findings: list[Finding]) -> None:
    for finding in findings[:SHOWN]:
        console.out.print(f"  {finding.kind:<10}{finding.detail}", markup=False)
    if len(findings) > SHOWN:
        console.out.print(f"  … and {len(findings) - SHOWN:,} more; --json has all of them.")


def _noted(text: str | None) -> Head | None:
    if text is None:
        return None
    if not (found := NOTED.fullmatch(text)):
        raise typer.BadParameter("must be POSITION:HASH, as `audit verify` prints it", param_hint="--noted")
    return Head(int(found[1]), bytes.fromhex(found[2]))


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        return
    with output.open("wb") as file:
        yield file
