"""Ed25519 key pairs in files: made once, kept, readable by their owner only."""

import os
from pathlib import Path

import asyncssh


def ensure(path: Path, comment: str) -> asyncssh.SSHKey:
    """Return the private key in this file, which is made where it is missing."""
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519", comment=comment)
        draft = path.with_suffix(".tmp")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.export_private_key())
        draft.replace(path)
    return asyncssh.read_private_key(path)


def public_line(key: asyncssh.SSHKey) -> str:
    """Return the public half on one line, without comment."""
    return " ".join(key.export_public_key().decode().split()[:2])
