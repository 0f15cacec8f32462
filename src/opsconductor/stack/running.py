"""One embedded stack from its lock to its last process: what `up` runs, in the foreground or behind."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from opsconductor.stack import control, embedded, leftovers, lock
from opsconductor.stack.control import Control
from opsconductor.stack.embedded import Layout
from opsconductor.stack.folders import DataDir, require_space
from opsconductor.stack.problems import StackProblem
from opsconductor.stack.services import Service
from opsconductor.stack.supervisor import Supervisor, Watcher

NEEDED_SPACE = 100 * 1024 * 1024  # bytes for a new cluster, and for an old one to work at all
WhenUp = Callable[[Layout], None]


class Composed(Protocol):
    """Says what a stack is made of."""

    def __call__(self, layout: Layout, *, with_fleet: bool = False) -> list[Service]: ...


class Stack:
    """The stack of one data folder, in this process."""

    def __init__(
        self,
        data: DataDir,
        *,
        with_fleet: bool = False,
        port: int | None = None,
        services: Composed = embedded.services,
    ) -> None:
        self._data = data
        self._services = services
        self._with_fleet = with_fleet
        self._port = port
        self._end = asyncio.Event()
        self._layout: Layout | None = None
        self._supervisor: Supervisor | None = None

    def end(self) -> None:
        """Ask for the end; callable from a signal handler."""
        self._end.set()

    async def run(self, watcher: Watcher, when_up: WhenUp) -> None:
        """Start everything, call `when_up`, and go on until asked to end. Raises StackProblem."""
        self._data.make()
        with lock.hold(lock_of(self._data)):
            async with AsyncExitStack() as starting:
                await starting.enter_async_context(lock.one_start_at_a_time())
                supervisor, door = await self._prepared()
                supervisor.watch(watcher)
                await door.open()
                try:
                    await self._until_end(supervisor, starting, when_up)
                finally:
                    await supervisor.stop()
                    await door.close()

    async def _prepared(self) -> tuple[Supervisor, Control]:
        """End what a killed predecessor left, choose ports, make the cluster and the list of services."""
        require_space(self._data.root, NEEDED_SPACE)
        record = self._data.run / "processes.json"
        await asyncio.to_thread(leftovers.end, record)
        self._layout = await asyncio.to_thread(embedded.lay_out, self._data, self._port)
        services = self._services(self._layout, with_fleet=self._with_fleet)
        self._supervisor = Supervisor(services, self._data.logs, record)
        return self._supervisor, Control(self._data.socket, self._answer)

    async def _until_end(self, supervisor: Supervisor, start: AsyncExitStack, when_up: WhenUp) -> None:
        starting = asyncio.create_task(supervisor.start())
        ending = asyncio.create_task(self._end.wait())
        await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await start.aclose()
            assert self._layout is not None
            when_up(self._layout)
            await ending
        else:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)

    async def _answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._obey(wanted)
        except StackProblem as problem:
            return {"problem": str(problem)}

    async def _obey(self, wanted: dict[str, Any]) -> dict[str, Any]:
        assert self._supervisor is not None
        assert self._layout is not None
        match wanted.get("do"):
            case "status":
                return self._status(self._supervisor, self._layout)
            case "restart":
                await self._supervisor.restart(str(wanted.get("service")))
            case "fleet":
                if "fleet" not in self._supervisor.services:
                    await self._supervisor.add(embedded.fleet(self._layout))
            case "down":
                self.end()
            case other:
                raise StackProblem(f"The supervisor does not know {other!r}; it may be of an older version.")
        return {}

    def _status(self, supervisor: Supervisor, layout: Layout) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "data_dir": str(self._data.root),
            "public_url": layout.public_url,
            "ports": dict(layout.ports),
            "box": asdict(layout.nodered.box) | {"functions": layout.nodered.functions},
            "ready": supervisor.all_up,
            "services": {name: asdict(standing) for name, standing in supervisor.standings.items()},
        }


def lock_of(data: DataDir) -> Path:
    """Return the file whose lock a running stack holds."""
    return data.run / "lock"


def status(data: DataDir) -> dict[str, Any] | None:
    """Return how the stack of a data folder is doing; None where none runs."""
    return control.ask(data.socket, "status")
