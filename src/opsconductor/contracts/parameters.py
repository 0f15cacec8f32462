"""Parameters: what a script asks for, each with a type, and what a value of it must be.

A value reaches the script as an environment variable with the parameter's name, as data: it is never part of a
command line or of the script's text.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from opsconductor.contracts import patterns
from opsconductor.contracts.patterns import LONGEST_MATCHED, LONGEST_PATTERN
from opsconductor.kit.wire import has_nul

MOST_PARAMETERS = 50
LONGEST_VALUE = 32 * 1024  # bytes; one variable of the environment holds 128 KiB on Linux
LARGEST_NUMBER = 2**53 - 1  # beyond it, JSON's numbers are no longer exact everywhere
NUMBER = re.compile(r"-?\d{1,16}(\.\d{1,16})?", re.ASCII)

KNOWN_VARIABLES = """
    _ CDPATH ENV EUID FUNCNAME GLIBC_TUNABLES GLOBIGNORE GROUPS HISTFILE HOME HOSTALIASES IFS
    JAVA_TOOL_OPTIONS LINENO LOCPATH LOGNAME NLSPATH NODE_OPTIONS NODE_PATH OLDPWD OPTARG OPTERR OPTIND
    PATH PERL5LIB PERL5OPT PERLLIB POSIXLY_CORRECT PPID PROMPT_COMMAND PS1 PS2 PS4 PWD RANDOM RUBYLIB RUBYOPT
    SECONDS SHELL SHELLOPTS SHLVL TMPDIR UID USER
"""
RESERVED = frozenset(KNOWN_VARIABLES.split())
RESERVED_PREFIXES = ("OPSC_", "LD_", "DYLD_", "BASH", "PYTHON", "MALLOC_", "LC_", "GCONV_", "SUDO_", "SSH_")
"""These change how the interpreter, the loader or we ourselves work; compared without regard to case."""


def _free_name(value: str) -> str:
    upper = value.upper()
    if upper in RESERVED or upper.startswith(RESERVED_PREFIXES):
        raise ValueError(
            f"{value} has a meaning of its own in the environment of programs; choose another name"
        )
    return value


ParameterName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"), AfterValidator(_free_name)
]
Choice = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Length = Annotated[int, Field(ge=0, le=LONGEST_VALUE)]
Bound = Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER, allow_inf_nan=False)]


class Parameter(BaseModel, ABC):
    """What all parameters have: the variable's name, words for people, whether a value must be given."""

    model_config = ConfigDict(extra="forbid")

    beside: ClassVar[tuple[str, ...]] = ()
    """What follows the name in further variables."""

    name: ParameterName
    label: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    help: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    required: bool = False

    @abstractmethod
    def problem_of(self, value: Any) -> str | None:
        """Say what is wrong with a value that is not empty, if anything is; never quote it, it may be secret."""

    def text_of(self, value: Any) -> str:
        """Return the variable's text for a value without a problem."""
        return str(value)

    @property
    def variables(self) -> list[str]:
        """Names of all variables that this parameter sets."""
        return [self.name, *(f"{self.name}_{suffix}" for suffix in self.beside)]

    @model_validator(mode="before")
    @classmethod
    def refuse_nul(cls, data: Any) -> Any:  # as kit.wire.In does, whose way a discriminator forbids
        if has_nul(data):
            raise ValueError("must not contain the NUL character")
        return data

    @model_validator(mode="after")
    def have_a_default_that_fits(self) -> Self:
        default = getattr(self, "default", None)
        if default not in (None, "") and (problem := self.problem_of(default)):
            raise ValueError(f"the default {problem}")
        return self


class TextParameter(Parameter):
    """Text, of one or more lines. The pattern describes the whole value, in Rust's dialect: no look-around."""

    type: Literal["text"]
    default: Annotated[str, StringConstraints(max_length=LONGEST_VALUE)] | None = None
    min_length: Length | None = None
    max_length: Length | None = None
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PATTERN)] | None = None
    multiline: bool = False

    @field_validator("pattern")
    @classmethod
    def be_usable(cls, value: str | None) -> str | None:
        if value is not None and (problem := patterns.problem_of(value)):
            raise ValueError(f"the pattern {problem}")
        return value

    @model_validator(mode="after")
    def have_lengths_in_order(self) -> Self:
        if self.min_length is not None and self.max_length is not None and self.min_length > self.max_length:
            raise ValueError("the longest length is below the shortest")
        return self

    def problem_of(self, value: Any) -> str | None:
        return _text_problem(value) or self._length_problem(value) or self._form_problem(value)

    def _length_problem(self, value: str) -> str | None:
        if self.min_length is not None and len(value) < self.min_length:
            return f"must have at least {self.min_length} characters"
        if self.max_length is not None and len(value) > self.max_length:
            return f"must have at most {self.max_length} characters"
        return None

    def _form_problem(self, value: str) -> str | None:
        if not self.multiline and ("\n" in value or "\r" in value):
            return "must be on one line"
        if self.pattern is None:
            return None
        if len(value) > LONGEST_MATCHED:
            return f"must have at most {LONGEST_MATCHED} characters, as it has a pattern"
        if not patterns.fits(self.pattern, value):
            return f"must match the pattern {self.pattern}"
        return None


class NumberParameter(Parameter):
    """A number, or a whole one. Text that is a plain decimal number is taken for it."""

    type: Literal["number"]
    default: Bound | None = None
    min: Bound | None = None
    max: Bound | None = None
    integer: bool = False

    @model_validator(mode="after")
    def have_limits_in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("the largest value is below the smallest")
        return self

    def problem_of(self, value: Any) -> str | None:
        number = _number(value)
        if number is None:
            return "must be a number"
        if abs(number) > LARGEST_NUMBER:
            return f"must be between -{LARGEST_NUMBER} and {LARGEST_NUMBER}"
        if self.integer and number != int(number):
            return "must be a whole number"
        if self.min is not None and number < Decimal(repr(self.min)):
            return f"must be at least {_plain(self.min)}"
        if self.max is not None and number > Decimal(repr(self.max)):
            return f"must be at most {_plain(self.max)}"
        return None

    def text_of(self, value: Any) -> str:
        return _plain(value)


class ChoiceParameter(Parameter):
    """One of several texts."""

    type: Literal["choice"]
    choices: Annotated[list[Choice], Field(min_length=1, max_length=200)]
    default: Choice | None = None

    @field_validator("choices")
    @classmethod
    def differ(cls, values: list[str]) -> list[str]:
        if len(set(values)) != len(values):
            raise ValueError("two of the choices are the same")
        return values

    def problem_of(self, value: Any) -> str | None:
        return None if isinstance(value, str) and value in self.choices else "must be one of the choices"


class BooleanParameter(Parameter):
    """Yes or no: the variable is `true` or `false`."""

    type: Literal["boolean"]
    default: bool | None = None

    def problem_of(self, value: Any) -> str | None:
        return None if isinstance(value, bool) or value in ("true", "false") else "must be true or false"

    def text_of(self, value: Any) -> str:
        return str(value).lower()


class SecretParameter(Parameter):
    """A text that nobody is shown again. It has no default: that would be written down for all to read."""

    default: ClassVar[None] = None

    type: Literal["secret"]
    min_length: Length | None = None

    @model_validator(mode="before")
    @classmethod
    def have_no_default(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if data.get("default") is not None:
            raise ValueError("a secret has no default, as everybody who may read scripts would see it")
        return {name: value for name, value in data.items() if name != "default"}

    def problem_of(self, value: Any) -> str | None:
        if problem := _text_problem(value):
            return problem
        if self.min_length is not None and len(value) < self.min_length:
            return f"must have at least {self.min_length} characters"
        return None


class TargetParameter(Parameter):
    """A target, by its id. The variables are its name, and `…_HOST` and `…_PORT`."""

    beside: ClassVar[tuple[str, ...]] = ("HOST", "PORT")

    type: Literal["target"]
    default: UUID | None = None

    def problem_of(self, value: Any) -> str | None:
        return _id_problem(value, "target")


class FileParameter(Parameter):
    """A stored file, by its id. The variable is where it is on the target."""

    type: Literal["file"]
    default: UUID | None = None

    def problem_of(self, value: Any) -> str | None:
        return _id_problem(value, "file")


AnyParameter = (
    TextParameter
    | NumberParameter
    | ChoiceParameter
    | BooleanParameter
    | SecretParameter
    | TargetParameter
    | FileParameter
)
ParameterDefinition = Annotated[AnyParameter, Field(discriminator="type")]


def _with_variables_of_their_own(values: list[AnyParameter]) -> list[AnyParameter]:
    seen: set[str] = set()
    for variable in (variable for value in values for variable in value.variables):
        if variable.upper() in seen:
            raise ValueError(f"two parameters set the variable {variable}; rename one (case does not count)")
        seen.add(variable.upper())
    return values


Definitions = Annotated[
    list[ParameterDefinition],
    Field(max_length=MOST_PARAMETERS),
    AfterValidator(_with_variables_of_their_own),
]
"""The parameters of one script, in the order in which they are asked for."""


def secret_names(definitions: Sequence[AnyParameter]) -> frozenset[str]:
    """Return the names whose values must never be shown."""
    return frozenset(each.name for each in definitions if isinstance(each, SecretParameter))


def _text_problem(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be text"
    if "\0" in value:
        return "must not contain the NUL character"
    try:
        length = len(value.encode())
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can say it, no program can be given it
        return "must be text that can be written as UTF-8"
    return f"must have at most {LONGEST_VALUE // 1024} KiB" if length > LONGEST_VALUE else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, str):
        return Decimal(value) if NUMBER.fullmatch(value) else None
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _plain(value: Any) -> str:
    """Return a number as people write it: no exponent, no needless digits, no negative zero."""
    number = _number(value)
    assert number is not None
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _id_problem(value: Any, noun: str) -> str | None:
    try:
        UUID(str(value))
    except ValueError:
        return f"must be the id of a {noun}"
    return None
