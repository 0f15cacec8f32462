"""Secrets that are written into nodes: where they are and of what kind, never what they say. Pure, no session."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from opsconductor.workflows.flows import Node

SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|private[_-]?key|authorization|cookie|credential",
    re.IGNORECASE,
)
ASSIGNED = re.compile(
    r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key)\b[\"']?\s*"
    r"(?:[=:]\s*(?P<quote>[\"'])(?P<quoted>[^\"'\n]{4,})(?P=quote)|=(?P<plain>[^\s,;&|\"'(){}\[\]<>]{4,})(?![(\w]))",
    re.IGNORECASE,
)
"""`password="…"` as in code, `token=…` as in a shell or an address."""
AUTHORIZATION = re.compile(r"\b(?:bearer|basic)\s+(?P<value>[A-Za-z0-9+/=._~-]{12,})", re.IGNORECASE)
STANDS_FOR = re.compile(r"^[$%<*•]|\{\{|\$\{|\$\(|^(?:msg|flow|global|env|process|this|null|true|false)\b")
"""How a text begins that only says where the secret comes from."""
NAMED_VALUES = (
    ("name", "value", "type"),
    ("p", "v", "vt"),
    ("p", "to", "tot"),
    ("keyValue", "valueValue", "valueType"),
)
"""How nodes write down that something by this name gets that value: parameters, inject, change, headers."""
LITERAL = ("str", "other", "json", None)
"""Kinds of a typed value that are the text itself; others say where it comes from."""
ADDRESS_LOGIN = re.compile(r"://[^\s/@:]{0,100}:(?P<value>[^\s/@]{1,200})@")
NPM_TOKEN = re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")
MOST = 50  # found; more help nobody
PIECE, OVERLAP = 2_000, 1_000  # characters looked at in one go: some patterns take the square of it


@dataclass(frozen=True)
class Secret:
    """A place in a node that holds something secret, or looks like it."""

    node_id: str
    node_type: str
    node_name: str
    field: str
    kind: str


def found_in(nodes: Sequence[Node]) -> list[Secret]:
    """Return the places that hold a secret, at most fifty."""
    found: list[Secret] = []
    for node in nodes:
        places = list(_in_node(node))
        name = _name_of(node) if places else ""
        found += [Secret(str(node["id"]), str(node["type"]), name, field, kind) for field, kind in places]
        if len(found) >= MOST:
            break
    return found[:MOST]


def _name_of(node: Node) -> str:
    name = str(node.get("name") or node.get("label") or "")
    return "" if _kind_of(name) else name


def _in_node(node: Node) -> Iterator[tuple[str, str]]:
    """Yield field and kind, each field once."""
    waiting: list[tuple[str, Any]] = [("", node)]
    while waiting:
        field, value = waiting.pop()
        if isinstance(value, dict):
            yield from _in_object(field, value)
            waiting.extend((f"{field}.{key}" if field else key, inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{field}[{index}]", inner) for index, inner in enumerate(value))
        elif isinstance(value, str) and (kind := _kind_of(value)):
            yield field, kind


def _in_object(field: str, value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is secret because of the name it has."""
    for key, inner in value.items():
        if SECRET_NAME.search(key) and _is_told(inner) and key.lower() not in ("credentials", "tokentype"):
            yield f"{field}.{key}" if field else key, f"a value named {key[:50]}"
    for name, content, kind in NAMED_VALUES:
        named = value.get(name)
        secret = value.get("secret") is True or (isinstance(named, str) and SECRET_NAME.search(named))
        if secret and value.get(kind) in LITERAL and name in value and _is_told(value.get(content)):
            yield f"{field}.{content}" if field else content, f"a value named {str(named)[:50]}"


def _is_told(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not STANDS_FOR.search(value.strip())


def _kind_of(text: str) -> str | None:
    """Return what kind of secret a text holds."""
    return next(
        filter(None, (_kind_in(piece) for line in text.splitlines() for piece in _pieces(line))), None
    )


def _pieces(line: str) -> Iterator[str]:
    """Yield a line in pieces that overlap, so that what lies where two of them meet is whole in one."""
    for start in range(0, max(1, len(line) - OVERLAP), PIECE - OVERLAP):
        yield line[start : start + PIECE]


def _kind_in(text: str) -> str | None:
    for detector in _detectors():
        if any(_is_told(match) for match in detector.analyze_string(text)):
            return str(detector.secret_type)
    if any(_is_told(match["value"]) for match in ADDRESS_LOGIN.finditer(text)):
        return "a password in an address"
    if NPM_TOKEN.search(text):
        return "NPM tokens"
    if any(_is_told(match["quoted"] or match["plain"]) for match in ASSIGNED.finditer(text)):
        return "a password or token in a text"
    if any(_is_told(match["value"]) for match in AUTHORIZATION.finditer(text)):
        return "an Authorization header"
    return None


@cache
def _detectors() -> tuple[Any, ...]:
    """Return the detectors of known forms; imported once a flow is looked at, as few processes ever do."""
    from detect_secrets.plugins import (
        aws,
        azure_storage_key,
        discord,
        github_token,
        gitlab_token,
        jwt,
        mailchimp,
        openai,
        private_key,
        pypi_token,
        sendgrid,
        slack,
        square_oauth,
        stripe,
        telegram_token,
        twilio,
    )

    return (
        private_key.PrivateKeyDetector(),
        aws.AWSKeyDetector(),
        azure_storage_key.AzureStorageKeyDetector(),
        discord.DiscordBotTokenDetector(),
        github_token.GitHubTokenDetector(),
        gitlab_token.GitLabTokenDetector(),
        jwt.JwtTokenDetector(),
        mailchimp.MailchimpDetector(),
        openai.OpenAIDetector(),
        pypi_token.PypiTokenDetector(),
        sendgrid.SendGridDetector(),
        slack.SlackDetector(),
        square_oauth.SquareOAuthDetector(),
        stripe.StripeDetector(),
        telegram_token.TelegramBotTokenDetector(),
        twilio.TwilioKeyDetector(),
    )
