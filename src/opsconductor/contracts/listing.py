"""What dialogs of nodes list through the bridge: as much of scripts and files as they are promised."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from opsconductor.contracts.parameters import Definitions


class WorkflowScript(BaseModel):
    """A stored script, without its text."""

    id: UUID
    name: str
    description: str
    version: int
    parameters: Definitions


class WorkflowScripts(BaseModel):
    """Scripts by name; `total` may be more than are listed."""

    items: list[WorkflowScript]
    total: int


class WorkflowFile(BaseModel):
    """A file that can be sent to targets."""

    id: UUID
    name: str
    size: int
    sha256: str
    created_at: datetime


class WorkflowFiles(BaseModel):
    """Uploaded files, newest first; `total` may be more than are listed."""

    items: list[WorkflowFile]
    total: int


class WorkflowTabChange(BaseModel):
    """What became of a tab in a deploy, in numbers of nodes; the one without a name is what lies in no tab."""

    name: str
    kind: Literal["added", "removed", "changed"]
    added: int
    removed: int
    changed: int


class WorkflowDeploy(BaseModel):
    """Who deployed what, and when."""

    number: int
    deployed_by: str
    deployed_at: datetime
    message: str
    changes: list[WorkflowTabChange]


class WorkflowDeploys(BaseModel):
    """Deploys, newest first; `total` may be more than are listed."""

    items: list[WorkflowDeploy]
    total: int


class WorkflowTemplateCategories(BaseModel):
    """Categories of templates, and how many each has."""

    categories: dict[str, int]


class WorkflowTemplate(BaseModel):
    """A template, without its nodes."""

    id: UUID
    name: str


class WorkflowTemplates(BaseModel):
    """Templates of a category by name; with `next_cursor` there are more."""

    items: list[WorkflowTemplate]
    next_cursor: str | None


class WorkflowTemplateNodes(BaseModel):
    """The nodes of a template, as Node-RED imports them."""

    nodes: list[dict[str, Any]]
