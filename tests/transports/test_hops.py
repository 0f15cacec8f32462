"""Through jump hosts: each one verified, named when it fails, shared, and closed after the last who used it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr
from tests.support.openssh import FORWARDING, OpenSsh, running_openssh
from tests.transports import hostile
from tests.transports.hostile import raw, scripted
from tests.transports.sinks import Kept

from opsconductor.stack import ports
from opsconductor.transports import (
    Command,
    ConnectionClosed,
    ConnectionLost,
    ConnectRefused,
    ConnectTimeout,
    DnsFailed,
    Endpoint,
    ForwardingRefused,
    Hop,
    HostKeyChanged,
    HostKeyCheck,
    HostKeyUnapproved,
    LoginRefused,
    LoginTimeout,
    NotReachedFromHop,
    SshLogin,
    Transport,
    TransportError,
)
from opsconductor.transports.fake import FakeTransport, Host
from opsconductor.transports.ssh import Limits, SshTransport

OTHER = HostKeyCheck("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEKfqSqrtvxKBP1MBKA80Tt2TrkSAH921QRpmZQdmVqR")
WRONG = SshLogin("nobody-here", password=SecretStr("the-password-of-the-hop"))


@pytest.fixture(scope="module")
async def bastion() -> AsyncIterator[OpenSsh]:
    async with running_openssh(FORWARDING) as server:
        yield server


@pytest.fixture(scope="module")
async def inner() -> AsyncIterator[OpenSsh]:
    """A second jump host."""
    async with running_openssh(FORWARDING) as server:
        yield server


async def _run(transport: Transport, target: OpenSsh, *via: Hop, text: str = "echo $SSH_CONNECTION") -> str:
    kept = Kept()
    async with await transport.connect(target.endpoint, target.login, target.pinned, via) as connection:
        running = await connection.start(Command(text, 10), kept)
        end = await running.wait()
    assert (end.exit_code, end.clean) == (0, True)
    return kept.out.decode()


def _open(server: OpenSsh) -> int:
    """Return how many connections are open at a server: it has a process for each."""
    pid = server.process.pid
    return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


async def _none_open(*servers: OpenSsh) -> None:
    async with asyncio.timeout(5):
        while any(_open(server) for server in servers):
            await asyncio.sleep(0.02)


async def test_a_command_runs_behind_one_jump_host(transport, bastion, inner):
    before = bastion.logins, inner.logins

    assert str(inner.endpoint.port) in await _run(transport, inner, bastion.hop)

    assert (bastion.logins, inner.logins) == (before[0] + 1, before[1] + 1)


async def test_a_command_runs_behind_three_and_the_keys_of_all_are_told(transport, bastion, inner):
    async with running_openssh(FORWARDING) as third, running_openssh() as target:
        via = (bastion.hop, inner.hop, third.hop)
        result = await transport.check(target.endpoint, target.login, target.pinned, via)
        out = await _run(transport, target, *via, text="head -c 3000000 /dev/zero | tr '\\0' x")

    assert len(out) == 3_000_000
    assert result.host_key == target.host_key
    assert result.hop_keys == (bastion.host_key, inner.host_key, third.host_key)


async def test_more_than_three_hops_are_a_mistake_of_the_caller(transport, bastion, inner):
    with pytest.raises(ValueError, match="3 hops"):
        await transport.connect(inner.endpoint, inner.login, inner.pinned, (bastion.hop,) * 4)


async def test_closing_the_connection_closes_the_hops(transport, bastion, inner):
    async with running_openssh() as target:
        async with await transport.connect(
            target.endpoint, target.login, target.pinned, (bastion.hop, inner.hop)
        ):
            assert _open(bastion) == _open(inner) == 1
        await _none_open(bastion, inner, target)


async def test_a_hundred_targets_behind_a_jump_host_are_one_login_to_it(transport, bastion, inner):
    before = bastion.logins
    login = (inner.endpoint, inner.login, inner.pinned)

    connections = await asyncio.gather(
        *(transport.connect(*login, (bastion.hop,)) for _ in range(100)), return_exceptions=True
    )

    assert [found for found in connections if isinstance(found, BaseException)] == []
    assert bastion.logins == before + 1
    for connection in connections[1:]:
        await connection.close()
    kept = Kept()
    assert (await (await connections[0].start(Command("echo on", 5), kept)).wait()).exit_code == 0
    await connections[0].close()
    await _none_open(bastion, inner)


async def test_another_login_does_not_share_the_jump_host(transport, bastion, inner):
    before = bastion.logins
    other = Hop(
        bastion.endpoint,
        SshLogin(bastion.login.username, private_key=bastion.login.private_key, password=SecretStr("x")),
        bastion.pinned,
    )

    await asyncio.gather(_run(transport, inner, bastion.hop), _run(transport, inner, other))

    assert bastion.logins == before + 2


async def test_one_who_is_cancelled_on_the_way_takes_the_hop_from_nobody(transport, bastion, inner):
    way = (inner.endpoint, inner.login, inner.pinned, (bastion.hop,))
    first = asyncio.create_task(transport.connect(*way))
    second = asyncio.create_task(transport.connect(*way))
    await asyncio.sleep(0.005)

    first.cancel()

    async with await second:
        assert _open(bastion) == 1
    with pytest.raises(asyncio.CancelledError):
        await first
    await _none_open(bastion, inner)


async def test_where_all_are_cancelled_no_hop_stays_open(transport, bastion, inner):
    way = (inner.endpoint, inner.login, inner.pinned, (bastion.hop,))
    for wait in (0, 0.001, 0.01, 0.03, 0.06, 0.1):
        going = [asyncio.create_task(transport.connect(*way)) for _ in range(3)]
        await asyncio.sleep(wait)
        for task in going:
            task.cancel()
        for found in await asyncio.gather(*going, return_exceptions=True):
            if not isinstance(found, BaseException):
                await found.close()

    await _none_open(bastion, inner)
    assert await _run(transport, inner, bastion.hop)


async def test_a_hop_that_was_lost_is_opened_again_for_the_next(transport, inner):
    async with running_openssh(FORWARDING) as bastion:
        connection = await transport.connect(inner.endpoint, inner.login, inner.pinned, (bastion.hop,))
        running = await connection.start(Command("sleep 30", 60), Kept())
        await bastion.stop()
        with pytest.raises(ConnectionLost):
            await running.wait()
        with pytest.raises(ConnectRefused) as failed:
            await transport.check(inner.endpoint, inner.login, inner.pinned, (bastion.hop,))
        await connection.close()

    assert (failed.value.hop, failed.value.retry) == (0, True)


# ---- trust


async def test_a_hop_with_another_key_sees_neither_user_nor_password_and_the_target_nothing(transport):
    async with scripted(hostile.exits_with(0)) as impostor, scripted(hostile.exits_with(0)) as target:
        via = (Hop(impostor.endpoint, hostile.LOGIN, OTHER),)
        with pytest.raises(HostKeyChanged) as refused:
            await transport.check(target.endpoint, hostile.LOGIN, target.pinned, via)

    assert (impostor.connections, target.connections) == (1, 0)
    assert (impostor.users, impostor.passwords, impostor.commands) == ([], [], [])
    assert refused.value.offered == impostor.pinned.pinned
    assert refused.value.hop == 0
    assert refused.value.detail.startswith("Jump host 127.0.0.1: ")


async def test_positive_control_the_same_hop_sees_both_when_its_key_is_the_pinned_one(transport):
    async with scripted(hostile.exits_with(0)) as hop, scripted(hostile.exits_with(0)) as target:
        via = (Hop(hop.endpoint, hostile.LOGIN, hop.pinned),)
        with pytest.raises(NotReachedFromHop):  # it lets in, and connects to nothing
            await transport.check(target.endpoint, hostile.LOGIN, target.pinned, via)

    assert hop.users == [hostile.LOGIN.username]
    assert hop.passwords == ["the-password-in-clear"]
    assert target.connections == 0


async def test_a_hop_that_waits_for_approval_is_not_logged_in_to(transport, inner):
    async with scripted(hostile.exits_with(0)) as unknown:
        via = (Hop(unknown.endpoint, hostile.LOGIN, HostKeyCheck()),)
        with pytest.raises(HostKeyUnapproved) as refused:
            await transport.check(inner.endpoint, inner.login, inner.pinned, via)

    assert (unknown.users, refused.value.hop) == ([], 0)


async def test_a_target_with_another_key_behind_a_trusted_hop_sees_nothing(transport, bastion):
    async with scripted(hostile.exits_with(0)) as impostor:
        with pytest.raises(HostKeyChanged) as refused:
            await transport.check(impostor.endpoint, hostile.LOGIN, OTHER, (bastion.hop,))

    assert (impostor.connections, impostor.users, impostor.passwords) == (1, [], [])
    assert refused.value.hop is None


async def test_positive_control_that_target_sees_both_when_its_key_is_the_pinned_one(transport, bastion):
    async with scripted(hostile.exits_with(0)) as server:
        await transport.check(server.endpoint, hostile.LOGIN, server.pinned, (bastion.hop,))

    assert (server.users, server.passwords) == ([hostile.LOGIN.username], ["the-password-in-clear"])


async def test_a_second_hop_with_another_key_stops_there(transport, bastion):
    async with scripted(hostile.exits_with(0)) as impostor, scripted(hostile.exits_with(0)) as target:
        via = (bastion.hop, Hop(impostor.endpoint, hostile.LOGIN, OTHER))
        with pytest.raises(HostKeyChanged) as refused:
            await transport.check(target.endpoint, hostile.LOGIN, target.pinned, via)

    assert (impostor.users, impostor.passwords, target.connections) == ([], [], 0)
    assert refused.value.hop == 1
    await _none_open(bastion)


async def test_a_new_hop_is_accepted_where_that_is_the_policy_and_its_key_is_told(transport, bastion, inner):
    via = (Hop(bastion.endpoint, bastion.login, HostKeyCheck(accept_new=True)),)

    result = await transport.check(inner.endpoint, inner.login, inner.pinned, via)

    assert result.hop_keys == (bastion.host_key,)


async def test_trust_in_a_pinned_hop_is_not_shared_with_who_accepts_any(transport, bastion, inner):
    """The other way round as well: who pins a key never goes through a connection that was opened without."""
    via = (Hop(bastion.endpoint, bastion.login, HostKeyCheck(accept_new=True)),)
    async with await transport.connect(inner.endpoint, inner.login, inner.pinned, via):
        strict = (Hop(bastion.endpoint, bastion.login, OTHER),)
        with pytest.raises(HostKeyChanged):
            await transport.check(inner.endpoint, inner.login, inner.pinned, strict)


async def test_no_agent_is_offered_to_a_hop(transport, bastion, inner, monkeypatch, tmp_path):
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    via = (inner.hop,)

    async with await transport.connect(bastion.endpoint, bastion.login, bastion.pinned, via) as connection:
        kept = Kept()
        await (await connection.start(Command("echo [$SSH_AUTH_SOCK]", 5), kept)).wait()

    assert kept.out == b"[]\n"


# ---- where it failed


async def test_a_login_refused_at_the_hop_is_told_apart_from_one_at_the_target(transport, bastion, inner):
    via = (Hop(bastion.endpoint, WRONG, bastion.pinned),)
    with pytest.raises(LoginRefused) as at_hop:
        await transport.check(inner.endpoint, inner.login, inner.pinned, via)
    with pytest.raises(LoginRefused) as at_target:
        await transport.check(inner.endpoint, WRONG, inner.pinned, (bastion.hop,))

    assert (at_hop.value.hop, at_target.value.hop) == (0, None)
    assert at_hop.value.detail.startswith("Jump host 127.0.0.1: 127.0.0.1 refused the login of nobody-here")
    assert at_target.value.detail.startswith("127.0.0.1 refused the login of nobody-here")
    await _none_open(bastion)


async def test_a_hop_that_is_down_is_named(transport, inner):
    with contextlib.closing(ports.reserve()) as bound:
        down = Hop(Endpoint("localhost", ports.port_of(bound)), WRONG, OTHER)
        with pytest.raises(ConnectRefused) as failed:
            await transport.check(inner.endpoint, inner.login, inner.pinned, (down,))

    assert (failed.value.hop, failed.value.kind, failed.value.retry) == (0, "unreachable", True)
    assert failed.value.detail.startswith("Jump host localhost: ")
    assert "the-password-of-the-hop" not in failed.value.detail


async def test_the_second_hop_is_named_where_the_first_is_fine(transport, bastion, inner):
    via = (bastion.hop, Hop(Endpoint("nowhere.invalid"), WRONG, OTHER))

    with pytest.raises(NotReachedFromHop) as failed:
        await transport.check(inner.endpoint, inner.login, inner.pinned, via)

    assert failed.value.hop == 1
    assert failed.value.detail.startswith("Jump host nowhere.invalid: nowhere.invalid can't be reached")


async def test_a_name_is_looked_up_where_the_hop_is(transport, bastion):
    with pytest.raises(NotReachedFromHop) as behind:
        await transport.check(Endpoint("nowhere.invalid"), WRONG, OTHER, (bastion.hop,))
    with pytest.raises(DnsFailed):
        await transport.check(Endpoint("nowhere.invalid"), WRONG, OTHER)

    assert (behind.value.hop, behind.value.retry) == (None, True)
    assert "from the jump host 127.0.0.1" in behind.value.detail


async def test_a_port_where_nobody_listens_behind_the_hop(transport, bastion):
    with contextlib.closing(ports.reserve()) as bound, pytest.raises(NotReachedFromHop) as failed:
        await transport.check(Endpoint("127.0.0.1", ports.port_of(bound)), WRONG, OTHER, (bastion.hop,))

    assert (failed.value.kind, failed.value.retry) == ("unreachable", True)


async def test_a_host_that_passes_nothing_on_is_told_as_such_and_not_tried_again(transport, inner):
    async with running_openssh("DisableForwarding no", "AllowTcpForwarding no") as closed:
        with pytest.raises(ForwardingRefused) as failed:
            await transport.check(inner.endpoint, inner.login, inner.pinned, (closed.hop,))
        await _none_open(closed)

    assert (failed.value.kind, failed.value.retry, failed.value.hop) == ("unreachable", False, 0)
    assert failed.value.detail.startswith("Jump host 127.0.0.1: It passes on no connection")


async def test_each_hop_has_a_deadline_of_its_own(bastion):
    hasty = SshTransport(Limits(connect=2, login=1))
    async with raw(hostile.says_nothing) as silent:
        with pytest.raises(LoginTimeout) as behind:
            await hasty.check(silent, WRONG, OTHER, (bastion.hop,))
        with pytest.raises(LoginTimeout) as before:
            await hasty.check(bastion.endpoint, bastion.login, bastion.pinned, (Hop(silent, WRONG, OTHER),))

    assert (behind.value.hop, before.value.hop) == (None, 0)
    await _none_open(bastion)


async def test_a_hop_that_answers_no_request_times_out_and_leaves_nothing_open(transport):
    opened = []

    class Silent(hostile._Login):
        async def connection_requested(self, *_: object) -> bool:
            opened.append(1)
            await asyncio.sleep(60)
            return False

    hasty = SshTransport(Limits(connect=0.5, login=1))
    async with scripted(hostile.exits_with(0), login=Silent) as hop:
        via = (Hop(hop.endpoint, hostile.LOGIN, hop.pinned),)
        with pytest.raises(ConnectTimeout):
            await hasty.check(Endpoint("10.0.0.1"), WRONG, OTHER, via)

    assert opened == [1]


async def test_what_a_shared_hop_opens_too_late_is_closed_there(transport, inner):
    closed = asyncio.Event()

    class Late(asyncssh.SSHTCPSession[bytes]):
        def connection_lost(self, exc: Exception | None) -> None:
            closed.set()

    class Slow(hostile._Login):
        def connection_requested(self, host: str, *_: object) -> object:
            return self._late() if host == "slow" else True

        async def _late(self) -> Late:
            await asyncio.sleep(0.7)
            return Late()

    hasty = SshTransport(Limits(connect=0.5, login=5))
    async with scripted(hostile.exits_with(0), login=Slow) as hop:
        via = (Hop(hop.endpoint, hostile.LOGIN, hop.pinned),)
        async with await hasty.connect(inner.endpoint, inner.login, inner.pinned, via):
            with pytest.raises(ConnectTimeout):
                await hasty.check(Endpoint("slow"), WRONG, OTHER, via)
            await asyncio.wait_for(closed.wait(), 5)

    assert hop.connections == 1


async def test_a_hop_that_goes_away_while_it_connects_is_named(transport):
    class Leaving(hostile._Login):
        async def connection_requested(self, *_: object) -> bool:
            self._scripted.open[-1].abort()
            await asyncio.sleep(60)
            return False

    async with scripted(hostile.exits_with(0), login=Leaving) as hop:
        via = (Hop(hop.endpoint, hostile.LOGIN, hop.pinned),)
        with pytest.raises(ConnectionClosed) as failed:
            await transport.check(Endpoint("10.0.0.1"), WRONG, OTHER, via)

    assert failed.value.hop == 0


# ---- the fake


async def test_the_fake_passes_hops_and_names_the_one_that_fails():
    gone = ConnectRefused(host="bastion", port=22)
    fake = FakeTransport({"bastion": Host(error=gone)})
    new = HostKeyCheck(accept_new=True)

    result = await fake.check(Endpoint("web"), WRONG, new, (Hop(Endpoint("gate"), WRONG, new),))
    with pytest.raises(TransportError) as failed:
        await fake.check(Endpoint("web"), WRONG, new, (Hop(Endpoint("bastion"), WRONG, new),))

    assert result.hop_keys == (await fake.scan_host_key(Endpoint("gate")),)
    assert (failed.value.hop, failed.value.code, gone.hop) == (0, "connect_refused", None)
