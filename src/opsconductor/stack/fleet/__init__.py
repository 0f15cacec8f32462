"""The demo fleet: small SSH targets on this machine, to try everything with nothing to lose.

Each target answers as the user who runs it, on 127.0.0.1 only, to one key that is made for it.
"""

from collections.abc import Sequence

from opsconductor.stack.fleet.roster import Fleet, Member, read

__all__ = ["Fleet", "Member", "main", "read"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fleet in the foreground until SIGTERM or SIGINT; return the exit status."""
    from opsconductor.stack.fleet import run  # only who runs the fleet needs the SSH library

    return run.main(arguments)
