"""One target of the fleet: what it needs, and the question whether it answers."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import asyncssh

from opsconductor.stack.ports import LOOPBACK

IDENTITY = "OPSCONDUCTOR_DEMO_TARGET"
"""The environment variable in which every command finds the name of its target."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A target to be: `home` is an existing private folder of its own for its files."""

    name: str
    port: int
    home: Path
    username: str
    host_key: asyncssh.SSHKey
    client_key: asyncssh.SSHKey


class Server(Protocol):
    """Something that serves a target."""

    kind: str

    async def start(self) -> None:
        """Start; OSError where that is impossible here."""
        ...

    async def ended(self) -> None:
        """Wait until it no longer serves, for whatever reason."""
        ...

    async def stop(self) -> None:
        """Stop it with everything that runs in it. Idempotent."""
        ...


async def answers(spec: Spec, seconds: float = 5) -> bool:
    """Tell whether the target runs a command and knows its name, waiting for it to come up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await _name(spec) == spec.name
                except ConnectionError:
                    await asyncio.sleep(0.02)
                except (asyncssh.Error, OSError):
                    return False
    return False


async def _name(spec: Spec) -> str:
    async with asyncssh.connect(
        LOOPBACK,
        spec.port,
        config=None,
        agent_path=None,
        gss_host=None,
        known_hosts=([spec.host_key.convert_to_public()], [], []),
        username=spec.username,
        client_keys=[spec.client_key],
    ) as connection:
        done = await connection.run(f"echo ${IDENTITY}", encoding="utf-8", errors="replace")
        return str(done.stdout).strip()
