"""Refusals of the scripts domain."""

from opsconductor.kit.errors import Conflict, Invalid, NotFound


class ScriptNotFound(NotFound):
    """There is no script with this id."""

    code = "script_not_found"


class ScriptVersionNotFound(NotFound):
    """This script has no version with this number."""

    code = "script_version_not_found"


class ScriptNameTaken(Conflict):
    """Another script already has this name."""

    code = "script_name_taken"


class ScriptChangedMeanwhile(Conflict):
    """{who} has saved version {version} since version {based_on}, which you started from; bring your change into it."""

    code = "script_changed_meanwhile"


class UnknownScript(Invalid):
    """There is no such script or version; choose one of the existing."""

    code = "unknown_script"
