"""Running one command, as most tests do."""

from tests.support.sshd import Target
from tests.transports.sinks import Kept

from opsconductor.transports import Command, Exit, Transport


async def run(
    transport: Transport, target: Target, text: str, *, timeout: float = 10, stdin: bytes | None = None
) -> tuple[Exit, Kept]:
    kept = Kept()
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command(text, timeout, stdin), kept)
        return await running.wait(), kept
