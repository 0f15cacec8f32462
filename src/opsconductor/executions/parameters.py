"""Binds values to parameters: every value checked, every default filled in, nothing unknown. No session, no clock."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from opsconductor.contracts.parameters import AnyParameter, FileParameter, TargetParameter, secret_names
from opsconductor.executions.errors import ParametersInvalid

MASK = "•••"  # of one length: how long a secret is, is not told


@dataclass(frozen=True, slots=True)
class TargetReference:
    """What a parameter of type target gives to a script."""

    id: UUID
    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class FileReference:
    """What a parameter of type file stands for; where it will be on a target is known to whoever puts it there."""

    id: UUID
    name: str


FindTarget = Callable[[UUID], TargetReference | None]
FindFile = Callable[[UUID], FileReference | None]


@dataclass(frozen=True)
class Bound:
    """Values that fit: the environment, which of it is secret, and what ids stood for. Printing it shows no value."""

    environment: dict[str, str] = field(repr=False)
    secrets: frozenset[str]
    targets: dict[str, TargetReference]
    """By name of the parameter; their variables are in the environment."""
    files: dict[str, FileReference]
    """By name of the parameter; the variable has the file's name until it is replaced by its place on the target."""

    def masked(self) -> dict[str, str]:
        """Return the environment as people may see it."""
        return {name: MASK if name in self.secrets else text for name, text in self.environment.items()}

    def secret_values(self) -> list[str]:
        """Return the texts that must not appear in any output."""
        return [text for name in self.secrets if (text := self.environment[name])]


def nothing(_: UUID) -> None:
    """Find nothing: for whoever has no targets or files to offer."""
    return


def bind(
    definitions: Sequence[AnyParameter],
    values: Mapping[str, Any],
    *,
    find_target: FindTarget = nothing,
    find_file: FindFile = nothing,
    within: str = "parameters",
) -> Bound:
    """Return what a script is given, or refuse with every problem, each under `<within>.<name>`.

    A value that is left away or null is the default; a parameter without either is an empty variable, so that
    nothing of the same name comes in from the target's own environment.
    """
    problems = _unknown(definitions, values)
    given = {each.name: _given(each, values) for each in definitions}
    for each in definitions:
        if problem := _problem(each, given[each.name]):
            problems[each.name] = problem
    bound = Bound({}, secret_names(definitions), {}, {})
    for each in definitions:
        if each.name not in problems:
            problems |= _bind_one(bound, each, given[each.name], find_target, find_file)
    if problems:
        raise _refusal(problems, within)
    return bound


def ids_of(
    definitions: Sequence[AnyParameter], values: Mapping[str, Any], kind: type[AnyParameter]
) -> list[UUID]:
    """Return the ids given to parameters of this kind, so that they can be looked up at once before binding."""
    wanted = [_given(each, values) for each in definitions if isinstance(each, kind)]
    return [found for value in wanted if (found := _uuid(value))]


def masked_values(definitions: Sequence[AnyParameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they may be kept and shown: secret ones replaced, and unknown ones (a secret, misspelt?)."""
    shown = {each.name for each in definitions} - secret_names(definitions)
    return {name: value if name in shown else MASK for name, value in values.items()}


def _unknown(definitions: Sequence[AnyParameter], values: Mapping[str, Any]) -> dict[str, str]:
    names = {each.name for each in definitions}
    return {_short(name): "is not a parameter of this script" for name in values if name not in names}


def _given(definition: AnyParameter, values: Mapping[str, Any]) -> Any:
    value = values.get(definition.name)
    return definition.default if value is None else value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value == "")


def _problem(definition: AnyParameter, value: Any) -> str | None:
    if _is_empty(value):
        return "needs a value" if definition.required else None
    return definition.problem_of(value)


def _bind_one(
    bound: Bound, definition: AnyParameter, value: Any, find_target: FindTarget, find_file: FindFile
) -> dict[str, str]:
    """Add one parameter's variables; return a problem where an id stands for nothing."""
    if _is_empty(value):
        bound.environment.update(dict.fromkeys(definition.variables, ""))
    elif isinstance(definition, TargetParameter):
        return _bind_target(bound, definition, find_target(UUID(str(value))))
    elif isinstance(definition, FileParameter):
        return _bind_file(bound, definition, find_file(UUID(str(value))))
    else:
        bound.environment[definition.name] = definition.text_of(value)
    return {}


def _bind_target(bound: Bound, definition: TargetParameter, found: TargetReference | None) -> dict[str, str]:
    if found is None:
        return {definition.name: "there is no target with this id"}
    bound.targets[definition.name] = found
    texts = (found.name, found.host, str(found.port))
    bound.environment.update(zip(definition.variables, texts, strict=True))
    return {}


def _bind_file(bound: Bound, definition: FileParameter, found: FileReference | None) -> dict[str, str]:
    if found is None:
        return {definition.name: "there is no file with this id"}
    bound.files[definition.name] = found
    bound.environment[definition.name] = found.name
    return {}


def _refusal(problems: Mapping[str, str], within: str) -> ParametersInvalid:
    errors = [{"field": f"{within}.{name}", "message": text} for name, text in problems.items()]
    return ParametersInvalid(problems=_listed(problems.items()), errors=errors)


def _listed(problems: Iterable[tuple[str, str]]) -> str:
    texts = [f"{name} {text}" for name, text in problems]
    more = f"; and {len(texts) - 3} more" if len(texts) > 3 else ""
    return "; ".join(texts[:3]) + more


def _short(name: str) -> str:
    """Cut the name of something unknown: it comes from outside, and goes into a sentence."""
    safe = name.encode(errors="replace").decode()
    return safe if len(safe) <= 80 else safe[:79] + "…"


def _uuid(value: Any) -> UUID | None:
    try:
        return None if _is_empty(value) else UUID(str(value))
    except ValueError:
        return None
