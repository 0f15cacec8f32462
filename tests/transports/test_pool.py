"""Warm connections: when one is used again, when never, and that none is kept too long."""

import asyncio
import dataclasses
import os
import signal
from uuid import uuid4

import orjson
import pytest
from pydantic import SecretStr
from tests.support.sshd import running_sshd
from tests.transports import hostile
from tests.transports.hostile import scripted
from tests.transports.runs import run
from tests.transports.sinks import Kept, Limited

from opsconductor.transports import (
    Command,
    CommandTimedOut,
    ConnectionClosed,
    ConnectionLost,
    ConnectRefused,
    DetachedUnsupported,
    Endpoint,
    Exit,
    Hop,
    HostKeyChanged,
    HostKeyCheck,
    OperationKey,
    OutputLimit,
    PooledTransport,
    PoolLimits,
    Received,
    SessionRefused,
    SshLogin,
)
from opsconductor.transports.fake import Answer, FakeTransport, Host, host_key_of
from opsconductor.transports.identity import described
from opsconductor.transports.ssh import Limits, SshTransport

LOGIN = SshLogin("anybody", password=SecretStr("hunter2"))
WEB = Endpoint("web")
PINNED = HostKeyCheck(host_key_of("web"))


@pytest.fixture
async def pool():
    async with PooledTransport(SshTransport()) as one:
        yield one


@pytest.fixture
async def fake_pool():
    async with PooledTransport(FakeTransport()) as one:
        yield one


async def test_the_next_command_needs_no_login(pool, target):
    first, second = [(await run(pool, target, "echo $PPID"))[1].out for _ in range(2)]

    assert first == second
    assert (pool.figures.opened, pool.figures.reused, pool.figures.idle) == (1, 1, 1)


async def test_a_command_on_a_warm_connection_is_exact_too(pool, target):
    await run(pool, target, "true")

    end, kept = await run(pool, target, "cat; echo err >&2; exit 3", stdin=b"in" * 100_000)

    assert (end, kept.out, kept.err) == (Exit(3, None, clean=True), b"in" * 100_000, b"err\n")
    assert pool.figures.opened == 1


async def test_commands_at_once_have_a_connection_each(pool, target):
    outputs = await asyncio.gather(*(run(pool, target, "echo $PPID; sleep 0.3") for _ in range(3)))

    assert len({kept.out for _, kept in outputs}) == 3
    assert (pool.figures.opened, pool.figures.idle) == (3, 3)


JUMP = Hop(Endpoint("jump"), LOGIN, HostKeyCheck(host_key_of("jump")))
OTHERS = {
    "another password": (WEB, dataclasses.replace(LOGIN, password=SecretStr("hunter3")), PINNED, ()),
    "a key beside the password": (WEB, dataclasses.replace(LOGIN, private_key=SecretStr("k")), PINNED, ()),
    "a key instead of the password": (WEB, SshLogin("anybody", private_key=SecretStr("hunter2")), PINNED, ()),
    "another user": (WEB, dataclasses.replace(LOGIN, username="somebody"), PINNED, ()),
    "another host": (Endpoint("db"), LOGIN, HostKeyCheck(accept_new=True), ()),
    "another port": (Endpoint("web", 2222), LOGIN, PINNED, ()),
    "another way": (WEB, LOGIN, PINNED, (JUMP,)),
    "no approved key": (WEB, LOGIN, HostKeyCheck(accept_new=True), ()),
}


@pytest.mark.parametrize("value", [WEB, LOGIN, JUMP, PINNED], ids=lambda value: type(value).__name__)
def test_every_field_is_part_of_what_tells_connections_apart(value):
    _, [told] = orjson.loads(described(value))

    assert set(told) == {field.name for field in dataclasses.fields(value)}


def test_what_can_not_be_told_apart_is_refused():
    with pytest.raises(TypeError, match="object"):
        described(WEB, object())


@pytest.mark.parametrize(("endpoint", "login", "host_key", "via"), OTHERS.values(), ids=OTHERS)
async def test_whatever_differs_gets_a_connection_of_its_own(endpoint, login, host_key, via):
    async with PooledTransport(FakeTransport()) as pool:
        await _run(pool)
        await _run(pool)
        assert (pool.figures.opened, pool.figures.reused) == (1, 1)

        async with await pool.connect(endpoint, login, host_key, via):
            assert (pool.figures.opened, pool.figures.reused) == (2, 1)


async def test_a_target_whose_approved_key_changed_is_asked_again(fake_pool):
    await _run(fake_pool)

    with pytest.raises(HostKeyChanged):
        await fake_pool.connect(WEB, LOGIN, HostKeyCheck(host_key_of("db")))


async def test_the_connection_of_the_first_contact_serves_those_who_ask_for_the_key_it_showed(fake_pool):
    await _run(fake_pool, host_key=HostKeyCheck(accept_new=True))
    await _run(fake_pool, host_key=HostKeyCheck(f"{host_key_of('web')} a comment"))

    assert (fake_pool.figures.opened, fake_pool.figures.reused) == (1, 1)


async def test_no_secret_is_kept_as_a_key(fake_pool):
    await _run(fake_pool)
    async with PooledTransport(FakeTransport()) as other:
        await _run(other)

        assert len({*fake_pool._idle, *other._idle}) == 2  # each pool has a salt of its own
    assert b"hunter2" not in b"".join(fake_pool._idle)


async def test_a_check_does_not_use_warm_connections(pool):
    async with scripted(hostile.exits_with(0)) as server:
        await run(pool, server.target, "true")
        await pool.check(server.endpoint, hostile.LOGIN, server.pinned)
        await pool.scan_host_key(server.endpoint)

        assert server.connections == 3


async def _cancel(pool, target):
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("sleep 30", 30), Kept())
        await running.cancel()
        await running.wait()  # its end was clean, but it was not its own


async def _cancel_late(pool, target):
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("true", 30), Kept())
        await running.wait()
        await running.cancel()


async def _time_out(pool, target):
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        with pytest.raises(CommandTimedOut):
            await (await connection.start(Command("sleep 5", 0.1), Kept())).wait()


async def _refuse_output(pool, target):
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        with pytest.raises(OutputLimit):
            await (await connection.start(Command("echo out", 5), Limited(0))).wait()


async def _leave_a_child(pool, target):
    await run(pool, target, "sleep 2 & exit 0", timeout=0.3)


async def _forget(pool, target):
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        await connection.start(Command("sleep 1", 5), Kept())


async def _start_nothing(pool, target):
    async with await pool.connect(target.endpoint, target.login, target.pinned):
        pass


@pytest.mark.parametrize(
    "use", [_cancel, _cancel_late, _time_out, _refuse_output, _leave_a_child, _forget, _start_nothing]
)
async def test_what_did_not_end_cleanly_takes_its_connection_with_it(pool, target, use):
    await use(pool, target)

    assert (pool.figures.idle, pool.figures.in_use) == (0, 0)


async def test_a_warm_connection_nothing_was_started_on_stays_warm(pool, target):
    await run(pool, target, "true")
    await _start_nothing(pool, target)

    assert (pool.figures.opened, pool.figures.idle) == (1, 1)


async def test_a_connection_that_was_given_back_can_not_be_used_by_who_had_it(pool, target):
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        await (await connection.start(Command("true", 5), Kept())).wait()
    await connection.close()

    assert connection.closed
    assert pool.figures.idle == 1
    with pytest.raises(ConnectionClosed):
        await connection.start(Command("true", 5), Kept())


async def test_two_commands_at_once_stay_a_mistake_and_cost_the_connection(pool, target):
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("sleep 0.2", 5), Kept())
        with pytest.raises(RuntimeError):
            await connection.start(Command("true", 5), Kept())
        await running.wait()

    assert pool.figures.idle == 0


async def test_a_connection_the_server_closed_meanwhile_is_not_handed_out(pool):
    async with scripted(hostile.exits_with(0)) as server:
        await run(pool, server.target, "one")
        server.open[0].abort()
        await asyncio.sleep(0.1)
        await run(pool, server.target, "two")

        assert (server.connections, server.commands) == (2, ["one", "two"])
        assert (pool.figures.opened, pool.figures.reused) == (2, 0)


async def test_a_server_that_takes_one_session_a_connection_gets_a_new_connection(pool):
    async with scripted(hostile.exits_with(0), sessions=1) as server:
        await run(pool, server.target, "one")
        await run(pool, server.target, "two")

        assert (server.connections, server.commands) == (2, ["one", "two"])
        assert (pool.figures.reused, pool.figures.in_use) == (1, 0)


async def test_a_new_connection_that_is_refused_a_session_is_not_tried_again(pool):
    async with scripted(hostile.exits_with(0), sessions=0) as server:
        with pytest.raises(SessionRefused):
            await run(pool, server.target, "true")

        assert server.connections == 1


async def test_a_command_that_was_refused_is_not_asked_for_again(pool):
    async with scripted(
        lambda channel, text: text == "one" and hostile.exits_with(0)(channel, text)
    ) as server:
        await run(pool, server.target, "one")
        with pytest.raises(SessionRefused):
            await run(pool, server.target, "two")

        assert (server.connections, server.commands) == (1, ["one", "two"])


async def test_a_command_that_was_sent_is_never_sent_again(pool):
    def behave(channel, text):
        return (hostile.exits_with(0) if text == "one" else hostile.drops_the_connection)(channel, text)

    async with scripted(behave) as server:
        await run(pool, server.target, "one")
        with pytest.raises(ConnectionLost):
            await run(pool, server.target, "two")

        assert (server.connections, server.commands) == (1, ["one", "two"])


async def test_a_server_that_hangs_up_on_the_very_command_is_not_asked_again(pool):
    async with scripted(hostile.exits_with(0)) as server:
        await run(pool, server.target, "one")
        server.drops_at = "command"
        with pytest.raises(ConnectionLost):
            await run(pool, server.target, "two")

        assert (server.connections, server.commands) == (1, ["one", "two"])


async def test_a_connection_that_fell_silent_is_replaced(tmp_path):
    limits = Limits(start=0.5, keepalive=30)
    async with PooledTransport(SshTransport(limits)) as pool, running_sshd() as [target]:
        first = int((await run(pool, target, "echo $PPID"))[1].out)
        os.kill(first, signal.SIGSTOP)
        try:
            second = int((await run(pool, target, "echo $PPID"))[1].out)
        finally:
            os.kill(first, signal.SIGKILL)

    assert first != second
    assert (pool.figures.opened, pool.figures.reused) == (2, 1)


async def test_the_failure_to_connect_again_is_what_is_told(pool):
    async with scripted(hostile.exits_with(0), sessions=1) as server:
        await run(pool, server.target, "one")
        async with await pool.connect(server.endpoint, hostile.LOGIN, server.pinned) as connection:
            server.stop()
            with pytest.raises(ConnectRefused):
                await connection.start(Command("two", 5), Kept())

        assert server.commands == ["one"]
        assert pool.figures.in_use == 0


async def test_a_connection_stays_alive_while_it_is_idle(target):
    async with PooledTransport(SshTransport(Limits(keepalive=0.1))) as pool:
        first = (await run(pool, target, "echo $PPID"))[1].out
        await asyncio.sleep(1)

        assert (await run(pool, target, "echo $PPID"))[1].out == first


async def test_a_silent_connection_is_given_up_while_it_is_idle():
    limits = PoolLimits(idle=0.4)
    async with (
        PooledTransport(SshTransport(Limits(keepalive=0.05)), limits) as pool,
        running_sshd() as [target],
    ):
        process = int((await run(pool, target, "echo $PPID"))[1].out)
        os.kill(process, signal.SIGSTOP)
        try:
            await _until(lambda: pool.figures.idle == 0)
        finally:
            os.kill(process, signal.SIGKILL)


async def test_idle_connections_are_closed_in_time_by_a_task_that_ends_with_them():
    async with PooledTransport(SshTransport(), PoolLimits(idle=0.2)) as pool:
        async with scripted(hostile.exits_with(0)) as server:
            tasks = asyncio.all_tasks()
            await asyncio.gather(*(run(pool, server.target, "true") for _ in range(3)))
            assert len(_of_the_pool(tasks)) == 1

            await _until(lambda: pool.figures.idle == 0)
            await _until(lambda: all(connection.is_closed() for connection in server.open))
            await _until(lambda: not _of_the_pool(tasks))
            await run(pool, server.target, "true")
            assert (server.connections, pool.figures.idle) == (4, 1)


async def test_a_connection_is_not_used_beyond_its_longest_life():
    async with PooledTransport(FakeTransport(), PoolLimits(life=0.2)) as pool:
        await _run(pool)
        await _run(pool)
        assert pool.figures.opened == 1

        await asyncio.sleep(0.2)
        await _run(pool)
        assert pool.figures.opened == 2


async def test_what_outlived_its_life_in_use_is_closed():
    fake = FakeTransport(others=Host(answer=lambda _: Answer(seconds=0.2)))
    async with PooledTransport(fake, PoolLimits(life=0.1)) as pool:
        await _run(pool)

        assert (pool.figures.idle, pool.figures.in_use) == (0, 0)


@pytest.mark.parametrize(
    ("limits", "kept"), [(PoolLimits(total=5, per_target=3), 5), (PoolLimits(per_target=2), 4)]
)
async def test_no_more_are_kept_than_the_limits_allow(limits, kept):
    fake = FakeTransport(others=Host(answer=lambda _: Answer(seconds=0.1)))
    async with PooledTransport(fake, limits) as pool:
        await asyncio.gather(*(_run(pool, name) for name in ["web", "db"] * 4))

        assert (pool.figures.opened, pool.figures.idle, pool.figures.in_use) == (8, kept, 0)


async def test_zero_seconds_keep_nothing():
    async with PooledTransport(FakeTransport(), PoolLimits(idle=0)) as pool:
        await _run(pool)
        await _run(pool)

        assert (pool.figures.opened, pool.figures.reused, pool.figures.idle) == (2, 0, 0)


async def test_closing_the_pool_closes_all_there_is_and_all_that_comes_back():
    async with scripted(hostile.exits_with(0)) as server:
        pool = PooledTransport(SshTransport())
        before = asyncio.all_tasks()
        late = await pool.connect(server.endpoint, hostile.LOGIN, server.pinned)
        await asyncio.gather(*(run(pool, server.target, "true") for _ in range(3)))

        await pool.close()
        await _until(lambda: sum(connection.is_closed() for connection in server.open) == 3)
        await (await late.start(Command("true", 5), Kept())).wait()
        await late.close()
        await pool.close()

        await _until(lambda: all(connection.is_closed() for connection in server.open))
        assert (pool.figures.idle, pool.figures.in_use) == (0, 0)
        assert not _of_the_pool(before)


async def test_who_is_cancelled_while_connecting_again_leaves_nothing_behind():
    async with scripted(hostile.exits_with(0), sessions=1) as server:
        async with PooledTransport(SshTransport()) as pool:
            await run(pool, server.target, "one")
            server.login_never_ends = True
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(run(pool, server.target, "two"), 0.5)

            assert (pool.figures.idle, pool.figures.in_use) == (0, 0)
        assert server.commands == ["one"]


async def _run(pool: PooledTransport, name: str = "web", host_key: HostKeyCheck | None = None) -> None:
    pinned = host_key or HostKeyCheck(host_key_of(name))
    async with await pool.connect(Endpoint(name), LOGIN, pinned) as connection:
        await (await connection.start(Command("uptime", 5), Kept())).wait()


def _of_the_pool(before: set[asyncio.Task]) -> list[asyncio.Task]:
    return [task for task in asyncio.all_tasks() - before if "_sweep" in str(task.get_coro())]


async def _until(true) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_detached_command_uses_a_warm_connection_and_leaves_it_warm(pool, target):
    key, kept = OperationKey(str(uuid4()), 1), Kept()
    await run(pool, target, "true")
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start_detached(Command("echo out", 10), Received(kept), key)
        assert await running.wait() == Exit(0, None, clean=True)
        assert await connection.release(key)

    assert kept.out == b"out\n"
    assert (pool.figures.opened, pool.figures.reused, pool.figures.idle) == (1, 1, 1)


async def test_a_detached_command_finds_a_new_connection_where_the_warm_one_is_dead(pool, target):
    key, kept = OperationKey(str(uuid4()), 1), Kept()
    _, first = await run(pool, target, "echo $PPID")
    async with await pool.connect(target.endpoint, target.login, target.pinned) as connection:
        os.kill(int(first.out), signal.SIGKILL)
        running = await connection.start_detached(Command("echo out", 10), Received(kept), key)
        assert await running.wait() == Exit(0, None, clean=True)
        assert await connection.release(key)

    assert pool.figures.opened == 2


async def test_a_detached_command_needs_a_transport_that_can_do_it(fake_pool):
    async with await fake_pool.connect(WEB, LOGIN, PINNED) as connection:
        with pytest.raises(DetachedUnsupported, match="transport"):
            await connection.start_detached(
                Command("true", 10), Received(Kept()), OperationKey(str(uuid4()), 1)
            )
