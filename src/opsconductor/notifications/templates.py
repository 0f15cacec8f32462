"""Texts with placeholders: `{{name}}` or `{{name.inner.0}}` is replaced by what the data has there, nothing else is.

There is no expression, no filter and no call, so a text from a stranger can do nothing but show what it was given.
"""

import json
import re
from typing import Any

from opsconductor.notifications.errors import TemplateNotFilled

PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
PATH = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*")
TITLE, BODY = 200, 20_000  # characters


def filled(title: str, body: str, data: dict[str, Any]) -> tuple[str, str]:
    """Return title and body with their placeholders filled in; the title is one line."""
    one_line = " ".join(_filled(title, data, "title").split())
    if not one_line:
        raise _refusal("title", "the title is empty")
    text = _filled(body, data, "body")
    for field, value, most in (("title", one_line, TITLE), ("body", text, BODY)):
        if len(value) > most:
            raise _refusal(
                field, f"the {field} has {len(value)} characters with its data, at most {most} are sent"
            )
    return one_line, text


def _filled(text: str, data: dict[str, Any], field: str) -> str:
    made = PLACEHOLDER.sub(lambda found: _shown(_value(found[1], data, field), field), text)
    if "\0" in made:
        raise _refusal(field, f"the {field} has the NUL character in it")
    return made


def _value(written: str, data: dict[str, Any], field: str) -> Any:
    name = written.strip()
    if not PATH.fullmatch(name):
        raise _refusal(
            field, f"{{{{{written[:50]}}}}} is no placeholder: a name, or names with dots between them"
        )
    value: Any = data
    for part in name.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise _refusal(field, f"the data has nothing for {{{{{name[:50]}}}}}")
    return value


def _shown(value: Any, field: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _refusal(field, f"the {field} would have characters that are no valid text") from error
    return text


def _refusal(field: str, reason: str) -> TemplateNotFilled:
    return TemplateNotFilled(reason=reason, errors=[{"field": field, "message": reason}])
