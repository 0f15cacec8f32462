"""What a parameter may be defined as."""

import time
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from opsconductor.contracts.parameters import AnyParameter, Definitions

DEFINITIONS: TypeAdapter[list[AnyParameter]] = TypeAdapter(Definitions)


def _refusal(*definitions: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as refusal:
        DEFINITIONS.validate_python(list(definitions))
    return "; ".join(error["msg"] for error in refusal.value.errors())


@pytest.mark.parametrize("name", ["A", "_x", "region", "A" * 63, "PATHS", "MY_PATH", "HOSTNAME_1", "x_"])
def test_an_identifier_is_a_name(name: str) -> None:
    [defined] = DEFINITIONS.validate_python([{"type": "text", "name": name}])

    assert defined.name == name


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A=B", "Ä", "A" * 64, "A\n", "A\0", "$A", "a.b"])
def test_what_is_no_identifier_is_no_name(name: str) -> None:
    assert _refusal({"type": "text", "name": name})


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PATH",
            "path",
            "IFS",
            "ENV",
            "BASH_ENV",
            "BASH_FUNC_x",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "LD_PRELOAD",
        ),
        *(
            "ld_library_path",
            "DYLD_INSERT_LIBRARIES",
            "OPSC_TARGET",
            "HOME",
            "SHELL",
            "UID",
            "_",
            "PS4",
            "PERL5OPT",
        ),
        *("NODE_OPTIONS", "GLIBC_TUNABLES", "SSH_AUTH_SOCK"),
    ],
)
def test_a_name_that_programs_know_is_refused_with_a_sentence(name: str) -> None:
    said = _refusal({"type": "text", "name": name})

    assert f"{name} has a meaning of its own in the environment of programs; choose another name" in said


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a default out of range": ({"type": "number", "default": 5, "max": 4}, "the default must be at most 4"),
    "a default that is no choice": (
        {"type": "choice", "choices": ["a"], "default": "b"},
        "the default must be one of the choices",
    ),
    "a default too long": (
        {"type": "text", "default": "abc", "max_length": 2},
        "the default must have at most 2 characters",
    ),
    "a default unlike the pattern": (
        {"type": "text", "default": "1", "pattern": "[a-z]"},
        "the default must match the pattern [a-z]",
    ),
    "a default of a secret": ({"type": "secret", "default": "hunter2"}, "a secret has no default"),
    "limits in the wrong order": ({"type": "number", "min": 2, "max": 1}, "the largest value is below"),
    "lengths in the wrong order": (
        {"type": "text", "min_length": 2, "max_length": 1},
        "the longest length is below the shortest",
    ),
    "no choices": ({"type": "choice", "choices": []}, "at least 1 item"),
    "a choice twice": ({"type": "choice", "choices": ["a", "a"]}, "two of the choices are the same"),
    "an empty choice": ({"type": "choice", "choices": [""]}, "at least 1 character"),
    "a limit that is no number": ({"type": "number", "min": "nan"}, "finite number"),
    "something of another type": ({"type": "boolean", "choices": ["a"]}, "Extra inputs"),
    "no type": ({}, "Unable to extract tag"),
    "NUL": ({"type": "text", "label": "a\0"}, "NUL"),
}


@pytest.mark.parametrize(("definition", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_definition_that_contradicts_itself_is_refused(definition: dict[str, Any], said: str) -> None:
    refusal = _refusal({"name": "A", **definition})

    assert said in refusal
    assert "hunter2" not in refusal


PATTERNS = {
    "look-ahead": ("(?=a)a", "the pattern can't be used: look-around"),
    "a back-reference": (r"(a)\1", "the pattern can't be used: backreferences"),
    "an open group": ("(a", "the pattern can't be used: unclosed group"),
    "one that closes ours": ("a)|(b", "the pattern can't be used: unopened group"),
    "a comment that swallows our end": ("(?x)a #", "must not use the x flag"),
    "counted groups in counted groups": ("(?:(?:a?){1000}){60}b", "repeats too much"),
    "counts upon counts": ("a{100}{100}", "repeats too much"),
    "counts upon a counted group": ("(?:a?){9}{9}{99}", "repeats too much"),
    "counts without a least": ("(?:(?:a?){,1000}){,60}b", "repeats too much"),
    "lazy counts upon counts": ("a{100}?{100}", "repeats too much"),
    "counts with blanks hidden by a flag": ("(?ix)(?:(?:a?) {1000}) {60}b", "must not use the x flag"),
    "a pattern too long": ("a" * 201, "at most 200 characters"),
    "a large class often": (r"(?:\w?){400}", "the pattern can't be used"),
}


@pytest.mark.parametrize(("pattern", "said"), PATTERNS.values(), ids=PATTERNS.keys())
def test_a_pattern_that_could_keep_the_core_busy_or_is_none_is_refused(pattern: str, said: str) -> None:
    begun = time.monotonic()

    assert said in _refusal({"type": "text", "name": "A", "pattern": pattern})
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "pattern",
    [
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}",
        r"(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}",
        r"v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?",
        r".{1,1000}",
        r"(?i)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
        r"\p{L}[\p{L} '-]*",
    ],
)
def test_patterns_of_every_day_are_taken(pattern: str) -> None:
    [defined] = DEFINITIONS.validate_python([{"type": "text", "name": "A", "pattern": pattern}])

    assert getattr(defined, "pattern", None) == pattern


def test_two_parameters_may_not_set_the_same_variable() -> None:
    text = {"type": "text", "name": "DB_host"}
    target = {"type": "target", "name": "DB"}

    assert "two parameters set the variable DB_HOST" in _refusal(text, target)
    assert "two parameters set the variable a" in _refusal(
        {"type": "text", "name": "A"}, {"type": "text", "name": "a"}
    )
    assert len(DEFINITIONS.validate_python([text, target | {"name": "DB2"}])) == 2


def test_a_definition_survives_being_written_down() -> None:
    kept = DEFINITIONS.validate_python(
        [
            {"type": "number", "name": "A", "default": 1.5, "min": 1},
            {"type": "target", "name": "B", "default": "01a20c06-c4c1-742b-b37f-ba80e5e35788"},
        ]
    )

    assert DEFINITIONS.validate_python(DEFINITIONS.dump_python(kept, mode="json")) == kept
