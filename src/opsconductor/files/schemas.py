"""What goes out of the files domain; what goes in is the content itself."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Purpose = Literal["upload", "download"]


class FileOut(BaseModel):
    """A file that can be sent to targets, or that was fetched from one (`execution_id`, `result_id`, `target_id`)."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    purpose: Purpose
    size: int
    sha256: str
    media_type: str
    execution_id: UUID | None
    result_id: UUID | None
    target_id: UUID | None
    created_by_name: str
    created_at: datetime
