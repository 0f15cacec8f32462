"""Telling what the attendant says from what the command writes: both come on the same streams."""

import secrets
from collections.abc import Iterator

RECORD = "\x1e"  # begins a mark; output rarely ends with it, so that next to nothing has to be held back


def new_mark() -> str:
    """Return a mark that no command can know."""
    return RECORD + secrets.token_hex(16)


class Listener:
    """Takes one stream apart, whatever pieces it comes in: bytes are output, lists of words were said."""

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._held = b""

    def hear(self, data: bytes) -> Iterator[bytes | list[str]]:
        """Yield what is complete; hold back what may become a mark."""
        self._held += data
        while (at := self._held.find(self._mark)) >= 0:
            said, newline, rest = self._held[at:].partition(b"\n")
            if not newline:
                break
            if at:
                yield self._held[:at]
            self._held = rest
            yield said.decode("ascii", "replace").split()[1:]
        keep = len(self._held) - at if at >= 0 else self._beginning()
        data, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        if data:
            yield data

    def _beginning(self) -> int:
        """Return how many bytes at the end may be the beginning of a mark."""
        at = self._held.rfind(self._mark[:1], -len(self._mark))
        return len(self._held) - at if at >= 0 and self._mark.startswith(self._held[at:]) else 0
