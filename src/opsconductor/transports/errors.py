"""Why an operation on a target failed: a class per cause, whose docstring is the sentence the operator reads.

Sentences hold no secret, nothing the target said (it may be hostile) and nothing of our insides.
"""

from typing import ClassVar, Literal, Self

Kind = Literal["unreachable", "failed", "timed_out", "lost"]


class TransportError(Exception):
    """The operation failed."""

    code: ClassVar[str]
    kind: ClassVar[Kind]
    retry: ClassVar[bool] = False
    """True only where nothing of the command was sent and trying again may help."""

    def __init__(self, **fields: object) -> None:
        """`fields` are filled into the docstring's sentence by name."""
        self.detail = " ".join((type(self).__doc__ or "").split()).format(**fields)
        self.hop: int | None = None
        """Which jump host it happened at, counted from 0; None: at the target itself."""
        super().__init__(self.detail)

    def at_hop(self, number: int, host: str) -> Self:
        """Return this error as one of a jump host, unless an earlier hop is named already."""
        if self.hop is not None:
            return self
        moved = type(self).__new__(type(self))
        moved.__dict__ = self.__dict__ | {"hop": number, "detail": f"Jump host {host}: {self.detail}"}
        moved.args = (moved.detail,)
        return moved


class Unreachable(TransportError):
    """The target can't be reached."""

    kind = "unreachable"
    retry = True


class DnsFailed(Unreachable):
    """The name {host} can't be resolved to an address."""

    code = "dns_failed"


class ConnectRefused(Unreachable):
    """{host} refuses connections on port {port}: nothing listens there."""

    code = "connect_refused"


class ConnectTimeout(Unreachable):
    """{host} did not answer on port {port} within {seconds:g} seconds."""

    code = "connect_timeout"


class HostUnreachable(Unreachable):
    """There is no way through the network to {host}."""

    code = "host_unreachable"


class ConnectionClosed(Unreachable):
    """{host} closed the connection on port {port} before anything could be run."""

    code = "connection_closed"


class LoginTimeout(Unreachable):
    """{host} accepted the connection on port {port}, but the login took more than {seconds:g} seconds."""

    code = "login_timeout"


class ProtocolMismatch(Unreachable):
    """What answers on port {port} of {host} does not speak the expected protocol."""

    code = "protocol_error"
    retry = False


class NoCommonAlgorithm(Unreachable):
    """{host} offers only outdated cryptography. Update its SSH server or, where that is impossible, allow
    outdated algorithms for this target."""

    code = "no_common_algorithm"
    retry = False


class NoLegacyAlgorithm(Unreachable):
    """{host} offers only cryptography that is not accepted even where outdated algorithms are allowed."""

    code = "no_legacy_algorithm"
    retry = False


class OutdatedSignature(Unreachable):
    """{host} takes RSA keys only with outdated SHA-1 signatures. Use an Ed25519 key or, where that is
    impossible, allow outdated algorithms for this target."""

    code = "outdated_signature"
    retry = False


class NotReachedFromHop(Unreachable):
    """{host} can't be reached on port {port} from the jump host {hop}: the name is not known there, nothing
    listens, or a firewall is between them."""

    code = "not_reached_from_hop"


class ForwardingRefused(Unreachable):
    """It passes on no connection to {host}; allow it in its SSH server (AllowTcpForwarding, PermitOpen)."""

    code = "forwarding_refused"
    retry = False


class Refused(TransportError):
    """The target was reached, but the command was not run."""

    kind = "failed"


class LoginRefused(Refused):
    """{host} refused the login of {username}: the user name, password or key is wrong or not allowed."""

    code = "login_refused"


class KeyUnusable(Refused):
    """The private key can't be used: it can't be read, or its passphrase is missing or wrong."""

    code = "key_unusable"


class CertificateUnusable(Refused):
    """The certificate can't be used: {reason}."""

    code = "certificate_unusable"


class CertificateExpired(Refused):
    """The certificate of this login was valid until {until:%Y-%m-%d %H:%M} UTC; give it a new one."""

    code = "certificate_expired"


class CertificateNotYetValid(Refused):
    """The certificate of this login is valid only from {since:%Y-%m-%d %H:%M} UTC on."""

    code = "certificate_not_yet_valid"


class CertificateRefused(Refused):
    """{host} refused the certificate of {username}: {reason}."""

    code = "certificate_refused"


class SessionRefused(Refused):
    """{host} accepted the login, but refused to run a command."""

    code = "session_refused"

    def __init__(self, *, asked: bool, **fields: object) -> None:
        """`asked` is True where the command itself had been sent when the refusal came."""
        self.asked = asked
        super().__init__(**fields)


class SessionTimeout(Unreachable):
    """{host} accepted the login, but opened no session within {seconds:g} seconds."""

    code = "session_timeout"


class HostKeyRefused(Refused):
    """The host key of {host} is not acceptable."""

    def __init__(self, *, offered: str, fingerprint: str, **fields: object) -> None:
        """`offered` is the public key shown, on one line; `fingerprint` its "SHA256:…"."""
        self.offered = offered
        self.fingerprint = fingerprint
        super().__init__(fingerprint=fingerprint, **fields)


class HostKeyChanged(HostKeyRefused):
    """{host} shows another host key ({fingerprint}) than the approved one, so nothing was sent to it."""

    code = "host_key_changed"


class HostKeyUnapproved(HostKeyRefused):
    """The host key of {host} ({fingerprint}) has to be approved first, so nothing was sent to it."""

    code = "host_key_unapproved"


class CommandTimedOut(TransportError):
    """The command did not end within {seconds:g} seconds."""

    code = "timed_out"
    kind = "timed_out"


class ConnectionLost(TransportError):
    """The connection to {host} was lost while the command ran; its outcome is not known."""

    code = "connection_lost"
    kind = "lost"


class OutputLimit(Refused):
    """The command wrote more than {limit} bytes and was stopped."""

    code = "output_limit"


# Files. A path in a sentence is one that the caller gave, never one that the target answered.
