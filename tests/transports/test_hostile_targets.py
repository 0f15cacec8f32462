"""Targets that mean harm: each ends as one of our errors, or as an honest end, in time and within bounds."""

import asyncio
import gc
import os
import socket
import time
from pathlib import Path

import asyncssh
import pytest
from asyncssh.constants import (
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_OPEN,
    MSG_DEBUG,
    MSG_DISCONNECT,
    MSG_EXT_INFO,
    MSG_GLOBAL_REQUEST,
    MSG_IGNORE,
    MSG_USERAUTH_BANNER,
)
from asyncssh.packet import Boolean, String, UInt32
from tests.transports import hostile
from tests.transports.hostile import floods_with, packet, raw, says, scripted, sends
from tests.transports.runs import run
from tests.transports.sinks import Kept, Limited

from opsconductor.transports import (
    Command,
    CommandTimedOut,
    ConnectionClosed,
    ConnectionLost,
    Exit,
    HostKeyChanged,
    HostKeyCheck,
    LoginTimeout,
    OutputLimit,
    ProtocolMismatch,
    TransportError,
)
from opsconductor.transports.hostkeys import bare
from opsconductor.transports.ssh import Limits, SshTransport, connection

ANY = HostKeyCheck(accept_new=True)
HELLO = b"SSH-2.0-Hostile\r\n"
MEGABYTE = 1024 * 1024
RANDOM = bytes(range(256)) * 4


@pytest.fixture(autouse=True)
async def nothing_is_left():
    """After each test no task and no socket of it remains."""
    tasks, sockets = asyncio.all_tasks(), _sockets()
    yield
    tasks.add(asyncio.current_task())
    async with asyncio.timeout(3):
        while asyncio.all_tasks() - tasks or _sockets() > sockets:
            await asyncio.sleep(0.02)


@pytest.fixture(autouse=True, scope="module")
def nothing_goes_unheard():
    """An error nobody heard is told when its object goes; pytest makes a failure of it."""
    yield
    gc.collect()


BEFORE_LOGIN = {
    "closes after the greeting": (says(HELLO), ConnectionClosed),
    "closes in the key exchange": (says(HELLO, b""), ConnectionClosed),
    "greets in no known letters": (says(b"SSH-2.0-\xff\xfe\x00\r\n"), ProtocolMismatch),
    "greets at length": (says(b"SSH-2.0-" + b"x" * 9000 + b"\r\n", closes=False), ProtocolMismatch),
    "speaks another version": (says(b"SSH-1.5-Old\r\n", closes=False), ProtocolMismatch),
    "floods with greetings": (hostile.floods, ProtocolMismatch),
    "floods with one greeting": (hostile.floods_one_line, ProtocolMismatch),
    "drips": (hostile.drips, LoginTimeout),
    "says nothing": (hostile.says_nothing, LoginTimeout),
    "greets, then says nothing": (hostile.greets_then_says_nothing, LoginTimeout),
    "says a packet is 4 GiB": (says(HELLO, b"\xff" * 64, closes=False), ProtocolMismatch),
    "says a packet is 0 bytes": (says(HELLO, bytes(64), closes=False), (ProtocolMismatch, LoginTimeout)),
    "offers nonsense for keys": (says(HELLO, packet(b"\x14" + RANDOM), closes=False), ProtocolMismatch),
    "offers keys in half": (says(HELLO, packet(b"\x14" + bytes(20)), closes=False), ProtocolMismatch),
    "sends a packet of no type": (says(HELLO, packet(b""), closes=False), ProtocolMismatch),
    "lets us in at once": (says(HELLO, packet(b"\x34"), closes=False), ProtocolMismatch),
}


@pytest.mark.parametrize(("talk", "expected"), BEFORE_LOGIN.values(), ids=BEFORE_LOGIN)
async def test_what_goes_wrong_before_the_login_is_one_of_our_errors(hasty, talk, expected):
    started, before = time.monotonic(), _memory()

    async with raw(talk) as endpoint:
        with pytest.raises(expected):
            await hasty.check(endpoint, hostile.LOGIN, ANY)

    assert time.monotonic() - started < 3
    assert _memory() - before < 32 * MEGABYTE


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("login", ConnectionClosed),
        ("welcome", ConnectionClosed),
        ("session", ConnectionClosed),
        ("command", ConnectionLost),
    ],
)
async def test_a_server_that_hangs_up_is_told_by_how_far_it_came(transport, moment, expected):
    async with scripted(hostile.never_ends, drops_at=moment) as server:
        with pytest.raises(expected) as ended:
            await run(transport, server.target, "true", timeout=2)

    assert ended.value.retry is (expected is ConnectionClosed)
    assert server.commands == (["true"] if moment == "command" else [])


async def test_the_same_server_does_its_work_where_it_does_not_hang_up(transport):
    async with scripted(hostile.exits_with(0, b"out")) as server:
        end, kept = await run(transport, server.target, "true", timeout=2)

    assert (end, kept.out) == (Exit(0, None, clean=True), b"out")


def _ext_info(garbage: bytes):
    """Send this instead of the list of what the server can do, once keys are agreed on."""

    def greet(conn):
        conn._send_ext_info = lambda: conn.send_packet(MSG_EXT_INFO, garbage)

    return greet


@pytest.mark.parametrize(
    "garbage",
    [UInt32(0xFFFFFFFF), UInt32(1) + String(b"a"), UInt32(1) + UInt32(0xFFFFFFF0) + b"a", RANDOM, b""],
    ids=["endless", "half", "long", "random", "empty"],
)
async def test_garbage_in_place_of_extensions_ends_the_connection(transport, garbage):
    async with scripted(hostile.never_ends, greets=_ext_info(garbage)) as server:
        with pytest.raises(ProtocolMismatch):
            await transport.check(server.endpoint, hostile.LOGIN, server.pinned)

    assert server.passwords == []


async def test_extensions_of_unknown_names_are_harmless(transport):
    strange = (
        UInt32(2) + String(b"\xff\xfe") + String(b"\x00") + String(b"server-sig-algs") + String(b",,\xff,")
    )
    async with scripted(hostile.exits_with(0), greets=_ext_info(strange)) as server:
        end, _ = await run(transport, server.target, "true", timeout=2)

    assert end.clean


def _before_login(connection):
    """Send banners without end as soon as that is allowed."""

    def go_on():
        if connection._transport is None:
            return
        for _ in range(200):
            if connection._auth_in_progress and connection._transport.get_write_buffer_size() < MEGABYTE:
                connection.send_packet(MSG_USERAUTH_BANNER, String(b"\xff" * 100), String(b""))
        hostile.later(go_on, 0.001)

    hostile.later(go_on, 0.001)


async def test_a_login_that_is_flooded_with_banners_ends(hasty):
    before = _memory()
    async with scripted(hostile.never_ends, greets=_before_login, login_never_ends=True) as server:
        with pytest.raises(TransportError):
            await hasty.check(server.endpoint, hostile.LOGIN, server.pinned)

    assert _memory() - before < 32 * MEGABYTE


def _packet(kind: int, *parts: bytes):
    return lambda channel: channel.get_connection().send_packet(kind, *parts)


def _request(name: bytes, *parts: bytes, want_reply: bool = False):
    return lambda channel: channel._send_request(name, *parts, want_reply=want_reply)


FLOODS = {
    "debug lines": _packet(MSG_DEBUG, Boolean(True), String(b"\xff" * 100), String(b"")),
    "nothing": _packet(MSG_IGNORE, String(b"")),
    "global requests": _packet(MSG_GLOBAL_REQUEST, String(b"keepalive@openssh.com"), Boolean(True)),
    "unknown requests": _packet(MSG_GLOBAL_REQUEST, String(b"a" * 1000), Boolean(False)),
    "offers of channels": _packet(
        MSG_CHANNEL_OPEN, String(b"x11"), UInt32(7), UInt32(1000), UInt32(1000), String(b"here"), UInt32(1)
    ),
    "messages of no known kind": _packet(200, RANDOM),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_a_flood_of_what_nobody_asked_for_ends_the_connection(transport, flood):
    started, before = time.monotonic(), _memory()

    async with scripted(floods_with(flood)) as server:
        with pytest.raises(ConnectionLost):
            await run(transport, server.target, "true", timeout=20)

    assert time.monotonic() - started < 15
    assert _memory() - before < 32 * MEGABYTE


async def test_answers_nobody_reads_do_not_pile_up(transport, monkeypatch):
    monkeypatch.setattr(connection, "UNSENT", 16 * 1024)
    asks = _request(b"env", String(b"A"), String(b"B"), want_reply=True)

    async with scripted(floods_with(asks, reads=False)) as server:
        async with await transport.connect(server.endpoint, hostile.LOGIN, server.pinned) as login:
            own = login._connection.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # else the system takes in megabytes
            running = await login.start(Command("true", 15), Kept())
            with pytest.raises(ConnectionLost):
                await running.wait()


async def test_small_output_of_a_server_that_hides_its_length_is_no_flood(transport):
    """asyncssh puts an empty packet before each of its own, as some servers do to hide what is typed."""

    def writes(channel):
        for _ in range(2 * connection.CHATTER):
            channel.write(b"x")
        _status(channel, 0)
        channel.close()

    async with scripted(sends(writes)) as server:
        end, kept = await run(transport, server.target, "true", timeout=20)

    assert (end, len(kept.out)) == (Exit(0, None, clean=True), 2 * connection.CHATTER)


async def test_output_of_no_length_lasts_as_long_as_the_command_may(transport):
    nothing = floods_with(lambda channel: channel.send_packet(MSG_CHANNEL_DATA, String(b"")))
    async with scripted(nothing) as server:
        async with await transport.connect(server.endpoint, hostile.LOGIN, server.pinned) as connection:
            running = await connection.start(Command("true", 1), Kept())
            with pytest.raises(CommandTimedOut):
                await running.wait()
            assert not (await running.cancel(grace=0.1)).ended


async def test_output_without_end_is_cut_at_the_limit(transport, target):
    sink, before = Limited(10 * MEGABYTE), _memory()
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("yes", 30), sink)
        with pytest.raises(OutputLimit):
            await running.wait()
        assert (await running.cancel()).ended

    assert sink.size < 10 * MEGABYTE + 64 * 1024
    assert _memory() - before < 32 * MEGABYTE


async def test_output_in_no_known_letters_arrives_as_it_is(transport):
    async with scripted(hostile.exits_with(0, RANDOM)) as server:
        end, kept = await run(transport, server.target, "true")

    assert (end.clean, kept.out) == (True, RANDOM)


def _status(channel, status: int) -> None:
    channel._send_request(b"exit-status", UInt32(status))


TWO_ENDS = {
    "two codes": lambda channel: (_status(channel, 0), _status(channel, 1), channel.close()),
    "a code, then a signal": lambda channel: (
        _status(channel, 0),
        channel._send_request(b"exit-signal", String(b"KILL"), Boolean(False), String(b""), String(b"")),
        channel.close(),
    ),
}


@pytest.mark.parametrize("act", TWO_ENDS.values(), ids=TWO_ENDS)
async def test_a_command_that_ends_twice_is_not_told_as_a_clean_end(transport, act):
    async with scripted(sends(act)) as server:
        end, _ = await run(transport, server.target, "true", timeout=2)

    assert end == Exit(0, None, clean=False)


BREAKS = {
    "a signal in no letters": _request(
        b"exit-signal", String(b"\xff\xfe"), Boolean(False), String(b""), String(b"")
    ),
    "half a code": _request(b"exit-status", b"\x00"),
    "a long code": _request(b"exit-status", UInt32(0), UInt32(0)),
    "a request in no letters": _request(b"\xff\xfe"),
    "output of a channel that is not there": _packet(MSG_CHANNEL_DATA, UInt32(4711), String(b"out")),
    "output that is longer than it is": _packet(MSG_CHANNEL_DATA, UInt32(0), UInt32(0xFFFFFFF0), b"out"),
    "output of no channel": _packet(MSG_CHANNEL_DATA),
    "a goodbye in no letters": _packet(MSG_DISCONNECT, UInt32(2), String(b"\xff"), String(b"\xff")),
    "extensions after the login": _packet(MSG_EXT_INFO, UInt32(0)),
    "an answer nobody asked for": lambda channel: channel.send_packet(99),
    "a second login": _packet(52),
    "a lone new key": _packet(21),
}


@pytest.mark.parametrize("act", BREAKS.values(), ids=BREAKS)
async def test_a_breach_of_the_protocol_leaves_the_outcome_open(transport, act):
    async with scripted(sends(act)) as server:
        with pytest.raises(ConnectionLost):
            await run(transport, server.target, "true", timeout=5)


async def test_a_key_exchange_that_is_never_finished_is_noticed():
    transport = SshTransport(Limits(keepalive=0.3))

    def begin(channel):
        connection = channel.get_connection()
        connection._send_kexinit()
        connection._recv_handler = lambda: False

    async with scripted(sends(begin)) as server:
        with pytest.raises(ConnectionLost):
            await run(transport, server.target, "true", timeout=10)


async def test_a_key_that_changes_during_the_connection_ends_it(transport):
    """A host may exchange keys again at any time, and has to prove again who it is."""
    other = asyncssh.generate_private_key("ssh-ed25519")

    def change(channel):
        connection = channel.get_connection()
        connection._server_host_keys = {
            algorithm: asyncssh.load_keypairs([other])[0] for algorithm in connection._server_host_keys
        }
        connection._send_kexinit()
        connection._kexinit_sent = True

    async with scripted(sends(change)) as server:
        with pytest.raises(ConnectionLost):
            await run(transport, server.target, "true", timeout=5)


async def test_another_key_than_the_pinned_one_gets_no_password(transport):
    pinned = bare(asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode())
    async with scripted(hostile.never_ends) as server:
        with pytest.raises(HostKeyChanged):
            await transport.check(server.endpoint, hostile.LOGIN, HostKeyCheck(pinned))
        assert server.passwords == []

        await transport.check(server.endpoint, hostile.LOGIN, server.pinned)
        assert len(server.passwords) == 1


async def test_twenty_hostile_targets_do_not_hold_up_a_good_one(transport, target):
    async with scripted(floods_with(FLOODS["debug lines"])) as server:
        bad = [asyncio.create_task(run(transport, server.target, "true", timeout=5)) for _ in range(20)]
        end, _ = await run(transport, target, "true")
        ends = await asyncio.gather(*bad, return_exceptions=True)

    assert end.exit_code == 0
    assert all(isinstance(end, TransportError) for end in ends)


def _memory() -> int:
    """Bytes of memory this process uses."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            found += os.readlink(link).startswith("socket:")  # noqa: PTH115  # not a path
        except OSError:
            continue
    return found
