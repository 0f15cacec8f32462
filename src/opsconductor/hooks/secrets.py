"""Making secrets of hooks, and looking into them: a token is kept as its hash, a key sealed."""

from datetime import datetime

from opsconductor.auth.tokens import digest, random_token
from opsconductor.contracts.hooks import Protection
from opsconductor.credentials.vault import SealBroken, SealedPlace, Vault
from opsconductor.hooks.models import HookSecret
from opsconductor.kit.ids import new_id

PREFIXES: dict[Protection, str] = {"token": "opsc_hook_", "hmac": "opsc_hmac_", "github": "opsc_hmac_"}
"""How secrets of a protection begin; what is open has none."""
SHOWN = 6  # characters after the prefix that lists show


def make(protection: Protection, hook_id: object, created_by: str, vault: Vault) -> tuple[str, HookSecret]:
    """Return a new secret, and what is kept of it."""
    prefix = PREFIXES[protection]
    secret = prefix + random_token()
    made = HookSecret(
        id=new_id(), hook_id=hook_id, prefix=secret[: len(prefix) + SHOWN], created_by=created_by
    )
    if protection == "token":
        made.token_hash = digest(secret)
    else:
        made.sealed = vault.seal(secret, **_place(made))
    return secret, made


def key_of(kept: HookSecret, vault: Vault) -> str | None:
    """Return the key of a signature; None where it can't be opened with our key, or is none."""
    if kept.sealed is None:
        return None
    try:
        return vault.open(kept.sealed, **_place(kept))
    except SealBroken:
        return None


def is_good(kept: HookSecret, moment: datetime) -> bool:
    """Tell whether a secret is good at an instant."""
    return kept.ends_at is None or kept.ends_at > moment


def _place(kept: HookSecret) -> SealedPlace:
    return {"table": "hook_secrets", "row": kept.id, "field": "sealed"}
