"""What a request shows to prove itself, held against a secret: no session, no clock."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=5)
"""How far the time of a signature may be from ours, either way."""
TIMESTAMP = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
"""Seconds since 1970; with a fraction, so that two requests of one second can differ."""
SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")


@dataclass(frozen=True)
class Shown:
    """Everything a request shows, of whatever kind, and its body, byte by byte."""

    token: str | None
    timestamp: str | None
    signature: str | None
    hub_signature: str | None
    delivery: str | None
    body: bytes


def signature_in(said: str | None) -> bytes | None:
    """Return the bytes of a signature header, or None where it is not of its one form."""
    found = SIGNATURE.fullmatch(said or "")
    return bytes.fromhex(found[1]) if found else None


def is_fresh(timestamp: str | None, moment: datetime) -> bool:
    """Tell whether a signature was made within the window around this moment."""
    if not TIMESTAMP.fullmatch(timestamp or ""):
        return False
    return abs(float(timestamp or "") - moment.timestamp()) <= WINDOW.total_seconds()


def message(timestamp: str, body: bytes) -> bytes:
    """Return what a signature of ours is over."""
    return timestamp.encode() + b"." + body


def is_signed(message: bytes, signature: bytes, key: str) -> bool:
    """Tell whether a signature is the HMAC-SHA256 of a message with this key, in constant time."""
    return hmac.compare_digest(hmac.digest(key.encode(), message, hashlib.sha256), signature)


def is_token(token: str, token_hash: bytes) -> bool:
    """Tell whether a token has this hash, in constant time."""
    return hmac.compare_digest(hashlib.sha256(token.encode()).digest(), token_hash)
