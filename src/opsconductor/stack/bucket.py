"""What our environment says about a bucket: checked before anything starts, and handed on without its secret."""

import os
from pathlib import Path

from opsconductor.kit.settings import Settings
from opsconductor.stack import given
from opsconductor.stack.folders import DataDir, write_private

SECRET = "OPSCONDUCTOR_STORAGE_SECRET_KEY"  # noqa: S105  # the name of a variable
HANDED_ON = tuple(
    f"OPSCONDUCTOR_STORAGE_{name}"
    for name in ("URL", "ENDPOINT", "REGION", "ACCESS_KEY", "CA_FILE", "PLAIN_HTTP", "CACHE_BYTES")
)


def settings() -> Settings:
    """Return settings that say what the bucket is. Raises StackProblem."""
    return given.settings(HANDED_ON, SECRET)


def environment(data: DataDir) -> dict[str, str]:
    """Return what services that use the bucket get; the secret as the name of a private file. Raises StackProblem."""
    config = settings()
    if not config.storage_url:
        return {}
    found = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    if config.storage_ca_file:
        found["OPSCONDUCTOR_STORAGE_CA_FILE"] = str(Path(config.storage_ca_file).resolve())
    if secret := config.storage_secret_key.get_secret_value():
        path = data.secrets / SECRET.lower()
        write_private(path, secret)
        found[f"{SECRET}_FILE"] = str(path)
    return found
