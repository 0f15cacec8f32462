"""Everything that can go wrong before a command is sent, and that nothing is sent then."""

import contextlib
import dataclasses
import socket
import time

import asyncssh
import pytest
from pydantic import SecretStr
from tests.support.sshd import PASSWORD, running_sshd
from tests.transports import hostile
from tests.transports.hostile import raw, scripted
from tests.transports.runs import run

from opsconductor.stack import ports
from opsconductor.transports import (
    ConnectionClosed,
    ConnectRefused,
    ConnectTimeout,
    DnsFailed,
    Endpoint,
    HostKeyCheck,
    LoginRefused,
    LoginTimeout,
    ProtocolMismatch,
    SshLogin,
)
from opsconductor.transports.ssh import SshTransport

ANY = HostKeyCheck(accept_new=True)


async def test_a_check_measures_the_login_and_runs_nothing(transport, target):
    result = await transport.check(target.endpoint, target.login, target.pinned)

    assert result.host_key == target.host_key
    assert 0 < result.latency_ms < 5000


async def test_a_name_without_an_address_is_a_dns_failure(transport):
    with pytest.raises(DnsFailed) as failed:
        await transport.check(Endpoint("nowhere.invalid"), hostile.LOGIN, ANY)

    assert (failed.value.kind, failed.value.retry) == ("unreachable", True)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..b", "not a name", ""])
async def test_an_impossible_name_is_a_dns_failure_too(transport, name):
    with pytest.raises((DnsFailed, ConnectRefused)):
        await transport.check(Endpoint(name, 1), hostile.LOGIN, ANY)


async def test_a_port_where_nobody_listens_refuses(transport):
    with contextlib.closing(ports.reserve()) as bound, pytest.raises(ConnectRefused) as failed:
        await transport.check(Endpoint("127.0.0.1", ports.port_of(bound)), hostile.LOGIN, ANY)

    assert failed.value.retry


async def test_a_host_that_answers_nothing_at_all_times_out(hasty):
    with _full_backlog() as port, pytest.raises(ConnectTimeout):
        await hasty.check(Endpoint("127.0.0.1", port), hostile.LOGIN, ANY)


@pytest.mark.parametrize("talk", [hostile.says_nothing, hostile.greets_then_says_nothing, hostile.drips])
async def test_a_host_that_accepts_and_then_stalls_times_out(hasty, talk):
    started = time.monotonic()

    async with raw(talk) as endpoint:
        with pytest.raises(LoginTimeout) as failed:
            await hasty.check(endpoint, hostile.LOGIN, ANY)

    assert time.monotonic() - started < 2
    assert failed.value.retry


async def test_a_host_that_closes_at_once_is_told_as_such(transport):
    async with raw(hostile.closes_at_once) as endpoint:
        with pytest.raises(ConnectionClosed) as failed:
            await transport.check(endpoint, hostile.LOGIN, ANY)

    assert failed.value.retry


@pytest.mark.parametrize("talk", [hostile.floods, hostile.speaks_http])
async def test_what_does_not_speak_ssh_is_refused_quickly(hasty, talk):
    async with raw(talk) as endpoint:
        with pytest.raises((ProtocolMismatch, ConnectionClosed)):
            await hasty.check(endpoint, hostile.LOGIN, ANY)


async def test_the_right_password_logs_in(transport):
    async with running_sshd(password_login=True) as [target]:
        end, kept = await run(transport, target, "echo in")

    assert (end.exit_code, kept.out) == (0, b"in\n")


async def test_the_password_logs_in_where_the_key_is_not_taken(transport, target):
    async with running_sshd(password_login=True) as [other]:
        both = dataclasses.replace(other.login, private_key=target.login.private_key)
        result = await transport.check(other.endpoint, both, other.pinned)

    assert result.host_key == other.host_key


async def test_a_key_the_server_does_not_know_is_refused(transport, target):
    unknown = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    login = dataclasses.replace(target.login, private_key=SecretStr(unknown))

    with pytest.raises(LoginRefused):
        await transport.check(target.endpoint, login, target.pinned)


async def test_a_wrong_password_is_refused_and_not_retried(transport):
    async with running_sshd(password_login=True) as [target]:
        wrong = SshLogin(target.login.username, password=SecretStr("wrong"))
        with pytest.raises(LoginRefused) as failed:
            await transport.check(target.endpoint, wrong, target.pinned)

    assert (failed.value.kind, failed.value.retry) == ("failed", False)
    assert "wrong" not in str(failed.value).replace("is wrong", "")


@pytest.mark.parametrize(
    "login",
    [SshLogin("nobody-here"), SshLogin("nobody-here", password=SecretStr(PASSWORD))],
    ids=["nothing", "password"],
)
async def test_a_login_sshd_does_not_take_is_refused(transport, target, login):
    with pytest.raises(LoginRefused):
        await transport.check(target.endpoint, login, target.pinned)


async def test_a_password_goes_out_once_only(transport):
    async with scripted(hostile.refuses, right_password="another") as server:
        with pytest.raises(LoginRefused):
            await transport.check(server.endpoint, hostile.LOGIN, server.pinned)

    assert len(server.passwords) == 1


def test_a_login_does_not_show_its_secrets():
    login = SshLogin("root", SecretStr("hunter2"), SecretStr("PRIVATE"), SecretStr("sesame"))

    shown = f"{login} {login!r}"

    assert not [secret for secret in ("hunter2", "PRIVATE", "sesame") if secret in shown]


async def test_the_agent_and_the_files_of_whoever_runs_us_are_not_used(target, monkeypatch, tmp_path):
    ssh = tmp_path / ".ssh"
    ssh.mkdir()
    (ssh / "config").write_text("Host *\n  Port 1\n  User somebody-else\n")
    (ssh / "known_hosts").write_text(f"[127.0.0.1]:{target.endpoint.port} {target.host_key}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    transport = SshTransport()

    result = await transport.check(target.endpoint, target.login, target.pinned)

    assert result.host_key == target.host_key


@contextlib.contextmanager
def _full_backlog():
    """A port whose queue is full, so that the system drops further connections without a word."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
