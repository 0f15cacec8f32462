"""Who we are on this machine."""

import os
import pwd

NAMELESS = "opsconductor"


def has_a_name() -> bool:
    """Tell whether the system knows our user id; in some containers it does not."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True


def name() -> str:
    """Return our name by uid, as LOGNAME may still be that of whoever called sudo; a stand-in where there is none."""
    return pwd.getpwuid(os.getuid()).pw_name if has_a_name() else NAMELESS
