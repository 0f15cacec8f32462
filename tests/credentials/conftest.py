"""Private keys, made once."""

import asyncssh
import pytest


@pytest.fixture(scope="session")
def plain_key() -> str:
    return asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()


@pytest.fixture(scope="session")
def locked_key() -> str:
    """A private key whose passphrase is `open sesame`."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    return key.export_private_key("pkcs8-pem", passphrase="open sesame").decode()
