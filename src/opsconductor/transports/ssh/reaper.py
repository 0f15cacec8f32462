"""Ending a command where the server will not pass on a signal.

OpenSSH refuses to signal the commands of root (it has dropped the process that could), and before 7.9 those
of anybody; and it does not end a command when the connection goes. So a second session of the same connection
asks for it: both commands are children of the one sshd process that serves this connection, and no other.
"""

import re

# $p: the sshd of this connection; $k: the commands it runs, this script too, each in a group of its own.
# No single quote and no line break may occur, so that csh and fish pass it on to /bin/sh as it is.
_SCRIPT = (
    "p=$PPID; "
    'case "$(cat /proc/$p/comm 2>/dev/null || ps -o comm= -p $p)" in *sshd*) ;; *) exit 3;; esac; '
    "k=$(cat /proc/$p/task/$p/children 2>/dev/null"
    " || ps -A -o pid= -o ppid= | while read c q; do test $q = $p && echo $c; done); "
    "s() { r=1; for c in $k; do test $c = $$ || { kill -$1 -$c 2>/dev/null && r=0; }; done; return $r; }; "
    "s TERM; i=0; "
    "while s 0 && test $i -lt STEPS; do i=$((i+1)); sleep 0.1 2>/dev/null || { sleep 1; i=$((i+9)); }; done; "
    "s KILL; exit 0"
)


def script(grace: float) -> str:
    """Return the command that ends the other commands of its connection, by force after `grace` seconds."""
    return f"exec /bin/sh -c '{_SCRIPT.replace('STEPS', str(round(grace * 10)))}'"


def applies(server_version: str, username: str, *, forced_command: bool) -> bool:
    """Tell whether a signal certainly does not arrive, and a second session certainly is a shell.

    Where the server runs a command of its own for this login (`forced_command`), asking would run it again.
    """
    version = re.match(r"SSH-2\.0-OpenSSH_(\d+)\.(\d+)", server_version)  # not OpenSSH_for_Windows_9.5
    if version is None or forced_command:
        return False
    return username == "root" or (int(version[1]), int(version[2])) < (7, 9)
