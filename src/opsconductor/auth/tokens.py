"""Signed tokens (Ed25519, one key, one algorithm) and random ones that are only kept as hashes."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from opsconductor.kit.clock import now
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.ids import new_id
from opsconductor.kit.keys import derive

ALGORITHM = "Ed25519"
ISSUER = "opsconductor"
ACCESS_LIFE = timedelta(minutes=10)
RUN_LIFE = timedelta(minutes=15)
WORKFLOW_LIFE = timedelta(hours=12)
KINDS = ("access", "editor", "run", "service")


class Signer:
    """Signs tokens and reads them back, refusing everything that is not ours, whole and in time."""

    def __init__(self, secret_key: str) -> None:
        private = Ed25519PrivateKey.from_private_bytes(derive(secret_key, "token-signing"))
        self._key = OKPKey.import_key(private)
        self._claims = jwt.JWTClaimsRegistry(
            leeway=5,
            iss={"essential": True, "value": ISSUER},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            jti={"essential": True},
            kind={"essential": True, "values": list(KINDS)},
        )

    def sign(self, kind: str, subject: str, expires_at: datetime, **claims: Any) -> str:
        """Return a token of one of KINDS for a subject."""
        header = {"alg": ALGORITHM, "typ": "JWT"}
        body = {
            "iss": ISSUER,
            "sub": subject,
            "kind": kind,
            "iat": int(now().timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": new_id().hex,
            **claims,
        }
        return jwt.encode(header, body, self._key, algorithms=[ALGORITHM])

    def read(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token, or refuse it."""
        try:
            read = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            self._claims.validate(read.claims)
        except (JoseError, ValueError) as error:
            raise NotSignedIn("The token is not valid, or has expired; sign in again.") from error
        return read.claims


def random_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return what is stored of a random token."""
    return hashlib.sha256(token.encode()).digest()
