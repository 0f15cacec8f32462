"""What makes one connection the same as another."""

import orjson
from pydantic import SecretStr


def described(*values: object) -> bytes:
    """Return what values are made of; two that differ anywhere differ in it. It has their secrets in it, too.

    They are texts, numbers, secrets, and dataclasses and sequences of such. Raises TypeError for anything else.
    """
    kinds = [type(value).__name__ for value in values]
    return orjson.dumps((kinds, values), default=_secret)


def _secret(value: object) -> object:
    if isinstance(value, SecretStr):
        return {"secret": value.get_secret_value()}
    raise TypeError  # which orjson puts into words
