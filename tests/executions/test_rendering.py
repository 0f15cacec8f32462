"""What is sent to a target's shell, tried on real shells of this machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from opsconductor.contracts.actions import CommandParameters, ScriptParameters
from opsconductor.executions.rendering import NO_FOLDER, render

SHELLS = [name for name in ("sh", "bash", "dash") if shutil.which(name)]
NASTY = [
    "",
    " ",
    "it's",
    '"',
    "$HOME",
    "`id`",
    "$(id)",
    "a\nb",
    "a\n\nb\n",
    "\\",
    "!x",
    "*",
    "ü☃",
    "-n",
    "a;id",
]
PASSWORD = SecretStr("pass word's")
SUDO = """#!/bin/sh
# Stands in for sudo, which asks root for nothing: takes the password by stdin, as `sudo -S` does.
echo "$*" >> "$0.log"
if [ "$1" = -S ]; then
  IFS= read -r given
  [ "$given" = "pass word's" ] || { echo "Sorry, try again." >&2; exit 1; }
fi
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


def _run(rendered, shell: str = "sh", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [shell, "-c", rendered.text],
        input=rendered.stdin or b"",
        capture_output=True,
        timeout=20,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_plain_command_goes_to_the_login_shell_as_it_is():
    sent = render(CommandParameters(command="echo  'a' $((1+1))"), {}, None)

    assert (sent.text, sent.stdin) == ("echo  'a' $((1+1))", None)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", NASTY)
def test_a_variable_arrives_as_it_is_and_is_never_read_as_code(shell, value):
    parameters = CommandParameters(command='printf %s "$GIVEN"', environment={"GIVEN": value})

    assert _run(render(parameters, {}, None), shell).stdout == value.encode()


@pytest.mark.parametrize("shell", SHELLS)
def test_arguments_of_a_script_arrive_as_they_are(shell):
    script = ScriptParameters(content="printf '<%s>' \"$@\"", arguments=NASTY)

    assert _run(render(script, {}, None), shell).stdout == "".join(f"<{a}>" for a in NASTY).encode()


def test_no_value_is_part_of_what_other_users_see_in_the_list_of_processes():
    script = ScriptParameters(
        content="echo HIDDEN-1",
        arguments=["HIDDEN-2"],
        environment={"A": "HIDDEN-3"},
        become={"user": "root"},
    )
    sent = render(script, {"B": "HIDDEN-4"}, SecretStr("HIDDEN-5"))

    assert sent.stdin is not None
    assert sent.stdin.count(b"HIDDEN") == 5
    assert "HIDDEN" not in sent.text


def test_a_script_says_by_its_first_line_what_runs_it():
    script = ScriptParameters(
        content="#!/usr/bin/env python3\nimport sys; print(sys.argv[1:])", arguments=["a b"]
    )

    assert _run(render(script, {}, None)).stdout == b"['a b']\n"


def test_a_script_with_windows_line_ends_runs():
    assert _run(render(ScriptParameters(content="echo a\r\necho b\r\n"), {}, None)).stdout == b"a\nb\n"


def test_a_script_leaves_its_exit_status_and_nothing_else(tmp_path: Path):
    sent = render(ScriptParameters(content="umask; exit 7"), {}, None)
    done = _run(sent, TMPDIR=str(tmp_path))

    assert done.returncode == 7
    assert (
        done.stdout.strip()
        == subprocess.run(["sh", "-c", "umask"], capture_output=True, check=True).stdout.strip()
    )
    assert list(tmp_path.iterdir()) == []


def test_a_script_reads_nothing_from_its_standard_input():
    assert _run(render(ScriptParameters(content="cat; echo end"), {}, None)).stdout == b"end\n"


def test_a_long_script_arrives_whole():
    content = "".join(f"echo {number}\n" for number in range(20_000))
    done = _run(render(ScriptParameters(content=content), {}, None))

    assert done.stdout.split() == [str(number).encode() for number in range(20_000)]


def test_a_command_runs_in_its_folder(tmp_path: Path):
    folder = tmp_path / "it's -n"
    folder.mkdir()

    sent = render(CommandParameters(command="pwd", working_directory=str(folder)), {}, None)
    assert _run(sent).stdout.decode() == f"{folder}\n"


def test_a_folder_that_is_not_there_keeps_the_command_from_running(tmp_path: Path):
    sent = render(CommandParameters(command="echo ran", working_directory=str(tmp_path / "no")), {}, None)
    done = _run(sent)

    assert (done.returncode, done.stdout) == (NO_FOLDER, b"")


def test_an_input_that_is_cut_short_runs_nothing():
    sent = render(CommandParameters(command="echo ran", environment={"A": "b"}), {}, None)
    assert sent.stdin is not None
    for length in range(len(sent.stdin) - 1):
        done = subprocess.run(
            ["sh", "-c", sent.text], input=sent.stdin[:length], capture_output=True, timeout=20, check=False
        )
        assert (done.returncode, done.stdout) == (125, b""), length


@pytest.fixture
def sudo(tmp_path: Path) -> Path:
    program = tmp_path / "sudo"
    program.write_text(SUDO)
    program.chmod(0o755)
    return program


def test_the_password_reaches_sudo_and_nobody_else(sudo: Path):
    parameters = CommandParameters(command="cat; echo $A", environment={"A": "b"}, become={"user": "deploy"})
    done = _run(render(parameters, {}, PASSWORD), PATH=f"{sudo.parent}:{os.environ['PATH']}")

    assert (done.returncode, done.stdout, done.stderr) == (0, b"b\n", b"")
    assert "-u deploy" in Path(f"{sudo}.log").read_text()
    assert "pass" not in Path(f"{sudo}.log").read_text()


def test_a_sudo_that_does_not_ask_gives_the_password_to_nobody(sudo: Path):
    sudo.write_text(SUDO.replace('[ "$1" = -S ]', "false"))
    done = _run(
        render(CommandParameters(command="cat; set", become={}), {}, PASSWORD),
        PATH=f"{sudo.parent}:{os.environ['PATH']}",
    )

    assert done.returncode == 0
    assert b"pass word" not in done.stdout


def test_a_wrong_password_runs_nothing(sudo: Path):
    done = _run(
        render(CommandParameters(command="echo ran", become={}), {}, SecretStr("wrong")),
        PATH=f"{sudo.parent}:{os.environ['PATH']}",
    )

    assert (done.returncode, done.stdout) == (1, b"")


def test_without_a_password_sudo_is_told_not_to_ask(sudo: Path):
    sent = render(CommandParameters(command="echo ran", become={}), {}, None)

    assert sent.text.startswith("exec sudo -n -H -u root -- /bin/sh")
    assert _run(sent, PATH=f"{sudo.parent}:{os.environ['PATH']}").stdout == b"ran\n"
