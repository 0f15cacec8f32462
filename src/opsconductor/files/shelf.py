"""Files as a worker needs them while it works on one target: to read what is sent, to keep what is fetched."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from opsconductor.files import repository, service
from opsconductor.files.errors import ContentMissing, ContentNotThere, NoRoomForFile
from opsconductor.files.storage import Storage
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.storage.errors import ContentDamaged, NoRoomForCopy, StorageUnreachable
from opsconductor.transports.file_errors import SourceUnreachable, SourceUnreadable, StorageFull
from opsconductor.transports.files import Source


@dataclass(frozen=True, slots=True)
class ResultShelf:
    """The files of one result. See `executions.transfer.Shelf`."""

    units: UnitsOfWork
    storage: Storage
    execution_id: UUID
    result_id: UUID
    target_id: UUID

    async def source(self, file_id: UUID) -> Source:
        """Return an uploaded file. Raises SourceUnreadable where it is gone, SourceUnreachable where it is away."""
        async with self.units.begin() as uow:
            file = await repository.file(uow.session, file_id)
        if file is None:
            raise SourceUnreadable
        try:
            path = await self.storage.content_of(file)
        except (StorageUnreachable, NoRoomForCopy, ContentNotThere):
            raise SourceUnreachable from None
        except (ContentMissing, ContentDamaged):
            raise SourceUnreadable from None
        return Source(file.name, file.size, file.sha256, lambda: path.open("rb"))

    def room(self) -> Path:
        """Return a path for a new file. Raises StorageFull."""
        try:
            return self.storage.room()
        except NoRoomForFile:
            raise StorageFull(path="anything") from None

    async def keep(self, path: Path, *, name: str, size: int, sha256: str) -> UUID:
        """Take over a file that was fetched; return its id. Raises StorageFull."""
        try:
            return await service.keep(
                self.units,
                self.storage,
                path,
                name=name,
                size=size,
                sha256=sha256,
                execution_id=self.execution_id,
                result_id=self.result_id,
                target_id=self.target_id,
            )
        except NoRoomForFile:
            raise StorageFull(path=name) from None
