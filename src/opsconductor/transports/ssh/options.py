"""How we speak SSH: time limits, algorithms, and all that asyncssh would take from elsewhere off."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncssh

from opsconductor.transports.base import Endpoint, SshLogin
from opsconductor.transports.hostkeys import algorithm


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds. asyncssh's own: 120 s for a login, none to connect, no keepalive."""

    connect: float = 10
    """Name resolution and TCP."""
    login: float = 15
    """From the TCP connection to the login."""
    start: float = 10
    """From asking for a session to the target's word that the command runs."""
    keepalive: float = 5
    """A silent connection is asked after this time, and again; it is lost after the third silence."""


KEY_EXCHANGES = (  # the first is 5 to 50 times cheaper than groups, and everywhere since OpenSSH 6.5
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
)
CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
HOST_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
RSA = ("rsa-sha2-512", "rsa-sha2-256")

# What is asked for last, and only where a target is allowed outdated cryptography: SHA-1, and ciphers in CBC
# mode. What is broken today (DSA, MD5, RC4, DES, groups of 1024 bits) is not among it.
LEGACY_KEY_EXCHANGES = ("diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1")
LEGACY_CIPHERS = ("aes256-cbc", "aes192-cbc", "aes128-cbc")
LEGACY_MACS = ("hmac-sha1-etm@openssh.com", "hmac-sha1")
LEGACY_RSA = ("ssh-rsa",)


def host_key_algorithms(pinned: str | None, *, legacy: bool = False) -> Sequence[str]:
    """Return the algorithms to ask for, those of the pinned key first.

    A server that still has the pinned key has to use it then. One that has not shows another key, which is
    refused but can be named; were the others left out, all we could say is that no algorithm fits.
    """
    every = (*HOST_KEYS, *(LEGACY_RSA if legacy else ()))
    if pinned is None:
        return every
    kind = algorithm(pinned)
    first = [name for name in every if name in ((*RSA, *LEGACY_RSA) if kind == "ssh-rsa" else (kind,))]
    return (*first, *(name for name in every if name not in first))


def common(limits: Limits, endpoint: Endpoint, pinned: str | None) -> dict[str, Any]:
    """Return the options every connection to this endpoint has."""
    _ensure_user_name()
    return {
        "config": None,
        # Three empty lists: our own check decides alone. An empty value would read ~/.ssh/known_hosts,
        # and None would accept everybody.
        "known_hosts": ([], [], []),
        **_algorithms(pinned, legacy=endpoint.legacy),
        "compression_algs": None,
        "x509_trusted_certs": None,
        "x509_trusted_cert_paths": [],
        "client_host_keys": None,
        "agent_path": None,
        "agent_forwarding": False,
        "x11_forwarding": False,
        "pkcs11_provider": None,
        "gss_host": None,
        "host_based_auth": False,
        "canonicalize_hostname": False,
        "utf8_decode_errors": "replace",
        # Our own deadlines are exact; this one is in case a bug of ours should ever skip them.
        "login_timeout": limits.connect + limits.login + 5,
        "keepalive_interval": limits.keepalive,
        "keepalive_count_max": 3,
    }


def _algorithms(pinned: str | None, *, legacy: bool) -> dict[str, Sequence[str]]:
    return {
        "server_host_key_algs": host_key_algorithms(pinned, legacy=legacy),
        "kex_algs": (*KEY_EXCHANGES, *(LEGACY_KEY_EXCHANGES if legacy else ())),
        "encryption_algs": (*CIPHERS, *(LEGACY_CIPHERS if legacy else ())),
        "mac_algs": (*MACS, *(LEGACY_MACS if legacy else ())),
        # asyncssh's own list has SHA-1, for servers that do not say what they verify.
        "signature_algs": (*HOST_KEYS, *(LEGACY_RSA if legacy else ())),
    }


def authentication(login: SshLogin, pairs: Sequence[asyncssh.SSHKeyPair]) -> dict[str, Any]:
    """Return the options that log in with what there is, and with nothing else that may lie about."""
    password = login.password.get_secret_value() if login.password else None
    methods = [*(["publickey"] if pairs else []), *(["password", "keyboard-interactive"] if password else [])]
    return {
        "username": login.username,
        "client_keys": list(pairs) or None,
        "password": password,
        "preferred_auth": methods or ["none"],
    }


def _ensure_user_name() -> None:
    # asyncssh asks for the name of the local user, never sends it, and fails where the uid has none
    # (usual in containers). Where no variable tells it, the system reads its list of users for each connection.
    if not any(os.environ.get(name) for name in ("LOGNAME", "USER", "LNAME", "USERNAME")):
        os.environ["LOGNAME"] = "opsconductor"
