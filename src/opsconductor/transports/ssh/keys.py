"""Private keys: read once, kept parsed, described without being shown."""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import asyncssh
from pydantic import SecretStr

from opsconductor.transports.errors import KeyUnusable
from opsconductor.transports.hostkeys import algorithm, bare, fingerprint


@dataclass(frozen=True, slots=True)
class KeyDescription:
    """What may be shown of a private key: type ("ssh-ed25519"), fingerprint of the public half, the half."""

    algorithm: str
    fingerprint: str
    public_key: str


def describe_private_key(text: str, passphrase: str | None = None) -> KeyDescription:
    """Describe a private key. Raises KeyUnusable.

    Blocks: up to a second of CPU where there is a passphrase. Call it in a thread from asynchronous code.
    """
    public = public_line(parse(SecretStr(text), SecretStr(passphrase) if passphrase else None))
    return KeyDescription(algorithm(public), fingerprint(public), public)


def parse(text: SecretStr, passphrase: SecretStr | None) -> asyncssh.SSHKey:
    """Read a private key. Raises KeyUnusable, whose cause is dropped as it may quote the key."""
    try:
        # A passphrase given for a key that has none is ignored by asyncssh, which suits us.
        return asyncssh.import_private_key(
            text.get_secret_value().strip() + "\n", passphrase.get_secret_value() if passphrase else None
        )
    except (ValueError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise KeyUnusable() from None


def public_line(key: asyncssh.SSHKey) -> str:
    """Return the public half as one line without comment."""
    return bare(key.export_public_key().decode())


class KeyRing:
    """Parsed private keys by their text, so that one key for 500 targets is decrypted once.

    The key derivation of a passphrase blocks for up to a second, hence the thread; one, so that it can't
    take the whole machine. Nothing is kept but the parsed key and a keyed digest of text and passphrase.
    """

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._salt = secrets.token_bytes(32)
        self._parsed: OrderedDict[bytes, Future[asyncssh.SSHKey]] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, "ssh-keys")

    async def load(self, text: SecretStr, passphrase: SecretStr | None = None) -> asyncssh.SSHKey:
        """Return the parsed key. Raises KeyUnusable."""
        name = self._name(text, passphrase)
        future = self._parsed.get(name)
        if future is None:
            future = self._parsed[name] = self._thread.submit(parse, text, passphrase)
        self._parsed.move_to_end(name)
        while len(self._parsed) > self._capacity:
            self._parsed.popitem(last=False)
        if not future.done():
            # Shielded: one target that is cancelled must not take the key from the 499 others.
            await asyncio.shield(asyncio.wrap_future(future))
        return future.result()

    def _name(self, text: SecretStr, passphrase: SecretStr | None) -> bytes:
        digest = hashlib.blake2b(key=self._salt, digest_size=32)
        digest.update(hashlib.sha256(text.get_secret_value().encode()).digest())
        digest.update((passphrase.get_secret_value() if passphrase else "").encode())
        return digest.digest()
