"""What request bodies have in common."""

from typing import Any

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
