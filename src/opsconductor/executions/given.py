"""What the commands and scripts of an execution find in their environment; secret values are kept sealed."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from opsconductor.contracts.parameters import AnyParameter, Definitions
from opsconductor.credentials.vault import SealedPlace, Vault
from opsconductor.executions.models import Execution

DEFINITIONS: TypeAdapter[list[AnyParameter]] = TypeAdapter(Definitions)


@dataclass(frozen=True)
class Given:
    """What commands and scripts find in their environment, and how it is shown."""

    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    definitions: list[AnyParameter] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    """As they were given, secret ones masked."""
    files: dict[str, UUID] = field(default_factory=dict)
    """By variable: what is brought to each target; until then the variable has the file's name."""

    def facts(self) -> dict[str, Any]:
        """Return what may be kept and shown."""
        definitions = [each.model_dump(mode="json") for each in self.definitions]
        files = {"files": {name: str(id) for name, id in self.files.items()}} if self.files else {}
        return {"definitions": definitions, "values": self.values, **files} if definitions else {}


def give(execution: Execution, given: Given, vault: Vault) -> None:
    """Keep what commands and scripts are given, secret values sealed."""
    execution.parameters = given.facts()
    execution.variables = given.variables
    if given.secrets:
        text = orjson.dumps(given.secrets).decode()
        execution.secret_variables = vault.seal(text, **_place_of_secrets(execution.id))


def given_to(execution: Execution, vault: Vault) -> Given:
    """Return what an execution was given, to give it once more. Raises SealBroken."""
    kept = DEFINITIONS.validate_python(execution.parameters.get("definitions", []))
    values = execution.parameters.get("values", {})
    secrets = opened(execution.id, execution.secret_variables, vault)
    files = {name: UUID(id) for name, id in execution.parameters.get("files", {}).items()}
    return Given(execution.variables, secrets, kept, values, files)


def opened(execution_id: UUID, sealed: bytes | None, vault: Vault) -> dict[str, str]:
    """Return the secret variables of an execution. Raises SealBroken."""
    found: dict[str, str] = (
        {} if sealed is None else orjson.loads(vault.open(sealed, **_place_of_secrets(execution_id)))
    )
    return found


def _place_of_secrets(execution_id: UUID) -> SealedPlace:
    return {"table": "executions", "row": execution_id, "field": "secret_variables"}
