"""Tokens that are not ours, whole and in time, and passwords as they are stored."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text
from tests.support.core import SECRET_KEY, Core

from opsconductor.auth import passwords
from opsconductor.auth.tokens import ALGORITHM, ISSUER, Signer
from opsconductor.kit.clock import now
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.keys import derive

SOON = timedelta(minutes=5)


def _part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _claims(**more: Any) -> dict[str, Any]:
    seconds = int(now().timestamp())
    ours = {"iss": ISSUER, "sub": "somebody", "kind": "service", "permissions": ["users.write"]}
    return ours | {"iat": seconds, "exp": seconds + 300, "jti": "1"} | more


def _signed(claims: object, header: object = None, key: bytes | None = None) -> str:
    """Return a token signed with our key (or another), whatever it says."""
    private = Ed25519PrivateKey.from_private_bytes(key or derive(SECRET_KEY, "token-signing"))
    signed = f"{_part(header or {'alg': ALGORITHM, 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_part(private.sign(signed.encode()))}"


def _unsigned(algorithm: str) -> str:
    return f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(_claims())}."


def _signed_with_the_public_key() -> str:
    """Return a token signed symmetrically with what everybody may know of our key."""
    private = Ed25519PrivateKey.from_private_bytes(derive(SECRET_KEY, "token-signing"))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(_claims())}"
    return f"{signed}.{_part(hmac.digest(public, signed.encode(), hashlib.sha256))}"


def _altered() -> str:
    header, _, signature = _signed(_claims()).split(".")
    return f"{header}.{_part(_claims(permissions=['users.write', 'audit.read']))}.{signature}"


def _without(claim: str) -> str:
    return _signed({name: value for name, value in _claims().items() if name != claim})


BAD: dict[str, Callable[[], str]] = {
    "expired": lambda: _signed(_claims(exp=int(now().timestamp()) - 60)),
    "of the future": lambda: _signed(_claims(iat=int(now().timestamp()) + 600)),
    "of another key": lambda: _signed(_claims(), key=derive(SECRET_KEY, "something-else")),
    "with other claims than were signed": _altered,
    "with algorithm none": lambda: _unsigned("none"),
    "with algorithm None": lambda: _unsigned("None"),
    "with our algorithm and no signature": lambda: _unsigned(ALGORITHM),
    "signed with the public key": _signed_with_the_public_key,
    "with its own key inside": lambda: _signed(
        _claims(), {"alg": ALGORITHM, "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}}, key=b"1" * 32
    ),
    "of another issuer": lambda: _signed(_claims(iss="somebody-else")),
    "of an unknown kind": lambda: _signed(_claims(kind="root")),
    "without an end": lambda: _without("exp"),
    "without a kind": lambda: _without("kind"),
    "without a subject": lambda: _without("sub"),
    "with an end that is no number": lambda: _signed(_claims(exp="tomorrow")),
    "whose claims are a list": lambda: _signed([1, 2]),
    "whose header is a list": lambda: _signed(_claims(), [1]),
    "whose header is no JSON": lambda: _signed(_claims(), b"{"),
    "whose header names no algorithm": lambda: _signed(_claims(), {"typ": "JWT"}),
    "whose algorithm is a list": lambda: _signed(_claims(), {"alg": [ALGORITHM]}),
    "of two parts": lambda: "a.b",
    "of five parts": lambda: "a.b.c.d.e",
    "of points": lambda: "..",
    "of one word": lambda: "x",
    "of blanks inside": lambda: "a b c",
    "much too long": lambda: "x" * 20_000,
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
async def test_a_bad_token_is_refused_politely(core: Core, make: Callable[[], str]) -> None:
    answer = await core.admin.get("/auth/me", headers={"Authorization": f"Bearer {make()}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_a_good_token_made_alike_is_taken(core: Core) -> None:
    token = _signed(_claims(permissions=["targets.read"]))

    assert (await (await core.client(token)).get("/targets")).status_code == 200


async def test_a_token_of_another_installation_is_refused(core: Core) -> None:
    token = Signer(SECRET_KEY[::-1]).sign("service", "somebody", now() + SOON, permissions=["targets.read"])

    assert (await (await core.client(token)).get("/targets")).status_code == 401


async def test_an_access_token_is_not_good_without_its_session(core: Core) -> None:
    nothing = str(UUID(int=0))
    token = core.app.state.guard.signer.sign("access", nothing, now() + SOON, sid=nothing)

    assert (await (await core.client(token)).get("/auth/me")).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
async def test_only_the_bearer_scheme_is_understood(core: Core, scheme: str) -> None:
    token = core.admin.headers["Authorization"].removeprefix("Bearer ")
    client = await core.client()
    answer = await client.get("/auth/me", headers={"Authorization": f"{scheme} {token}".strip()})

    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["opsc_wt_", "opsc_wt_guessed", "opsc_wt_" + "A" * 43])
async def test_a_guessed_workflow_token_is_refused(core: Core, token: str) -> None:
    assert (await (await core.client(token)).get("/auth/me")).status_code == 401


def test_a_signed_token_is_read_back() -> None:
    signer = Signer(SECRET_KEY)
    claims = signer.read(signer.sign("run", "somebody", now() + SOON, flow="f-1"))

    assert (claims["kind"], claims["sub"], claims["flow"]) == ("run", "somebody", "f-1")


def test_two_tokens_are_never_the_same() -> None:
    signer = Signer(SECRET_KEY)
    ends = now() + SOON

    assert signer.sign("run", "somebody", ends) != signer.sign("run", "somebody", ends)


def test_reading_what_is_not_ours_raises_one_error() -> None:
    with pytest.raises(NotSignedIn):
        Signer(SECRET_KEY).read("not a token")


async def test_passwords_are_stored_as_argon2id(core: Core) -> None:
    async with core.app.state.units.sessions() as session:
        stored = (await session.execute(text("select password_hash from users"))).scalars().all()

    assert stored
    assert all(hash.startswith("$argon2id$v=19$m=65536,t=3,p=1$") for hash in stored)


async def test_the_same_password_is_stored_differently_each_time() -> None:
    assert await passwords.hashed("correct horse battery") != await passwords.hashed("correct horse battery")


async def test_a_password_fits_only_its_own_hash() -> None:
    stored = await passwords.hashed("correct horse battery")

    assert await passwords.matches("correct horse battery", stored)
    assert not await passwords.matches("Correct horse battery", stored)


async def test_without_a_stored_hash_no_password_fits() -> None:
    assert not await passwords.matches("the password of nobody", None)
