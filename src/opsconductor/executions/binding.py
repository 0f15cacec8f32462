"""From a request to what is run: stored scripts as they are now, values of parameters, files that are there."""

from typing import Any
from uuid import UUID

from opsconductor.contracts.actions import Action, FileTransferAction, ScriptAction
from opsconductor.contracts.parameters import AnyParameter, FileParameter, TargetParameter
from opsconductor.executions.errors import ParametersInvalid, ScriptTwice, UnknownFile
from opsconductor.executions.given import Given
from opsconductor.executions.parameters import FileReference, TargetReference, bind, ids_of, masked_values
from opsconductor.executions.schemas import NewExecution
from opsconductor.files import repository as files
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.scripts import service as scripts
from opsconductor.targets import repository as targets

WITHIN = "values"


async def with_scripts(uow: UnitOfWork, wanted: NewExecution) -> NewExecution:
    """Return the request with the text of each stored script in it, and what those ask for."""
    definitions = {each.name: each for each in wanted.parameters}
    actions: list[Action] = []
    for number, action in enumerate(wanted.actions):
        if isinstance(action, ScriptAction) and action.action_parameters.script_id is not None:
            action, asked = await _stored(
                uow, action, f"actions.{number}.action_parameters"
            )  # its fuller form
            for each in asked:
                if definitions.setdefault(each.name, each) != each:
                    raise ParametersInvalid(problems=f"{each.name} means two things in these scripts")
        actions.append(action)
    return wanted.model_copy(update={"actions": actions, "parameters": list(definitions.values())})


async def _stored(
    uow: UnitOfWork, action: ScriptAction, place: str
) -> tuple[ScriptAction, list[AnyParameter]]:
    parameters = action.action_parameters
    if parameters.content is not None:
        message = "give either a script or the id of a stored one"
        raise ScriptTwice(errors=[{"field": f"{place}.content", "message": message}])
    assert parameters.script_id is not None
    found = await scripts.snapshot(
        uow, parameters.script_id, parameters.script_version, field=f"{place}.script_id"
    )
    chosen: dict[str, Any] = {"content": found.content, "script_version": found.version}
    if parameters.interpreter is None:
        chosen["interpreter"] = found.interpreter
    if "timeout" not in parameters.model_fields_set:
        chosen["timeout"] = float(found.timeout)
    named = {} if "action_name" in action.model_fields_set else {"action_name": found.name}
    fuller = action.model_copy(update={"action_parameters": parameters.model_copy(update=chosen), **named})
    return fuller, found.parameters


async def bound(uow: UnitOfWork, wanted: NewExecution) -> Given:
    """Check every value; return what commands and scripts are given. Raises ParametersInvalid."""
    definitions = wanted.parameters
    ids = ids_of(definitions, wanted.values, TargetParameter)
    fleet = await targets.targets_by_id(uow.session, ids) if ids else {}
    known = {id: TargetReference(id, found.name, found.host, found.port) for id, found in fleet.items()}
    kept = {id: FileReference(id, name) for id, name in (await _names_of_files(uow, wanted)).items()}
    fits = bind(definitions, wanted.values, find_target=known.get, find_file=kept.get, within=WITHIN)
    return Given(
        variables={n: text for n, text in fits.environment.items() if n not in fits.secrets},
        secrets={n: text for n, text in fits.environment.items() if n in fits.secrets},
        definitions=list(definitions),
        values=masked_values(definitions, wanted.values),
        files={name: found.id for name, found in fits.files.items()},
    )


async def _names_of_files(uow: UnitOfWork, wanted: NewExecution) -> dict[UUID, str]:
    ids = ids_of(wanted.parameters, wanted.values, FileParameter)
    return await files.names_of(uow.session, ids) if ids else {}


async def check_files(uow: UnitOfWork, wanted: NewExecution) -> None:
    """Refuse files that are not there."""
    errors = [
        {
            "field": f"actions.{number}.action_parameters.file_id",
            "message": "there is no file with this id",
        }
        for number, action in enumerate(wanted.actions)
        if isinstance(action, FileTransferAction)
        and action.action_parameters.file_id is not None
        and await files.file(uow.session, action.action_parameters.file_id) is None
    ]
    if errors:
        raise UnknownFile(errors=errors)
