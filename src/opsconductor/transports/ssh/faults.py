"""What went wrong while connecting, told as one of our errors."""

import errno
import socket

import asyncssh

from opsconductor.transports import errors
from opsconductor.transports.base import Endpoint, SshLogin
from opsconductor.transports.errors import HostKeyRefused, TransportError
from opsconductor.transports.hostkeys import fingerprint
from opsconductor.transports.ssh import certificates
from opsconductor.transports.ssh.client import Handshake
from opsconductor.transports.ssh.hops import Passage
from opsconductor.transports.ssh.options import Limits

NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EHOSTDOWN, errno.ENETDOWN}
MAX_TRIES = "authentication failures"  # OpenSSH hangs up with these words after MaxAuthTries


def while_connecting(
    error: Exception, endpoint: Endpoint, login: SshLogin, handshake: Handshake, limits: Limits
) -> TransportError:
    """Return the error for what asyncssh or the system raised before a login succeeded."""
    refused = host_key_refused(endpoint, handshake)
    if refused is not None:
        return refused
    if handshake.offered is None and handshake.nothing_in_common():
        kind = errors.NoLegacyAlgorithm if endpoint.legacy else errors.NoCommonAlgorithm
        return kind(host=endpoint.host)
    if isinstance(error, asyncssh.Error):
        return _spoken(error, endpoint, login, handshake)
    if handshake.reached:
        return _interrupted(error, endpoint, limits)
    return _no_answer(error, endpoint, limits)


def in_passage(error: Exception, endpoint: Endpoint, passage: Passage, limits: Limits) -> TransportError:
    """Return the error for a jump host that did not bring us to the next host. What it said is not passed on."""
    place = {"host": endpoint.host, "port": endpoint.port}
    if passage.hop.closed:
        return passage.at_fault(errors.ConnectionClosed(**passage.place))
    if isinstance(error, TimeoutError):
        return errors.ConnectTimeout(seconds=limits.connect, **place)
    if (
        isinstance(error, asyncssh.ChannelOpenError)
        and error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
    ):
        return passage.at_fault(errors.ForwardingRefused(host=endpoint.host))
    return errors.NotReachedFromHop(hop=passage.place["host"], **place)


def host_key_refused(endpoint: Endpoint, handshake: Handshake) -> HostKeyRefused | None:
    """Return the error where a key was shown and not accepted."""
    if handshake.offered is None or handshake.accepted:
        return None
    kind = errors.HostKeyChanged if handshake.changed else errors.HostKeyUnapproved
    return kind(host=endpoint.host, offered=handshake.offered, fingerprint=fingerprint(handshake.offered))


def _spoken(
    error: asyncssh.Error, endpoint: Endpoint, login: SshLogin, handshake: Handshake
) -> TransportError:
    """The other side answered, but not as it should have."""
    if isinstance(error, asyncssh.PermissionDenied | asyncssh.IllegalUserName) or MAX_TRIES in error.reason:
        return _login_refused(endpoint, login, handshake)
    if isinstance(
        error,
        asyncssh.ProtocolError
        | asyncssh.ProtocolNotSupported
        | asyncssh.KeyExchangeFailed
        | asyncssh.HostKeyNotVerifiable
        | asyncssh.MACError,
    ):
        return errors.ProtocolMismatch(host=endpoint.host, port=endpoint.port)
    return errors.ConnectionClosed(host=endpoint.host, port=endpoint.port)


def _login_refused(endpoint: Endpoint, login: SshLogin, handshake: Handshake) -> TransportError:
    if handshake.key_withheld and not endpoint.legacy:
        return errors.OutdatedSignature(host=endpoint.host)
    who = {"host": endpoint.host, "username": login.username}
    if login.certificate is not None and login.private_key is not None:
        return errors.CertificateRefused(reason=certificates.why_refused(login), **who)
    return errors.LoginRefused(**who)


def _interrupted(error: Exception, endpoint: Endpoint, limits: Limits) -> TransportError:
    """The connection was there, the login was not yet."""
    if isinstance(error, TimeoutError):
        return errors.LoginTimeout(host=endpoint.host, port=endpoint.port, seconds=limits.login)
    if isinstance(error, OSError):
        return errors.ConnectionClosed(host=endpoint.host, port=endpoint.port)
    return errors.ProtocolMismatch(host=endpoint.host, port=endpoint.port)


def _no_answer(error: Exception, endpoint: Endpoint, limits: Limits) -> TransportError:
    """There was no connection. Several addresses that fail differently are one OSError without a number."""
    place = {"host": endpoint.host, "port": endpoint.port}
    if isinstance(error, socket.gaierror | UnicodeError):  # IDNA refuses a label by UnicodeError
        return errors.DnsFailed(host=endpoint.host)
    if isinstance(error, ConnectionRefusedError) or "refused" in str(error):
        return errors.ConnectRefused(**place)
    if isinstance(error, TimeoutError):
        return errors.ConnectTimeout(seconds=limits.connect, **place)
    if isinstance(error, OSError) and (error.errno is None or error.errno in NO_ROUTE):
        return errors.HostUnreachable(host=endpoint.host)
    return errors.ConnectionClosed(**place)
