"""Outdated cryptography only where a target is allowed it, and after all that is not; IPv6 as everywhere."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncssh
import pytest
from pydantic import SecretStr
from tests.support.openssh import FORWARDING, OpenSsh, running_openssh
from tests.transports import hostile
from tests.transports.hostile import scripted
from tests.transports.sinks import Kept

from opsconductor.transports import (
    Command,
    Endpoint,
    HostKeyChanged,
    HostKeyCheck,
    NoCommonAlgorithm,
    NoLegacyAlgorithm,
    OutdatedSignature,
    SshLogin,
)
from opsconductor.transports.ssh.options import CIPHERS, KEY_EXCHANGES, MACS, Limits, common

pytestmark = pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")  # so says cryptography

OLD = {
    "key exchange": "KexAlgorithms diffie-hellman-group14-sha1",
    "group exchange": "KexAlgorithms diffie-hellman-group-exchange-sha1",
    "cipher": "Ciphers aes128-cbc,aes256-cbc",
    "MAC": "Ciphers aes256-ctr\nMACs hmac-sha1",
    "host key": "HostKeyAlgorithms ssh-rsa",
}


@pytest.fixture(scope="module")
async def old() -> AsyncIterator[OpenSsh]:
    """An sshd that speaks as in 2010."""
    lines = [OLD[name] for name in ("key exchange", "cipher", "host key")]
    async with running_openssh(*lines, "MACs hmac-sha1", host_key_type="ssh-rsa") as server:
        yield server


def _allowed(server: OpenSsh) -> Endpoint:
    return replace(server.endpoint, legacy=True)


async def test_an_old_server_is_refused_and_the_sentence_tells_how_to_opt_in(transport, old):
    with pytest.raises(NoCommonAlgorithm) as refused:
        await transport.check(old.endpoint, old.login, old.pinned)

    assert "allow outdated algorithms for this target" in refused.value.detail
    assert (refused.value.kind, refused.value.retry) == ("unreachable", False)


async def test_an_old_server_is_reached_where_that_is_allowed(transport, old):
    kept = Kept()
    async with await transport.connect(_allowed(old), old.login, old.pinned) as connection:
        end = await (await connection.start(Command("echo old", 5), kept)).wait()
        spoken = connection._connection

    assert (end.exit_code, kept.out) == (0, b"old\n")
    assert spoken.get_extra_info("send_cipher") == "aes256-cbc"
    assert spoken.get_extra_info("send_mac") == "hmac-sha1"


@pytest.mark.parametrize("line", OLD.values(), ids=OLD.keys())
async def test_each_outdated_algorithm_by_itself_needs_the_permission(transport, line):
    kind = "ssh-rsa" if "HostKey" in line else "ssh-ed25519"
    async with running_openssh(line, host_key_type=kind) as server:
        with pytest.raises(NoCommonAlgorithm):
            await transport.check(server.endpoint, server.login, server.pinned)
        result = await transport.check(_allowed(server), server.login, server.pinned)

    assert result.host_key == server.host_key


async def test_permission_alone_makes_nothing_outdated_with_a_server_that_is_not(transport, target):
    way = (replace(target.endpoint, legacy=True), target.login, target.pinned)
    async with await transport.connect(*way) as connection:
        spoken = connection._connection

    assert spoken.get_extra_info("send_cipher") == CIPHERS[0]


async def test_an_rsa_key_whose_signature_would_be_outdated_is_not_used(transport):
    """OpenSSH before 7.2 is like that; today's tells that it verifies more, whatever it is configured to take."""
    key = asyncssh.generate_private_key("ssh-rsa")
    login = SshLogin("root", private_key=SecretStr(key.export_private_key().decode()))
    async with scripted(hostile.exits_with(0), keys=[key], signature_algs=["ssh-rsa"]) as server:
        with pytest.raises(OutdatedSignature) as refused:
            await transport.check(server.endpoint, login, server.pinned)
        seen = server.keys_seen
        await transport.check(replace(server.endpoint, legacy=True), login, server.pinned)

    assert "Ed25519" in refused.value.detail
    assert (seen, server.keys_seen > 0) == (0, True)


async def test_a_refused_rsa_key_is_not_taken_for_an_outdated_one(transport, target):
    other = asyncssh.generate_private_key("ssh-rsa").export_private_key().decode()
    login = replace(target.login, private_key=SecretStr(other))

    with pytest.raises(Exception, match="refused the login"):
        await transport.check(target.endpoint, login, target.pinned)


async def test_what_is_broken_is_refused_even_so(transport):
    async with running_openssh("KexAlgorithms diffie-hellman-group1-sha1") as server:
        with pytest.raises(NoLegacyAlgorithm):
            await transport.check(_allowed(server), server.login, server.pinned)


async def test_the_host_key_of_an_old_server_is_verified_all_the_same(transport, old):
    other = HostKeyCheck(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEKfqSqrtvxKBP1MBKA80Tt2TrkSAH921QRpmZQdmVqR", accept_new=True
    )

    with pytest.raises(HostKeyChanged) as refused:
        await transport.check(_allowed(old), old.login, other)

    assert refused.value.offered == old.host_key


def test_outdated_algorithms_come_after_all_others():
    modern, legacy = (common(Limits(), Endpoint("web", legacy=allowed), None) for allowed in (False, True))

    for name in ("kex_algs", "encryption_algs", "mac_algs", "server_host_key_algs", "signature_algs"):
        assert not [found for found in modern[name] if re.search(r"sha1|cbc|^ssh-rsa$|md5|dss", found)]
        assert legacy[name][: len(modern[name])] == modern[name]
        assert len(legacy[name]) > len(modern[name])
    assert modern["kex_algs"] == KEY_EXCHANGES
    assert modern["mac_algs"] == MACS


async def test_a_target_and_its_jump_host_on_ipv6(transport):
    async with (
        running_openssh("ListenAddress ::1", FORWARDING) as hop,
        running_openssh("ListenAddress ::1") as six,
    ):
        hop.endpoint, six.endpoint = hop.at("::1"), six.at("::1")
        kept = Kept()
        way = (six.endpoint, six.login, six.pinned, (hop.hop,))
        async with await transport.connect(*way) as connection:
            await (await connection.start(Command("echo $SSH_CONNECTION", 5), kept)).wait()
        direct = await transport.check(*way[:3])

    assert kept.out.split()[0::2] == [b"::1", b"::1"]
    assert direct.host_key == six.host_key
