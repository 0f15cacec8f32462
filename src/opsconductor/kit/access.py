"""Who may call a route is written on it; a route that says nothing is refused to everybody."""

from collections.abc import Callable
from typing import Any, TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

PUBLIC = "public"
_RULE = "__permission__"


def allowed(permission: str) -> Callable[[Endpoint], Endpoint]:
    """Mark a route as open to whoever has this permission."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _RULE, permission)
        return endpoint

    return mark


def public(endpoint: Endpoint) -> Endpoint:
    """Mark a route as open to everybody. There are few: a test holds the list."""
    setattr(endpoint, _RULE, PUBLIC)
    return endpoint


def rule_of(endpoint: object) -> str | None:
    """Return the permission a route asks for, PUBLIC, or None where nobody thought of it."""
    rule: str | None = getattr(endpoint, _RULE, None)
    return rule
