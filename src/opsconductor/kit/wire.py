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
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(key) or has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(has_nul(item) for item in value)
