"""What request bodies have in common."""

import hashlib
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, field_validator


class In(BaseModel):
    """A request body: unknown keys are refused, and so is the NUL character, which PostgreSQL can't store."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def refuse_nul(cls, value: Any) -> Any:
        if has_nul(value):
            raise ValueError("must not contain the NUL character")
        return value


def has_nul(value: Any) -> bool:
    """Tell whether a JSON value has a NUL character in any of its texts."""
    waiting = [value]  # not recursive: a body may be nested deeper than we may call
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and "\0" in item:
            return True
        if isinstance(item, dict):
            waiting.extend((*item.keys(), *item.values()))
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def depth(value: Any) -> int:
    """Return how many objects and lists of a JSON value are inside each other."""
    level, deep = [value], 0
    while level:
        deep += 1
        containers = [item for item in level if isinstance(item, dict | list)]
        level = [
            inner for item in containers for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return deep


def sha256_of(value: Any) -> bytes:
    """Return what a JSON value is compared by later, in whatever order its keys come."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()
