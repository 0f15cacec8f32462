"""Garbage collection, which must not hold up a service."""

import gc

THRESHOLDS = (5_000, 5, 5)
"""Objects made and not gone before the young are looked through; and how often that is until the older ones are.

Python's own, 700, is reached within a few requests, and each time what is under way is looked through again: a tenth of
what core and worker spent on an execution. The oldest are looked through about as often as by default.
"""


def leave_out_what_is_here() -> None:
    """Have it not look again at what a service consists of: for a core that is a pause of 0.2 to 0.6 s each time.

    To be called once a service has started, before it has anything to do.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
