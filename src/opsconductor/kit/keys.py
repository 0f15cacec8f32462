"""Keys for each purpose, derived from the one SECRET_KEY of an installation."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def derive(secret_key: str, purpose: str) -> bytes:
    """Return 32 bytes for `purpose` (HKDF-SHA256, RFC 5869); another purpose gives an unrelated key."""
    hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"opsconductor/1", info=purpose.encode())
    return hkdf.derive(secret_key.encode())
