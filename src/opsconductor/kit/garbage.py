"""Garbage collection, which must not hold up a service."""

import gc


def leave_out_what_is_here() -> None:
    """Have it not look again at what a service consists of: for a core that is a pause of 0.2 to 0.6 s each time.

    To be called once a service has started, before it has anything to do.
    """
    gc.collect()
    gc.freeze()
