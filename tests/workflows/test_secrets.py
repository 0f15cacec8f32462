"""Secrets in nodes: those that are found, and what only looks like one."""

import time
from typing import Any

import pytest

from opsconductor.workflows.secrets import found_in

GITHUB = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


def kinds(**fields: Any) -> list[tuple[str, str]]:
    return [(one.field, one.kind) for one in found_in([{"id": "n", "type": "function", **fields}])]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"command": f"curl -H 'Authorization: token {GITHUB}' https://example.org"}, "command"),
        ({"command": "mysql --password=hunter2 -e 'select 1'"}, "command"),
        ({"command": "TOKEN=abcdef123456 ./deploy"}, "command"),
        ({"func": 'const password = "hunter2"\nreturn msg'}, "func"),
        ({"func": "const config = { apiKey: 'abcd-efgh' }"}, "func"),
        ({"url": "https://bob:hunter2@example.org/"}, "url"),
        ({"text": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk="}, "text"),
        ({"key": "AKIAIOSFODNN7EXAMPLE"}, "key"),
        ({"password": "hunter2"}, "password"),
        ({"text": "//registry.example.org/:_authToken=npm_0123456789abcdefghijABCDEFGHIJ012345"}, "text"),
        (
            {"parameters": [{"name": "X", "value": "hunter2", "type": "str", "secret": True}]},
            "parameters[0].value",
        ),
        ({"env": [{"name": "DB_PASSWORD", "value": "hunter2", "type": "str"}]}, "env[0].value"),
        (
            {"rules": [{"t": "set", "p": "headers.authorization", "to": "abc123", "tot": "str"}]},
            "rules[0].to",
        ),
        ({"props": [{"p": "token", "v": "abc123", "vt": "str"}]}, "props[0].v"),
        (
            {"headers": [{"keyValue": "X-Api-Key", "valueType": "other", "valueValue": "abc"}]},
            "headers[0].valueValue",
        ),
        ({"template": "Authorization: Basic dXNlcjpodW50ZXIyMTIz"}, "template"),
    ],
)
def test_a_secret_is_found_where_it_is(fields: dict[str, Any], field: str) -> None:
    assert field in [where for where, _ in kinds(**fields)]


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "systemctl restart $SERVICE"},
        {"command": "mysql --password=$PASSWORD"},
        {"command": 'curl -H "Authorization: Bearer $TOKEN" https://example.org'},
        {"command": "export TOKEN=${TOKEN}"},
        {"command": "PASSWORD=$(cat /run/secret) ./deploy"},
        {"func": "const token = flow.get('token')\nif (token === msg.token) return msg"},
        {"func": "msg.password = env.get('PASSWORD')"},
        {"body": "Hello {{payload.name}}, your token: {{payload.token}}"},
        {"url": "https://{{user}}:{{password}}@example.org/"},
        {"text": "Change your password: see https://example.org/password-policy"},
        {"parameters": [{"name": "PASSWORD", "value": "DB_PASSWORD", "type": "env", "secret": True}]},
        {"env": [{"name": "DB_PASSWORD", "value": "", "type": "cred"}]},
        {"rules": [{"t": "set", "p": "token", "to": "payload.token", "tot": "msg"}]},
        {"tokenType": "bearer"},
        {"id": "3c9e61b7f0a24d01", "wires": [["3c9e61b7f0a24d02"]]},
    ],
)
def test_what_only_says_where_a_secret_comes_from_is_none(fields: dict[str, Any]) -> None:
    assert kinds(**fields) == []


def test_what_is_found_never_says_the_secret() -> None:
    [found] = found_in([{"id": "n", "type": "function", "name": "call", "func": f"x = '{GITHUB}'"}])

    assert GITHUB not in repr(found)
    assert (found.node_id, found.node_name, found.field) == ("n", "call", "func")


def test_a_name_that_is_a_secret_is_not_told_either() -> None:
    [found] = found_in([{"id": "n", "type": "function", "name": GITHUB}])

    assert GITHUB not in repr(found)
    assert found.field == "name"


def test_a_secret_is_found_wherever_it_lies_in_a_long_line() -> None:
    for before in (0, 990, 1_500, 1_999, 2_010, 5_000):
        assert kinds(text=f"{'a ' * (before // 2)}{GITHUB}") == [("text", "GitHub Token")]


@pytest.mark.parametrize("piece", ["a-", "://a:", "eyJ", "//", "password=", "x.y."])
def test_a_text_that_is_made_to_take_long_does_not(piece: str) -> None:
    began = time.monotonic()
    kinds(text=piece * (200_000 // len(piece)))

    assert time.monotonic() - began < 5


def test_there_is_an_end_to_what_is_found() -> None:
    nodes = [{"id": str(number), "type": "x", "password": "hunter2"} for number in range(200)]

    assert len(found_in(nodes)) == 50
