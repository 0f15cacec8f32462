"""What tests do with output."""

from opsconductor.transports import OutputLimit


class Kept:
    """Keeps everything."""

    def __init__(self) -> None:
        self.out = b""
        self.err = b""

    def stdout(self, data: bytes) -> None:
        self.out += data

    def stderr(self, data: bytes) -> None:
        self.err += data


class Limited:
    """Counts, and refuses more than a limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0

    def stdout(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self.limit:
            raise OutputLimit(limit=self.limit)

    stderr = stdout
