"""The short way of packets: used where it is meant to be, the same on the wire, and as strict as asyncssh's own.

It rests on names of asyncssh that are not promised to stay: what fails here first after an upgrade is looked at first.
"""

import asyncio
import os

import asyncssh
import pytest
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_CHANNEL_SUCCESS
from asyncssh.crypto.cipher import GCMCipher
from asyncssh.encryption import GCMEncryption
from asyncssh.packet import String, UInt32
from tests.support.openssh import running_openssh
from tests.transports.hostile import LOGIN, never_ends, scripted, sends
from tests.transports.runs import run
from tests.transports.sinks import Kept

from opsconductor.transports import Command, ConnectionLost, Exit, SessionTimeout, TransportError
from opsconductor.transports.ssh.options import CIPHERS
from opsconductor.transports.ssh.packets import Gcm, PacketPath, set_up_once

DONE = Exit(0, None, clean=True)


async def _said(connection, text: str) -> bytes:
    kept = Kept()
    assert await (await connection.start(Command(text, 20), kept)).wait() == DONE
    return kept.out


async def test_the_packets_of_a_command_go_the_short_way(transport, target, monkeypatch):
    long_way = []
    as_before = asyncssh.SSHClientConnection._recv_packet
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        await _said(connection, "echo the first request is followed by what a server tells of itself")
        monkeypatch.setattr(
            PacketPath, "_recv_packet", lambda self: long_way.append(self._packet) or as_before(self)
        )
        spoken, before = connection._connection, connection._connection.conversed
        assert await _said(connection, "echo short") == b"short\n"

    assert isinstance(spoken._send_encryption, Gcm)
    assert isinstance(spoken._recv_encryption, Gcm)
    assert spoken.conversed - before >= 6  # opened, accepted, output, its end, the status, closed
    assert long_way == []


@pytest.mark.parametrize("cipher", CIPHERS)
async def test_every_cipher_is_spoken(transport, cipher):
    async with running_openssh(f"Ciphers {cipher}") as server:
        async with await transport.connect(server.endpoint, server.login, server.pinned) as connection:
            assert await _said(connection, "seq 20000 | tail -n 1") == b"20000\n"
            assert connection._connection.get_extra_info("recv_cipher") == cipher
            assert isinstance(connection._connection._recv_encryption, Gcm) is ("gcm" in cipher)


async def test_new_keys_in_the_middle_of_a_command_lose_nothing(transport):
    async with running_openssh("RekeyLimit 64K") as server:
        async with await transport.connect(server.endpoint, server.login, server.pinned) as connection:
            first = connection._connection._recv_encryption
            said = await _said(connection, "seq 100000")
            later = connection._connection._recv_encryption

    assert said == b"".join(b"%d\n" % number for number in range(1, 100001))
    assert isinstance(later, Gcm)
    assert later is not first


async def test_we_ask_for_new_keys_when_they_are_due(transport, target):
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        spoken, first = connection._connection, connection._connection._send_encryption
        spoken._rekey_bytes = spoken._rekey_bytes_sent + 1
        said = [await _said(connection, f"echo {number}") for number in range(3)]

    assert said == [b"0\n", b"1\n", b"2\n"]
    assert isinstance(spoken._send_encryption, Gcm)
    assert spoken._send_encryption is not first


def test_a_packet_is_the_same_as_asyncssh_makes_it():
    key, nonce = os.urandom(16), os.urandom(4) + b"\xff" * 8  # the number begins again after the next packet
    theirs = GCMEncryption(GCMCipher("aes128-gcm", key, nonce))
    ours = Gcm(key, nonce)

    for number in range(3):
        packet = bytes([number]) * 32
        assert ours.seal(packet) == b"".join(theirs.encrypt_packet(number, UInt32(32), packet))


def test_a_cipher_in_use_is_taken_over_where_it_is():
    key, nonce = os.urandom(16), os.urandom(12)
    theirs, ours = (GCMEncryption(GCMCipher("aes128-gcm", key, nonce)) for _ in range(2))
    for each in (theirs, ours):
        each.encrypt_packet(0, UInt32(16), bytes(16))

    taken_over = set_up_once(ours)

    assert isinstance(taken_over, Gcm)
    assert taken_over.seal(bytes(16)) == b"".join(theirs.encrypt_packet(1, UInt32(16), bytes(16)))


@pytest.mark.parametrize("place", [0, 3, 4, 20, -1])
def test_a_packet_that_was_changed_on_the_way_is_not_opened(place):
    key, nonce = os.urandom(16), os.urandom(12)
    sealed = bytearray(Gcm(key, nonce).seal(bytes(32)))
    sealed[place] ^= 1

    with pytest.raises(asyncssh.MACError):
        Gcm(key, nonce).open(bytes(sealed[:4]), bytes(sealed[4:]))


@pytest.mark.parametrize(
    "noise",
    [UInt32(32) + bytes(48), UInt32(0) + bytes(16), UInt32(1) + bytes(17), UInt32(2**31) + bytes(16)],
    ids=["not sealed", "empty", "of one byte", "of 2 GiB"],
)
async def test_noise_between_packets_ends_the_connection_at_once(transport, target, noise):
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("sleep 20", 20), Kept())
        connection._connection.data_received(noise)
        async with asyncio.timeout(2):
            with pytest.raises(ConnectionLost):
                await running.wait()
        assert connection.closed


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x00\x00", UInt32(4711) + String(b"for nobody"), UInt32(0) + UInt32(9) + b"less"],
    ids=["nothing", "half a number", "for no channel", "shorter than it says"],
)
async def test_a_packet_for_a_channel_that_makes_no_sense_ends_the_connection(transport, payload):
    def misbehaves(channel):
        channel.get_connection().send_packet(MSG_CHANNEL_DATA, payload)

    async with scripted(sends(misbehaves)) as server:
        with pytest.raises(TransportError) as ended:
            await run(transport, server.target, "true", timeout=2)

    assert isinstance(ended.value, ConnectionLost)


async def test_a_packet_arrives_whole_however_it_is_cut(transport, target):
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        spoken = connection._connection
        whole = spoken.data_received

        def in_pieces(data, datatype=None):
            for place in range(len(data)):
                whole(data[place : place + 1], datatype)

        connection._connection._transport.set_protocol(_Cut(spoken, in_pieces))
        assert await _said(connection, "seq 300") == b"".join(b"%d\n" % number for number in range(1, 301))


class _Cut(asyncio.Protocol):
    """Passes on to a connection, in pieces."""

    def __init__(self, connection, pieces):
        self.data_received = pieces
        self.connection_lost = connection.connection_lost
        self.eof_received = connection.eof_received
        self.pause_writing, self.resume_writing = connection.pause_writing, connection.resume_writing


def _never_opens(conn):
    conn.send_channel_open_confirmation = lambda *_: None


def _never_accepts(conn):
    sends_packet = conn.send_packet

    def but_the_word(pkttype, *args, handler=None):
        if pkttype != MSG_CHANNEL_SUCCESS:
            sends_packet(pkttype, *args, handler=handler)

    conn.send_packet = but_the_word


@pytest.mark.parametrize(
    ("greets", "expected"), [(_never_opens, SessionTimeout), (_never_accepts, ConnectionLost)]
)
async def test_a_session_or_command_that_is_left_unanswered_is_given_up_in_time(hasty, greets, expected):
    async with scripted(never_ends, greets=greets) as server:
        async with await hasty.connect(server.endpoint, LOGIN, server.pinned) as connection:
            async with asyncio.timeout(2):
                with pytest.raises(expected):
                    await connection.start(Command("true", 10), Kept())
            assert connection.closed
