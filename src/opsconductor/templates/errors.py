"""Refusals of the templates domain."""

from opsconductor.kit.errors import Conflict, Forbidden, NotFound


class TemplateNotFound(NotFound):
    """There is no template with this id, or it is private to somebody else."""

    code = "template_not_found"


class TemplateVersionNotFound(NotFound):
    """This template has no version with this number."""

    code = "template_version_not_found"


class TemplateChangedMeanwhile(Conflict):
    """{who} has saved version {version} since version {based_on}, which you started from; bring your change into it."""

    code = "template_changed_meanwhile"


class TemplateOfAnother(Forbidden):
    """This template is somebody else's; only they and administrators can change it. Save a copy to change that."""

    code = "template_of_another"


class TemplateShipped(Conflict):
    """This template comes with the product and stays as it is; save a copy to change that."""

    code = "template_shipped"
