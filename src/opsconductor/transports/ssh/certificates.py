"""OpenSSH user certificates: read, described, and paired with the private key they belong to."""

from dataclasses import dataclass
from datetime import UTC, datetime

import asyncssh
from asyncssh.public_key import SSHOpenSSHCertificate

from opsconductor.transports.base import SshLogin
from opsconductor.transports.errors import CertificateExpired, CertificateNotYetValid, CertificateUnusable
from opsconductor.transports.hostkeys import fingerprint
from opsconductor.transports.ssh.keys import public_line

UNREADABLE = "it can't be read; it is one line such as ssh-ed25519-cert-v01@openssh.com AAAA…"
OF_A_HOST = "it is the certificate of a host, not of a user"
OF_ANOTHER_KEY = "it belongs to another private key"
USER = 1
FOREVER = 253_402_300_800  # s since 1970 to the year 10000; "forever" is written as 2^64 - 1


@dataclass(frozen=True, slots=True)
class CertificateDescription:
    """What a certificate says; `key` and `authority` are fingerprints, a time of None is no limit."""

    key_id: str
    serial: int
    principals: tuple[str, ...]
    valid_after: datetime | None
    valid_before: datetime | None
    key: str
    authority: str

    def judge(self, moment: datetime) -> None:
        """Raise CertificateExpired or CertificateNotYetValid where it is not valid at this moment."""
        if self.valid_before is not None and moment >= self.valid_before:
            raise CertificateExpired(until=self.valid_before)
        if self.valid_after is not None and moment < self.valid_after:
            raise CertificateNotYetValid(since=self.valid_after)


def describe_certificate(line: str) -> CertificateDescription:
    """Describe a user certificate. Raises CertificateUnusable."""
    return _description(parse(line))


def parse(line: str) -> SSHOpenSSHCertificate:
    """Read a user certificate, and check that its authority has signed it. Raises CertificateUnusable."""
    try:
        found = asyncssh.import_certificate(line.strip() + "\n")
    except (ValueError, asyncssh.KeyImportError):
        raise CertificateUnusable(reason=UNREADABLE) from None
    if not isinstance(found, SSHOpenSSHCertificate):
        raise CertificateUnusable(reason=UNREADABLE)
    if found._cert_type != USER:
        raise CertificateUnusable(reason=OF_A_HOST)
    return found


def paired(key: asyncssh.SSHKey, line: str | None) -> list[asyncssh.SSHKeyPair]:
    """Return the key as it logs in: with its certificate, where there is one, and only so.

    Made for each connection: asyncssh keeps in a pair what was negotiated. Raises CertificateUnusable,
    CertificateExpired, CertificateNotYetValid.
    """
    if line is None:
        return list(asyncssh.load_keypairs(key))
    certificate = parse(line)
    if certificate.key.public_data != key.public_data:
        raise CertificateUnusable(reason=OF_ANOTHER_KEY)
    _description(certificate).judge(datetime.now(UTC))
    modern, older = (_with_certificate(key, certificate) for _ in range(2))
    if key.algorithm != b"ssh-rsa":
        return [modern]
    # A certificate of an RSA key has another name since OpenSSH 7.8. asyncssh tries both as well, but the
    # old one first, and the other only where a further key follows.
    modern.algorithm = b"rsa-sha2-256-cert-v01@openssh.com"
    return [modern, older]


def _with_certificate(key: asyncssh.SSHKey, certificate: SSHOpenSSHCertificate) -> asyncssh.SSHKeyPair:
    return asyncssh.load_keypairs([(key, certificate)])[0]  # the second is the key without it


def why_refused(login: SshLogin) -> str:
    """Return why a target may have refused the certificate of this login."""
    assert login.certificate is not None
    principals = describe_certificate(login.certificate).principals
    if not principals:
        return "it names no user at all"
    if login.username in principals:
        return "its authority is not trusted there, or it is revoked or not valid from here"
    named = ", ".join(principals[:5]) + (", …" if len(principals) > 5 else "")
    return f"it is made out to {named}"


def _description(found: SSHOpenSSHCertificate) -> CertificateDescription:
    return CertificateDescription(
        key_id=found._key_id,
        serial=found._serial,
        principals=tuple(found.principals),
        valid_after=_moment(found._valid_after),
        valid_before=_moment(found._valid_before),
        key=fingerprint(public_line(found.key)),
        authority=fingerprint(public_line(found.signing_key)),
    )


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < FOREVER else None
