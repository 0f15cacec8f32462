"""Passwords: argon2id, off the event loop, few at a time because each takes 64 MiB."""

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from opsconductor.auth.errors import PasswordTooWeak

MINIMUM = 12  # characters
HASHERS_AT_ONCE = 2

_hasher = PasswordHash((Argon2Hasher(time_cost=3, memory_cost=64 * 1024, parallelism=1),))
_slots = asyncio.Semaphore(HASHERS_AT_ONCE)
_of_nobody = _hasher.hash("the password of nobody")  # checked for unknown names, so that both take as long


async def hashed(password: str) -> str:
    """Return the hash to store; about 140 ms."""
    async with _slots:
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Tell whether a password fits; takes as long when there is no stored one."""
    async with _slots:
        fits = await asyncio.to_thread(_hasher.verify, password, stored or _of_nobody)
    return fits and stored is not None


def refuse_weak(password: str, username: str) -> None:
    """Refuse what guessers try first. Length counts, composition rules do not (NIST SP 800-63B)."""
    lowered = password.lower()
    if len(password) < MINIMUM:
        reason = f"use at least {MINIMUM} characters"
    elif username.lower() in lowered:
        reason = "it contains the user name"
    elif len(set(password)) < 5:
        reason = "it repeats few characters"
    else:
        return
    raise PasswordTooWeak(reason=reason, errors=[{"field": "password", "message": reason}])
