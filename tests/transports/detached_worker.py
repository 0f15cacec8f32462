"""A worker that will be killed: performs operations until each has a result, and notes those as it goes.

Called with a file that says where the target is and what to do; takes up where a killed one left off.
"""

import asyncio
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from opsconductor.transports import (
    Command,
    Connection,
    Endpoint,
    Exit,
    HostKeyCheck,
    Running,
    SshLogin,
    TransportError,
)
from opsconductor.transports.detached import OperationKey, Received
from opsconductor.transports.detached_errors import NeverStarted, OutcomeUnknown
from opsconductor.transports.ssh import SshTransport

AT_ONCE = 8


@dataclass
class Hashes:
    """Keeps what is needed to compare."""

    def __post_init__(self) -> None:
        self.out, self.err = hashlib.sha256(), hashlib.sha256()

    def stdout(self, data: bytes) -> None:
        self.out.update(data)

    def stderr(self, data: bytes) -> None:
        self.err.update(data)


class Worker:
    """Does for its operations what the engine does for results, with a folder in place of a database."""

    def __init__(self, plan: dict) -> None:
        self._endpoint = Endpoint(plan["host"], plan["port"])
        self._login = SshLogin(plan["username"], private_key=SecretStr(plan["private_key"]))
        self._check = HostKeyCheck(plan["host_key"])
        self._commands: dict[str, str] = plan["commands"]
        self._results = Path(plan["results"])
        self._fence = plan["fence"]
        self._transport = SshTransport()
        self._free = asyncio.Semaphore(AT_ONCE)

    async def work(self) -> None:
        await asyncio.gather(*(self._until_known(id) for id in self._commands))

    async def _until_known(self, id: str) -> None:
        result, intent = self._results / f"{id}.json", self._results / f"{id}.intent"
        async with self._free:
            while not result.exists():
                try:
                    async with await self._transport.connect(
                        self._endpoint, self._login, self._check
                    ) as connection:
                        await self._advance(connection, id, result, intent)
                except OutcomeUnknown as unknown:
                    _write(result, {"unknown": unknown.code})
                except TransportError:
                    await asyncio.sleep(0.05)

    async def _advance(self, connection: Connection, id: str, result: Path, intent: Path) -> None:
        key, hashes = OperationKey(id, self._fence), Hashes()
        running = await self._running(connection, key, Received(hashes), intent)
        end = await running.wait()
        _write(result, _story(end, hashes))
        await connection.release(key)

    async def _running(
        self, connection: Connection, key: OperationKey, received: Received, intent: Path
    ) -> Running:
        command = Command(self._commands[key.id], 60)
        if intent.exists():
            try:
                return await connection.attach(received, key, command.timeout)
            except NeverStarted:
                pass
        intent.touch()
        return await connection.start_detached(command, received, key)


def _story(end: Exit, hashes: Hashes) -> dict[str, object]:
    return {
        "code": end.exit_code,
        "clean": end.clean,
        "out": hashes.out.hexdigest(),
        "err": hashes.err.hexdigest(),
    }


def _write(result: Path, story: dict[str, object]) -> None:
    new = result.with_suffix(".new")
    new.write_text(json.dumps(story))
    new.replace(result)


if __name__ == "__main__":
    plan = Path(sys.argv[1])
    plan.with_suffix(".taken").touch()
    asyncio.run(Worker(json.loads(plan.read_text())).work())
