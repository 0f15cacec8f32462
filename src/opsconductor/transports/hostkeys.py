"""Public keys as text: the one-line form of OpenSSH, and its fingerprint."""

import base64
import binascii
import hashlib


def bare(public_key_line: str) -> str:
    """Return "algorithm base64" without comment and surplus blanks. Raises ValueError for anything else."""
    words = public_key_line.split()
    if len(words) < 2 or not _decoded(words[1]).startswith(_field(words[0])):
        raise ValueError("not a public key in one line")
    return f"{words[0]} {words[1]}"


def algorithm(public_key_line: str) -> str:
    """Return the type of a public key, such as "ssh-ed25519". Raises ValueError."""
    return bare(public_key_line).split()[0]


def fingerprint(public_key_line: str) -> str:
    """Return "SHA256:…" as OpenSSH prints it. Raises ValueError."""
    digest = hashlib.sha256(_decoded(bare(public_key_line).split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not a public key in one line") from error


def _field(name: str) -> bytes:
    return len(name).to_bytes(4, "big") + name.encode()
