"""What makes one connection the same as another."""

import dataclasses

from pydantic import SecretStr


def take_apart(value: object, parts: list[bytes]) -> None:
    """Add what a value is made of; two that differ anywhere differ in their parts."""
    if value is None or isinstance(value, str | int):
        parts.append(repr(value).encode())
    elif isinstance(value, SecretStr):
        parts.append(b"secret")
        parts.append(value.get_secret_value().encode())
    elif isinstance(value, tuple | list):
        parts.append(str(len(value)).encode())
        for item in value:
            take_apart(item, parts)
    elif dataclasses.is_dataclass(value):
        parts.append(type(value).__name__.encode())
        for name in value.__dataclass_fields__:
            take_apart(getattr(value, name), parts)
    else:
        raise TypeError(f"a connection can't be told from another one by a {type(value).__name__}")
