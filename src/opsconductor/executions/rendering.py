"""From commands and scripts to what is sent to the target: one line for its login shell, and the standard input.

What a person typed never becomes part of that line where anything has to be set up first: the line starts /bin/sh
with a program of ours, which reads everything else from its standard input. So values are data, no shell of the
target (fish, csh) has to understand our quoting, and nothing shows in the target's list of processes.
"""

import secrets
import shlex
from dataclasses import dataclass

from pydantic import SecretStr

from opsconductor.contracts.actions import Become, CommandParameters, ProgramParameters, ScriptParameters

# Reads and drops all lines up to the mark (a password that sudo did not ask for), gathers those up to the next
# mark, and runs them. No single quote, line break or exclamation mark may occur: csh and fish pass it on then.
# An input that ends too early runs nothing.
_READER = (
    "_opsc_m=$1; shift; "
    "while IFS= read -r _opsc_l; do case $_opsc_l in $_opsc_m) break;; esac; done; "
    '_opsc_p=; _opsc_n=$(printf "\\nx"); _opsc_n=${_opsc_n%x}; '
    "while IFS= read -r _opsc_l; do case $_opsc_l in $_opsc_m) break;; esac; "
    "_opsc_p=$_opsc_p$_opsc_l$_opsc_n; done; "
    "case $_opsc_l in $_opsc_m) ;; *) exit 125;; esac; "
    'eval "$_opsc_p"'
)
NOT_PREPARED = 125
"""Exit status where the target could not even be prepared for the command (no room for the script)."""
NO_FOLDER = 126
"""Exit status where the working directory can't be entered."""


@dataclass(frozen=True)
class Rendered:
    """A line for the login shell, and what it reads. `stdin` may hold secrets; `text` does not."""

    text: str
    stdin: bytes | None = None


def render(
    parameters: CommandParameters | ScriptParameters,
    variables: dict[str, str],
    password: SecretStr | None,
) -> Rendered:
    """Return what to send. `variables` go into the environment, `password` to sudo where it asks."""
    if isinstance(parameters, CommandParameters):
        if not variables and is_plain(parameters):
            return Rendered(parameters.command)
        return _read(parameters, variables, password, [parameters.command], b"")
    assert parameters.content is not None  # a stored script is looked up when the execution is accepted
    return _read(parameters, variables, password, _script(parameters), parameters.content.encode())


def is_plain(parameters: ProgramParameters) -> bool:
    """Tell whether nothing has to be set up before a command, so that it goes to the login shell as it is."""
    return not (parameters.environment or parameters.working_directory or parameters.become)


def _read(
    parameters: ProgramParameters,
    variables: dict[str, str],
    password: SecretStr | None,
    deed: list[str],
    rest: bytes,
) -> Rendered:
    mark = f"opsc-{secrets.token_hex(16)}"
    given = {**variables, **parameters.environment}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
    if parameters.working_directory:
        lines.append(f"cd -- {shlex.quote(parameters.working_directory)} || exit {NO_FOLDER}")
    lines += deed
    shell = f"/bin/sh -c '{_READER}' sh {mark}"
    first = ""
    if parameters.become:
        shell = f"{_sudo(parameters.become, password)} {shell}"
        first = f"{password.get_secret_value()}\n" if password else ""
    body = first + f"{mark}\n" + "".join(f"{line}\n" for line in lines) + f"{mark}\n"
    return Rendered(f"exec {shell}", body.encode() + rest)


def _sudo(become: Become, password: SecretStr | None) -> str:
    asks = '-S -p ""' if password else "-n"
    return f"sudo {asks} -H -u {shlex.quote(become.user)} --"


def _script(parameters: ScriptParameters) -> list[str]:
    words = [*_interpreter(parameters), '"$_opsc_d/script"', *map(shlex.quote, parameters.arguments)]
    return [
        "_opsc_u=$(umask); umask 077",
        f"_opsc_d=$(mktemp -d) || exit {NOT_PREPARED}",
        "trap 'rm -rf \"$_opsc_d\"' EXIT; trap 'exit 143' TERM; trap 'exit 129' HUP; trap 'exit 130' INT",
        f'cat >"$_opsc_d/script" || exit {NOT_PREPARED}',
        'umask "$_opsc_u"',
        f"{' '.join(words)} </dev/null",
    ]


def _interpreter(parameters: ScriptParameters) -> list[str]:
    """Return the words that run the script: what was asked for, else its first line's, else sh."""
    if parameters.interpreter:
        return [shlex.quote(parameters.interpreter)]
    first = (parameters.content or "").split("\n", 1)[0].strip()
    if not first.startswith("#!"):
        return ["sh"]
    # As the kernel does it: a program, and all the rest as one argument.
    return [shlex.quote(word) for word in first[2:].split(maxsplit=1)] or ["sh"]
