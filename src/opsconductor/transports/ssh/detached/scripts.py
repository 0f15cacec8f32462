"""The scripts for the target, put together. All goes over the input of `sh -s`, so nothing shows in a list of
processes, and a script that was cut off on its way does nothing: its last line calls what the others define."""

import base64
import math
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from opsconductor.transports.base import Command
from opsconductor.transports.detached import OperationKey

COMMAND_LINE = "exec sh -s"  # the same for every login shell
BLOCK = 512  # bytes, of POSIX's `ulimit -f`
MARGIN = 2  # s by which the time since a request may be told too short


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked about an operation. `mark` begins each line the attendant says."""

    key: OperationKey
    mark: str
    received: tuple[int, int] = (0, 0)
    sent_ago: float | None = None


def start(request: Request, command: Command, limit: int) -> bytes:
    """Run the command unless that was done, then attend it. Each stream may have `limit` bytes."""
    keeper = _assignments(
        operation=request.key.id,
        starter=_text("starter"),
        command=command.text,
        stdin=base64.b64encode(command.stdin or b"").decode(),
        timeout=math.ceil(command.timeout),
        blocks=math.ceil(limit / BLOCK),
    )
    return _attendant("start", request, keeper + _text("common") + _text("keeper") + "keep; exit")


def attach(request: Request) -> bytes:
    """Attend an operation that was started."""
    return _attendant("attach", request)


def release(request: Request) -> bytes:
    """Remove what an operation has left."""
    return _attendant("release", request)


def _attendant(want: str, request: Request, keeper: str = "") -> bytes:
    out, err = request.received
    variables = _assignments(
        want=want,
        operation=request.key.id,
        fence=request.key.fence,
        mark=request.mark,
        out_at=out,
        err_at=err,
        sent_ago="" if request.sent_ago is None else math.ceil(request.sent_ago) + MARGIN,
        keeper=keeper,
    )
    return f"{variables}{_text('common')}{_text('attendant')}main; exit\n".encode()


def _assignments(**values: str | int) -> str:
    return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in values.items())


@cache
def _text(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sh").read_text()
