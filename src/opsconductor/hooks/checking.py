"""Whether a request to a hook may reach its flow: asked by Node-RED before the flow hears of it."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NoReturn

import structlog

from opsconductor.contracts.hooks import HookMethod, HookPassed
from opsconductor.credentials.vault import Vault
from opsconductor.hooks import figures, proofs, repository, secrets
from opsconductor.hooks.errors import CHALLENGE, HookRefused, HookUnprotected
from opsconductor.hooks.following import name_of
from opsconductor.hooks.models import Hook, HookSecret
from opsconductor.hooks.proofs import Shown
from opsconductor.kit.clock import now
from opsconductor.kit.rate import Limit, RateLimit
from opsconductor.kit.unit_of_work import UnitOfWork

log = structlog.get_logger()

REMEMBERED = timedelta(minutes=15)
"""How long a signed request is known as one that was there: longer than its time is good for, by any core's clock."""
GITHUB_REMEMBERED = timedelta(days=30)
"""The same where no time is signed: only this keeps such a request from being good for ever."""
NOTED_EVERY = timedelta(minutes=1)
"""Uses and refusals are noted at most this often: they are for people to read."""


class Checker:
    """What a check needs beside its transaction."""

    def __init__(self, vault: Vault, rate: RateLimit, quota: int) -> None:
        self._vault, self._rate, self._quota = vault, rate, quota

    async def check(self, uow: UnitOfWork, method: HookMethod, path: str, shown: Shown) -> HookPassed:
        """Let a request through that proves itself, once; refuse every other."""
        hook, kept = await _known(uow, method, path)
        if hook.protection is None:
            _refuse(hook, "unprotected")
        secret = None if hook.protection == "open" else self._proven(hook, kept, shown)
        # Counted before it is remembered: who is sent away for now comes back with the same request.
        await self._rate.take(Limit("hook", str(hook.id), self._quota))
        await _refuse_replayed(uow, hook, shown)
        _note_use(hook, secret)
        figures.CHECKED.labels("passed").inc()
        return HookPassed(hook_id=hook.id, by=f"{hook.protection} {secret.prefix}…" if secret else None)

    def _proven(self, hook: Hook, kept: list[HookSecret], shown: Shown) -> HookSecret:
        """Return the secret that the request proves to know."""
        if hook.protection == "token":
            found = _with_token(hook, shown, kept)
        else:
            found = self._with_key(_signed_by(hook, shown), _message(hook, shown), kept)
        return found or _refuse(hook, "wrong_secret")

    def _with_key(self, signature: bytes, message: bytes, kept: Iterable[HookSecret]) -> HookSecret | None:
        for each in kept:
            key = secrets.key_of(each, self._vault)
            if key is not None and proofs.is_signed(message, signature, key):
                return each
        return None


async def _known(uow: UnitOfWork, method: HookMethod, path: str) -> tuple[Hook, list[HookSecret]]:
    """Return the hook and its good secrets; one that no deploy told of (its path is a variable) appears by this."""
    found = await repository.hook_at(uow.session, method, path)
    if found is None:
        await repository.note(uow.session, method, path)
        found = await repository.hook_at(uow.session, method, path)
    assert found is not None
    found[0].served = True
    return found


def _with_token(hook: Hook, shown: Shown, kept: Iterable[HookSecret]) -> HookSecret | None:
    token = shown.token or _refuse(hook, "nothing_shown")
    return next((one for one in kept if one.token_hash and proofs.is_token(token, one.token_hash)), None)


def _signed_by(hook: Hook, shown: Shown) -> bytes:
    """Return the signature, where everything that belongs to it is there and in time."""
    said = shown.signature if hook.protection == "hmac" else shown.hub_signature
    if said is None:
        _refuse(hook, "nothing_shown")
    if hook.protection == "hmac" and not proofs.is_fresh(shown.timestamp, now()):
        _refuse(hook, "not_in_time")
    if hook.protection == "github" and not shown.delivery:
        _refuse(hook, "no_delivery_id")
    return proofs.signature_in(said) or _refuse(hook, "wrong_secret")


def _message(hook: Hook, shown: Shown) -> bytes:
    return proofs.message(shown.timestamp or "", shown.body) if hook.protection == "hmac" else shown.body


async def _refuse_replayed(uow: UnitOfWork, hook: Hook, shown: Shown) -> None:
    """Remember a signed request, or refuse it where it was there before.

    GitHub signs the body alone: its delivery id could be exchanged by whoever sends it again, so the body counts too.
    """
    message = _message(hook, shown)
    if hook.protection == "hmac":
        digests, expires_at = [_digest(b"message", message)], now() + REMEMBERED
    elif hook.protection == "github":
        digests = [_digest(b"body", message), _digest(b"delivery", (shown.delivery or "").encode())]
        expires_at = now() + GITHUB_REMEMBERED
    else:
        return
    if not await repository.remember(uow.session, hook.id, digests, expires_at):
        _refuse(hook, "replayed")


def _digest(kind: bytes, content: bytes) -> bytes:
    return hashlib.sha256(kind + b"\0" + content).digest()


def _refuse(hook: Hook, reason: str) -> NoReturn:
    """Refuse a request. Why, is for those who manage the hook; who sends it learns nothing."""
    figures.CHECKED.labels(reason).inc()
    if hook.last_refusal != reason or _is_due(hook.last_refused_at):
        log.info("hook.refused", hook=name_of(hook), reason=reason)
        hook.last_refused_at, hook.last_refusal = now(), reason
    kind = HookUnprotected if reason == "unprotected" else HookRefused
    raise kind(headers=CHALLENGE)


def _note_use(hook: Hook, secret: HookSecret | None) -> None:
    for used in (hook, secret):
        if used and _is_due(used.last_used_at):
            used.last_used_at = now()


def _is_due(noted: datetime | None) -> bool:
    return noted is None or noted < now() - NOTED_EVERY
