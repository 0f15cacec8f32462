"""Takes secrets out of JSON: what is told about actions in the audit log and in answers."""

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from opsconductor.executions.redaction import MASK, Patterns, patterns_of, redacted


def masked(value: Any, secrets: Sequence[SecretStr]) -> Any:
    """Return a JSON value in which no text, no name and no number shows one of these secrets."""
    patterns = patterns_of(secrets)
    return _masked(value, patterns) if patterns else value


def _masked(value: Any, patterns: Patterns) -> Any:
    if isinstance(value, dict):
        return {_text(name, patterns): _masked(item, patterns) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, patterns) for item in value]
    if isinstance(value, str):
        return _text(value, patterns)
    if isinstance(value, int | float):
        return MASK.decode() if patterns.find(str(value).encode()) else value
    return value


def _text(text: str, patterns: Patterns) -> str:
    return redacted(text.encode(errors="surrogatepass"), patterns).decode(errors="replace")
