"""What goes in and out of the templates domain."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from opsconductor.kit.wire import In
from opsconductor.targets.schemas import Tags
from opsconductor.workflows.exchange_schemas import FlowName
from opsconductor.workflows.schemas import NodeOut

Category = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5_000)]
Message = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Nodes = Annotated[
    list[dict[str, Any]],
    Field(description="One tab with its nodes, and the subflows, config nodes and groups it uses."),
]
Sort = Literal["name", "rating", "downloads", "newest"]


class NewTemplate(In):
    """A template to keep."""

    name: FlowName
    description: Text = ""
    category: Category
    tags: Tags = Field(default_factory=list)
    is_public: bool = False
    template_data: Nodes
    message: Message = ""


class TemplateChange(In):
    """What to change; keys left away stay as they are. `based_on` is the version the change was made from."""

    based_on: Number
    name: FlowName | None = None
    description: Text | None = None
    category: Category | None = None
    tags: Tags | None = None
    is_public: bool | None = None
    template_data: Nodes | None = None
    message: Message = ""


class TemplateFilter(In):
    """Which templates are meant."""

    q: str | None = None
    category: str | None = None
    tag: str | None = None
    author: str | None = None
    mine: bool = False


class Stars(In):
    """A rating."""

    stars: Annotated[int, Field(ge=1, le=5)]


class UseTemplate(In):
    """What the tab is to be called, where not as the template."""

    name: FlowName | None = None


class TemplateRow(BaseModel):
    """A template in a list: without its nodes."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: Annotated[str | None, Field(description="Names one that comes with the product.")]
    name: str
    description: str
    category: str
    tags: list[str]
    version: int
    author_id: UUID | None
    author_name: str
    is_public: bool
    download_count: int
    rating: Annotated[float | None, Field(description="The average, 1 to 5; null without ratings.")]
    rating_count: int
    my_stars: int | None
    may_change: bool
    created_at: datetime
    updated_at: datetime


class TemplateOut(TemplateRow):
    """A template."""

    template_data: list[NodeOut]


class TemplateVersionRow(BaseModel):
    """A version in a list: without its nodes."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    name: str
    message: str
    author_name: str
    created_at: datetime


class TemplateVersionOut(TemplateVersionRow):
    """A template as it once was."""

    description: str
    category: str
    tags: list[str]
    template_data: list[NodeOut]


class Categories(BaseModel):
    """The categories of the templates that one sees, and how many each has."""

    categories: dict[str, int]
