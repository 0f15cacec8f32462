"""Preparing a checkout: npm under our care."""

import asyncio
import json
from pathlib import Path

import psutil
import pytest

from opsconductor.stack import node, prepare
from opsconductor.stack.problems import StackProblem


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An npm package that can be slow, and can fail."""
    scripts = {
        "slow": "node -e 'setTimeout(() => {}, 60000)'",
        "broken": "node -e 'console.error(`out of paper`); process.exit(3)'",
    }
    (tmp_path / "package.json").write_text(json.dumps({"name": "p", "version": "1.0.0", "scripts": scripts}))
    return tmp_path


def left(folder: Path) -> list[int]:
    """Return the processes that work in this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


async def test_an_interrupted_set_up_leaves_no_npm_behind(package):
    running = asyncio.create_task(prepare.npm(node.find(), package, "run", "slow"))
    while len(left(package)) < 2:  # npm, and what it started
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with asyncio.timeout(5):  # what was killed takes a moment to be gone
        while left(package):
            await asyncio.sleep(0.02)


async def test_a_failed_npm_is_a_sentence_with_its_reason(package):
    with pytest.raises(StackProblem, match=r"npm run broken` failed(?s:.*)out of paper"):
        await prepare.npm(node.find(), package, "run", "broken")


async def test_what_is_made_of_the_same_things_is_not_made_again(monkeypatch, tmp_path):
    monkeypatch.setattr(prepare, "_stamp_of", lambda name: tmp_path / "stamps" / name)
    made = []

    async def make() -> None:
        made.append(1)

    for fresh in ("a", "a", "b"):
        await prepare._once("thing", fresh, make)
    assert len(made) == 2


async def test_what_failed_is_made_again(monkeypatch, tmp_path):
    monkeypatch.setattr(prepare, "_stamp_of", lambda name: tmp_path / "stamps" / name)

    async def fail() -> None:
        raise StackProblem("no")

    with pytest.raises(StackProblem):
        await prepare._once("thing", "a", fail)
    made = []

    async def make() -> None:
        made.append(1)

    await prepare._once("thing", "a", make)
    assert made
