"""Values meet parameters: what fits is text for the environment, what does not is refused at its name."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from opsconductor.contracts.parameters import AnyParameter, Definitions, FileParameter, TargetParameter
from opsconductor.executions.errors import ParametersInvalid
from opsconductor.executions.parameters import (
    MASK,
    Bound,
    FileReference,
    TargetReference,
    bind,
    ids_of,
    masked_values,
)

DEFINITIONS: TypeAdapter[list[AnyParameter]] = TypeAdapter(Definitions)


def _defined(*definitions: dict[str, Any]) -> list[AnyParameter]:
    return DEFINITIONS.validate_python(list(definitions))


def _one(type_: str, **more: Any) -> list[AnyParameter]:
    return _defined({"type": type_, "name": "A", **more})


def _problems(refused: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(ParametersInvalid) as refusal:
        refused()
    return {error["field"]: error["message"] for error in refusal.value.errors}


FITS: list[tuple[str, dict[str, Any], Any, str]] = [
    ("text", {}, "$(reboot); `id` '\" \\ 💥", "$(reboot); `id` '\" \\ 💥"),
    ("text", {}, "  ", "  "),
    ("text", {"multiline": True}, "a\nb\r\n", "a\nb\r\n"),
    ("text", {"min_length": 2, "max_length": 2}, "💥💥", "💥💥"),
    ("text", {"pattern": "[a-z]+"}, "abc", "abc"),
    ("text", {"pattern": "a|b"}, "b", "b"),
    ("text", {"pattern": r"\d{1,3}(\.\d{1,3}){3}"}, "10.0.0.1", "10.0.0.1"),
    ("text", {}, "x" * 32768, "x" * 32768),
    ("number", {}, 5, "5"),
    ("number", {}, "5", "5"),
    ("number", {}, 5.50, "5.5"),
    ("number", {}, 1e15, "1000000000000000"),
    ("number", {}, 1e-7, "0.0000001"),
    ("number", {}, -0.0, "0"),
    ("number", {}, "-0", "0"),
    ("number", {}, "007", "7"),
    ("number", {"integer": True}, 5.0, "5"),
    ("number", {"min": 0.1, "max": 0.1}, 0.1, "0.1"),
    ("number", {"min": 0.1}, "0.1", "0.1"),
    ("choice", {"choices": ["eu", "us"]}, "us", "us"),
    ("boolean", {}, True, "true"),
    ("boolean", {}, False, "false"),
    ("boolean", {"default": True}, False, "false"),
    ("boolean", {}, "true", "true"),
    ("secret", {}, "line one\nline two", "line one\nline two"),
]


@pytest.mark.parametrize(("type_", "more", "value", "text"), FITS)
def test_a_value_that_fits_is_text_in_the_environment(
    type_: str, more: dict[str, Any], value: Any, text: str
) -> None:
    assert bind(_one(type_, **more), {"A": value}).environment == {"A": text}


DOES_NOT_FIT: list[tuple[str, dict[str, Any], Any, str]] = [
    ("text", {}, 5, "must be text"),
    ("text", {}, ["a"], "must be text"),
    ("text", {}, {"a": 1}, "must be text"),
    ("text", {}, True, "must be text"),
    ("text", {}, "a\0b", "must not contain the NUL character"),
    ("text", {}, "\ud800", "must be text that can be written as UTF-8"),
    ("text", {}, "a\nb", "must be on one line"),
    ("text", {}, "a\rb", "must be on one line"),
    ("text", {}, "x" * 32769, "must have at most 32 KiB"),
    ("text", {}, "é" * 16385, "must have at most 32 KiB"),
    ("text", {"min_length": 3}, "ab", "must have at least 3 characters"),
    ("text", {"max_length": 3}, "abcd", "must have at most 3 characters"),
    ("text", {"pattern": "[a-z]+"}, "abc1", "must match the pattern [a-z]+"),
    ("text", {"pattern": "[a-z]+", "multiline": True}, "abc\n", "must match the pattern [a-z]+"),
    ("text", {"pattern": "a|b"}, "ax", "must match the pattern a|b"),
    ("text", {"pattern": "a*"}, "a" * 4097, "must have at most 4096 characters, as it has a pattern"),
    ("number", {}, True, "must be a number"),
    ("number", {}, "five", "must be a number"),
    ("number", {}, " 5", "must be a number"),
    ("number", {}, "\u0665", "must be a number"),
    ("number", {}, "1e5", "must be a number"),
    ("number", {}, "0x10", "must be a number"),
    ("number", {}, "5; reboot", "must be a number"),
    ("number", {}, "9" * 5000, "must be a number"),
    ("number", {}, float("nan"), "must be a number"),
    ("number", {}, float("inf"), "must be a number"),
    ("number", {}, "Infinity", "must be a number"),
    ("number", {}, [], "must be a number"),
    ("number", {}, 10**400, "must be between -9007199254740991 and 9007199254740991"),
    ("number", {}, 1e308, "must be between -9007199254740991 and 9007199254740991"),
    ("number", {"integer": True}, 5.5, "must be a whole number"),
    ("number", {"integer": True}, "5.5", "must be a whole number"),
    ("number", {"min": 1}, 0, "must be at least 1"),
    ("number", {"max": 10}, 10.5, "must be at most 10"),
    ("choice", {"choices": ["eu"]}, "EU", "must be one of the choices"),
    ("choice", {"choices": ["1"]}, 1, "must be one of the choices"),
    ("choice", {"choices": ["eu"]}, ["eu"], "must be one of the choices"),
    ("boolean", {}, "yes", "must be true or false"),
    ("boolean", {}, 1, "must be true or false"),
    ("boolean", {}, "True", "must be true or false"),
    ("secret", {}, 123456, "must be text"),
    ("secret", {"min_length": 8}, "short", "must have at least 8 characters"),
    ("target", {}, "web-1", "must be the id of a target"),
    ("target", {}, 7, "must be the id of a target"),
    ("file", {}, "../../etc/passwd", "must be the id of a file"),
    ("target", {}, "01a20c06-c4c1-742b-b37f-ba80e5e35788", "there is no target with this id"),
    ("file", {}, "01a20c06-c4c1-742b-b37f-ba80e5e35788", "there is no file with this id"),
]


@pytest.mark.parametrize(("type_", "more", "value", "message"), DOES_NOT_FIT)
def test_a_value_that_does_not_fit_is_refused_at_its_name(
    type_: str, more: dict[str, Any], value: Any, message: str
) -> None:
    assert _problems(lambda: bind(_one(type_, **more), {"A": value})) == {"parameters.A": message}


@pytest.mark.parametrize("type_", ["text", "number", "choice", "boolean", "secret", "target", "file"])
@pytest.mark.parametrize("values", [{}, {"A": None}, {"A": ""}], ids=["left away", "null", "empty"])
def test_a_required_value_that_is_missing_is_asked_for(type_: str, values: dict[str, Any]) -> None:
    more = {"choices": ["eu"]} if type_ == "choice" else {}

    assert _problems(lambda: bind(_one(type_, required=True, **more), values)) == {
        "parameters.A": "needs a value"
    }


def test_what_is_left_away_is_the_default_and_otherwise_an_empty_variable() -> None:
    definitions = _defined(
        {"type": "text", "name": "A", "default": "one"},
        {"type": "number", "name": "B", "default": 0},
        {"type": "boolean", "name": "C", "default": False},
        {"type": "text", "name": "D", "min_length": 3},
        {"type": "target", "name": "E"},
        {"type": "text", "name": "F", "default": "cleared on purpose"},
    )
    bound = bind(definitions, {"A": None, "F": ""})

    assert bound.environment == {
        **{"A": "one", "B": "0", "C": "false", "D": ""},
        **{"E": "", "E_HOST": "", "E_PORT": "", "F": ""},
    }


def test_every_problem_is_told_at_once_and_unknown_names_too() -> None:
    definitions = _defined({"type": "number", "name": "A"}, {"type": "text", "name": "B", "required": True})
    values = {"A": "x", "b": "lower case is another name", "C" * 200: 1, "\ud800": 1}
    problems = _problems(lambda: bind(definitions, values, within="actions.0.parameters"))

    assert problems == {
        "actions.0.parameters.A": "must be a number",
        "actions.0.parameters.B": "needs a value",
        "actions.0.parameters.b": "is not a parameter of this script",
        f"actions.0.parameters.{'C' * 79}…": "is not a parameter of this script",
        "actions.0.parameters.?": "is not a parameter of this script",
    }


def test_a_target_gives_its_name_host_and_port_and_a_file_its_name() -> None:
    definitions = _defined({"type": "target", "name": "DB"}, {"type": "file", "name": "CONFIG"})
    target = TargetReference(uuid4(), "db 1", "10.0.0.9", 2222)
    file = FileReference(uuid4(), "app.conf")
    values = {"DB": str(target.id), "CONFIG": str(file.id)}
    bound = bind(definitions, values, find_target={target.id: target}.get, find_file={file.id: file}.get)

    assert bound.environment == {
        **{"DB": "db 1", "DB_HOST": "10.0.0.9", "DB_PORT": "2222", "CONFIG": "app.conf"}
    }
    assert (bound.targets, bound.files) == ({"DB": target}, {"CONFIG": file})
    assert ids_of(definitions, values, TargetParameter) == [target.id]
    assert ids_of(definitions, {"CONFIG": "no id"}, FileParameter) == []


SECRET = "sentinel-of-a-secret"


@pytest.fixture
def bound() -> Bound:
    definitions = _defined({"type": "secret", "name": "TOKEN"}, {"type": "text", "name": "SHOWN"})
    return bind(definitions, {"TOKEN": SECRET, "SHOWN": "visible"})


def test_a_secret_reaches_the_environment_and_nothing_that_is_shown(bound: Bound) -> None:
    assert bound.environment["TOKEN"] == SECRET
    assert bound.secrets == {"TOKEN"}
    assert bound.secret_values() == [SECRET]
    assert bound.masked() == {"TOKEN": MASK, "SHOWN": "visible"}
    assert SECRET not in repr(bound)
    assert "SHOWN" not in repr(bound)


@pytest.mark.parametrize(
    "value", [SECRET + "\0", SECRET + "\ud800", [SECRET], SECRET * 3000, {"a": SECRET}, SECRET]
)
def test_a_refused_secret_is_not_repeated(value: Any) -> None:
    definitions = _defined(
        {"type": "secret", "name": "TOKEN", "min_length": 30_000}, {"type": "text", "name": "SHOWN"}
    )
    with pytest.raises(ParametersInvalid) as refusal:
        bind(definitions, {"TOKEN": value, "SHOWN": 5, "unknown": SECRET})
    told = json.dumps([refusal.value.detail, refusal.value.errors])

    assert "SHOWN must be text" in told
    assert SECRET not in told


def test_values_are_kept_with_secrets_and_unknown_ones_masked() -> None:
    definitions = _defined({"type": "secret", "name": "TOKEN"}, {"type": "text", "name": "SHOWN"})

    assert masked_values(definitions, {"TOKEN": SECRET, "TOKN": SECRET, "SHOWN": "visible"}) == {
        **{"TOKEN": MASK, "TOKN": MASK, "SHOWN": "visible"}
    }


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (r"(a+)+b", "a" * 4096),
        (r"(a|a)*b", "a" * 4096),
        (r"(.*a){20}b", "a" * 4096),
        (r"(?:" + "a?" * 80 + "){25}b", "a" * 4096),
        (r"[ab]*a[ab]{900}c", "abbab" * 800),
    ],
)
def test_a_pattern_that_keeps_backtracking_engines_busy_is_answered_at_once(pattern: str, value: str) -> None:
    begun = time.monotonic()
    problems = _problems(lambda: bind(_one("text", pattern=pattern), {"A": value}))

    assert problems["parameters.A"].startswith("must match")
    assert time.monotonic() - begun < 2


def test_ids_are_taken_as_ids_in_whatever_writing() -> None:
    target = TargetReference(UUID("01a20c06-c4c1-742b-b37f-ba80e5e35788"), "web-1", "h", 22)
    bound = bind(_one("target"), {"A": str(target.id).upper()}, find_target={target.id: target}.get)

    assert bound.environment["A"] == "web-1"
