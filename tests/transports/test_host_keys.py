"""Nothing is sent to a host whose key is not the approved one."""

import subprocess

import asyncssh
import pytest
from tests.support.sshd import running_sshd
from tests.transports import hostile
from tests.transports.hostile import scripted

from opsconductor.stack.fleet import keys
from opsconductor.transports import (
    ConnectRefused,
    Endpoint,
    HostKeyChanged,
    HostKeyCheck,
    HostKeyUnapproved,
    algorithm,
    bare,
    fingerprint,
)

OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEKfqSqrtvxKBP1MBKA80Tt2TrkSAH921QRpmZQdmVqR"


async def test_an_impostor_sees_neither_user_nor_password(transport):
    async with scripted(hostile.exits_with(0)) as impostor:
        with pytest.raises(HostKeyChanged) as refused:
            await transport.check(impostor.endpoint, hostile.LOGIN, HostKeyCheck(OTHER))

    assert impostor.connections == 1
    assert (impostor.users, impostor.passwords, impostor.commands) == ([], [], [])
    assert refused.value.offered == impostor.pinned.pinned
    assert refused.value.fingerprint == fingerprint(refused.value.offered)
    assert (refused.value.kind, refused.value.retry) == ("failed", False)


async def test_positive_control_the_same_server_sees_both_when_its_key_is_the_pinned_one(transport):
    async with scripted(hostile.exits_with(0)) as server:
        await transport.check(server.endpoint, hostile.LOGIN, server.pinned)

    assert server.users == [hostile.LOGIN.username]
    assert server.passwords == ["the-password-in-clear"]


async def test_an_unknown_host_waits_for_approval_and_sees_nothing(transport):
    async with scripted(hostile.exits_with(0)) as server:
        with pytest.raises(HostKeyUnapproved) as refused:
            await transport.check(server.endpoint, hostile.LOGIN, HostKeyCheck())

    assert refused.value.offered == server.pinned.pinned
    assert server.users == []


async def test_an_unknown_host_is_accepted_where_that_is_the_policy_and_its_key_is_told(transport, target):
    result = await transport.check(target.endpoint, target.login, HostKeyCheck(accept_new=True))

    assert result.host_key == target.host_key


async def test_accepting_new_hosts_does_not_accept_changed_ones(transport, target):
    with pytest.raises(HostKeyChanged):
        await transport.check(target.endpoint, target.login, HostKeyCheck(OTHER, accept_new=True))


async def test_a_comment_in_the_pinned_key_does_not_matter(transport, target):
    pinned = HostKeyCheck(f"  {target.host_key} root@somewhere \n")

    assert (await transport.check(target.endpoint, target.login, pinned)).host_key == target.host_key


@pytest.mark.parametrize(
    "kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"]
)
async def test_every_usual_kind_of_host_key_can_be_pinned(transport, kind):
    async with running_sshd(host_key_type=kind) as [target]:
        assert algorithm(target.host_key) == kind
        assert await transport.scan_host_key(target.endpoint) == target.host_key
        assert (
            await transport.check(target.endpoint, target.login, target.pinned)
        ).host_key == target.host_key


async def test_a_host_that_shows_another_kind_of_key_has_changed(transport, target):
    pinned = keys.public_line(asyncssh.generate_private_key("ecdsa-sha2-nistp256"))

    with pytest.raises(HostKeyChanged) as refused:
        await transport.check(target.endpoint, target.login, HostKeyCheck(pinned))

    assert refused.value.offered == target.host_key


async def test_a_scan_returns_the_key_without_logging_in(transport):
    async with scripted(hostile.refuses) as server:
        assert await transport.scan_host_key(server.endpoint) == server.pinned.pinned

    assert server.users == []


async def test_a_scan_of_nothing_says_why(transport):
    with pytest.raises(ConnectRefused):
        await transport.scan_host_key(Endpoint("127.0.0.1", 1))


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_fingerprints_are_those_of_openssh(kind, tmp_path):
    line = keys.public_line(asyncssh.generate_private_key(kind))
    (tmp_path / "key.pub").write_text(line + "\n")

    printed = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    ).stdout

    assert fingerprint(f"{line} a comment") == printed.split()[1]


@pytest.mark.parametrize(
    "text", ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa " + OTHER.split()[1], "x AAAA"]
)
def test_what_is_not_a_public_key_is_refused(text):
    with pytest.raises(ValueError, match="public key"):
        bare(text)
