"""Certificates of users, against an sshd that trusts their authority."""

import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncssh
import pytest
from pydantic import SecretStr
from tests.support.openssh import OpenSsh, running_openssh
from tests.transports.hostile import raw, says_nothing

from opsconductor.stack.fleet import keys
from opsconductor.transports import (
    CertificateExpired,
    CertificateNotYetValid,
    CertificateRefused,
    CertificateUnusable,
    LoginRefused,
    SshLogin,
    fingerprint,
)
from opsconductor.transports.ssh import describe_certificate

AUTHORITY = asyncssh.generate_private_key("ssh-ed25519")
KEY = asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="module")
async def trusting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpenSsh]:
    """An sshd that takes certificates of the authority, and no key by itself."""
    trusted = tmp_path_factory.mktemp("ca") / "ca.pub"
    trusted.write_text(keys.public_line(AUTHORITY) + "\n")
    async with running_openssh(f"TrustedUserCAKeys {trusted}", authorized=False) as server:
        yield server


def certified(
    username: str, *, key: asyncssh.SSHKey = KEY, authority: asyncssh.SSHKey = AUTHORITY, **more: object
) -> str:
    """Return a certificate for a key."""
    options = {"principals": [username], "serial": 7, "valid_after": "-1h", "valid_before": "+1h"} | more
    return authority.generate_user_certificate(key, "the-key-id", **options).export_certificate().decode()


def login(server: OpenSsh, certificate: str | None, key: asyncssh.SSHKey = KEY) -> SshLogin:
    secret = SecretStr(key.export_private_key().decode())
    return SshLogin(server.login.username, private_key=secret, certificate=certificate)


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_a_certificate_of_the_trusted_authority_logs_in(transport, trusting, kind):
    key = asyncssh.generate_private_key(kind)
    line = certified(trusting.login.username, key=key)

    result = await transport.check(trusting.endpoint, login(trusting, line, key), trusting.pinned)

    assert result.host_key == trusting.host_key


async def test_control_the_key_alone_does_not_log_in(transport, trusting):
    with pytest.raises(LoginRefused):
        await transport.check(trusting.endpoint, login(trusting, None), trusting.pinned)


async def test_a_certificate_of_another_authority_is_refused_and_the_sentence_says_what_to_look_at(
    transport, trusting
):
    foreign = certified(trusting.login.username, authority=asyncssh.generate_private_key("ssh-ed25519"))

    with pytest.raises(CertificateRefused) as refused:
        await transport.check(trusting.endpoint, login(trusting, foreign), trusting.pinned)

    assert "its authority is not trusted there" in refused.value.detail
    assert (refused.value.kind, refused.value.retry) == ("failed", False)


async def test_a_certificate_for_somebody_else_names_for_whom_it_is(transport, trusting):
    line = certified("x", principals=["deploy", "backup"])

    with pytest.raises(CertificateRefused) as refused:
        await transport.check(trusting.endpoint, login(trusting, line), trusting.pinned)

    assert "it is made out to deploy, backup" in refused.value.detail


async def test_a_certificate_for_nobody_says_so(transport, trusting):
    with pytest.raises(CertificateRefused) as refused:
        await transport.check(
            trusting.endpoint, login(trusting, certified("x", principals=[])), trusting.pinned
        )

    assert "names no user" in refused.value.detail


async def test_a_principal_that_is_no_user_name_is_the_business_of_the_target(transport, tmp_path):
    """Targets may map roles to users (AuthorizedPrincipalsFile), so that a mismatch is no reason not to try."""
    (tmp_path / "ca.pub").write_text(keys.public_line(AUTHORITY))
    (tmp_path / "principals").write_text("webmasters\n")
    lines = (
        f"TrustedUserCAKeys {tmp_path}/ca.pub",
        f"AuthorizedPrincipalsFile {tmp_path}/principals",
    )
    async with running_openssh(*lines, authorized=False) as server:
        line = certified("webmasters")
        await transport.check(server.endpoint, login(server, line), server.pinned)


EXPIRED = {"valid_after": "-2h", "valid_before": "-1h"}
TOO_EARLY = {"valid_after": "+1h", "valid_before": "+2h"}


@pytest.mark.parametrize(
    ("times", "error"), [(EXPIRED, CertificateExpired), (TOO_EARLY, CertificateNotYetValid)]
)
async def test_one_that_is_not_valid_now_is_not_shown_to_anybody(transport, times, error):
    async with raw(says_nothing) as endpoint:
        line = certified("root", **times)
        with pytest.raises(error) as refused:
            await transport.check(endpoint, login_of(line), None)

    hour = (datetime.now(UTC) + timedelta(hours=1 if error is CertificateNotYetValid else -1)).strftime(
        "%Y-%m-%d %H:"
    )
    assert hour in refused.value.detail


def login_of(line: str, key: asyncssh.SSHKey = KEY) -> SshLogin:
    return SshLogin("root", private_key=SecretStr(key.export_private_key().decode()), certificate=line)


async def test_sshd_agrees_about_the_expired_one(transport, trusting, monkeypatch):
    monkeypatch.setattr("opsconductor.transports.ssh.certificates.CertificateDescription.judge", _nothing)

    line = certified(trusting.login.username, **EXPIRED)
    with pytest.raises(CertificateRefused):
        await transport.check(trusting.endpoint, login(trusting, line), trusting.pinned)

    assert "Certificate invalid: expired" in trusting.log


def _nothing(*_: object) -> None:
    """Judge nothing."""


async def test_a_certificate_of_another_key_is_refused_before_the_connection(transport, trusting):
    other = certified(trusting.login.username, key=asyncssh.generate_private_key("ssh-ed25519"))
    before = trusting.log.count("Connection from")

    with pytest.raises(CertificateUnusable, match="belongs to another private key"):
        await transport.check(trusting.endpoint, login(trusting, other), trusting.pinned)

    assert trusting.log.count("Connection from") == before


def test_what_it_says_is_described():
    line = certified("root", principals=["root", "deploy"], serial=2**64 - 1)

    described = describe_certificate(f"  {line}\n")

    assert (described.key_id, described.serial) == ("the-key-id", 2**64 - 1)
    assert described.principals == ("root", "deploy")
    assert described.key == fingerprint(keys.public_line(KEY))
    assert described.authority == fingerprint(keys.public_line(AUTHORITY))
    assert described.valid_after < datetime.now(UTC) < described.valid_before


def test_one_without_limits_of_time_has_none():
    described = describe_certificate(certified("root", valid_after=0, valid_before=2**64 - 1))

    assert (described.valid_after, described.valid_before) == (None, None)
    described.judge(datetime.now(UTC))


def _of_a_host() -> str:
    return (
        AUTHORITY.generate_host_certificate(KEY, "a host", principals=["web"]).export_certificate().decode()
    )


def _forged() -> str:
    """A certificate that was changed after it was signed."""
    kind, text = certified("root").split()[:2]
    return f"{kind} {text[:200]}{'A' if text[200] != 'A' else 'B'}{text[201:]}"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "can't be read"),
        ("hello", "can't be read"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "can't be read"),
        ("\ud800", "can't be read"),
        (keys.public_line(KEY), "can't be read"),
        (KEY.export_private_key().decode(), "can't be read"),
        (_forged(), "can't be read"),
        (_of_a_host(), "of a host"),
    ],
    ids=["nothing", "a word", "too short", "no text", "a public key", "a private key", "forged", "a host's"],
)
def test_what_is_no_certificate_of_a_user_is_refused_without_being_quoted(line, reason):
    with pytest.raises(CertificateUnusable, match=reason) as refused:
        describe_certificate(line)

    shown = "".join(traceback.format_exception(refused.value, chain=True)).split("CertificateUnusable", 1)[1]
    assert "BEGIN" not in shown


async def test_a_certificate_without_its_key_changes_nothing(transport, trusting):
    alone = replace(trusting.login, private_key=None, certificate=certified("root"))

    with pytest.raises(LoginRefused):
        await transport.check(trusting.endpoint, alone, trusting.pinned)
