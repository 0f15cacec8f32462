"""A Node-RED that is not OpsConductor's own, as its users install it, with our package from `npm pack`."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from opsconductor.stack import node
from tests.support.servers import free_port

NODERED = Path(__file__).parents[2] / "nodered"
PACKAGES = [NODERED / "nodes", NODERED / "node_modules/mustache"]
"""Ours, and what it needs; both as archives, so that nothing is asked of a registry."""


@dataclass(frozen=True)
class StockNodeRed:
    """One that runs."""

    url: str
    log: Path
    api: httpx.AsyncClient

    async def deploy(self, flows: list[dict[str, Any]]) -> None:
        """Replace all flows, as the editor does."""
        async with self.starting():
            headers = {"Node-RED-API-Version": "v2"}
            answer = await self.api.post("/flows", json={"flows": flows}, headers=headers)
            assert answer.status_code == 200, answer.text

    @contextlib.asynccontextmanager
    async def starting(self) -> AsyncIterator[None]:
        """Leave this once the flows that are deployed in it have started."""
        before = self._starts()
        yield
        async with asyncio.timeout(30):
            while self._starts() == before:
                await asyncio.sleep(0.05)

    async def inject(self, id: str) -> None:
        """Press the button of an inject node."""
        assert (await self.api.post(f"/inject/{id}")).status_code == 200

    async def said(self, name: str, seconds: float = 60) -> str:
        """Return what a debug node wrote to the log, once it has."""
        pattern = re.compile(rf"\[info\] \[debug:{re.escape(name)}\]\s*(.*?)(?=\n\d+ \w+ |\Z)", re.DOTALL)
        async with asyncio.timeout(seconds):
            while not (found := pattern.search(self.log.read_text())):
                await asyncio.sleep(0.1)
        return found[1]

    def _starts(self) -> int:
        return self.log.read_text().count("Started flows")


def packed(folder: Path) -> list[Path]:
    """Make the archives that are installed; return them."""
    npm = node.find().npm_command
    command = [*npm, "pack", "--silent", "--pack-destination", str(folder), *map(str, PACKAGES)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return sorted(folder.glob("*.tgz"))


def install(archives: list[Path], user_dir: Path) -> None:
    """Install archives into a user folder, with no registry."""
    (user_dir / "package.json").write_text(json.dumps({"name": "stock", "private": True}))
    flags = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(user_dir / "cache")]
    command = [*node.find().npm_command, "install", *flags, *map(str, archives)]
    done = subprocess.run(command, cwd=user_dir, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


async def start(line: str, user_dir: Path) -> tuple[StockNodeRed, asyncio.subprocess.Process]:
    """Start a Node-RED of this line (a folder of node_modules); return it once it answers."""
    port, log = free_port(), user_dir / "log"
    settings = {
        "uiHost": "127.0.0.1",
        "uiPort": port,
        "credentialSecret": "of the stock Node-RED of a test",
        "telemetry": {"enabled": False, "updateNotification": False},
        "editorTheme": {"tours": False, "palette": {"catalogues": []}},
    }
    (user_dir / "settings.js").write_text(f"module.exports = {json.dumps(settings)}")
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            str(node.find().program),
            *(str(NODERED / "node_modules" / line / "red.js"), "--userDir", str(user_dir)),
            env={"PATH": os.environ["PATH"], "HOME": str(user_dir)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    running = StockNodeRed(url, log, httpx.AsyncClient(base_url=url, timeout=20))
    async with asyncio.timeout(60):
        while "Started flows" not in log.read_text():
            assert process.returncode is None, log.read_text()
            await asyncio.sleep(0.1)
    return running, process
