"""A bucket that speaks S3: content goes there whole, with its SHA-256, and comes back verified, or not at all."""

import asyncio
import contextlib
import hashlib
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from opsconductor.kit.buckets import parsed
from opsconductor.kit.ids import new_id
from opsconductor.kit.settings import Settings
from opsconductor.storage import figures
from opsconductor.storage.errors import BucketAway, ContentDamaged
from opsconductor.storage.places import Found, Wanted

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config  # there for type checkers only

PART = 8 * 1024 * 1024  # bytes; what is longer goes in several parts
PARTS = 2  # of one object under way at once
PIECE = 1024 * 1024  # bytes written to the disk at once
PAGE = 500  # objects listed at once
DELETED = 500  # objects deleted by one request
SHA256 = "sha256"
"""The name of our own fact beside an object."""
OWNER = "owner"
"""The object that says whose database knows what is below the prefix."""
CODE = re.compile(r"<Code>(\w{1,60})</Code>")


class Bucket:
    """What the settings name. Making one asks nothing of it."""

    def __init__(self, settings: Settings) -> None:
        self.name, prefix = parsed(settings.storage_url)
        self.address = f"{settings.storage_endpoint} s3://{self.name}/{prefix}"
        self.endpoint = settings.storage_endpoint or f"Amazon S3 ({settings.storage_region})"
        # Who reads has somebody waiting; who sends has time, and 8 MiB to send before it hears anything.
        self._reading = _store(settings, self.name, prefix, silence=10, retries=1)
        self._writing = _store(settings, self.name, prefix, silence=60, retries=3)

    async def send(self, place: str, path: Path) -> None:
        """Put a file there. Raises BucketAway, OSError."""
        digest = await asyncio.to_thread(_sha256_of, path)
        with self._asked("send"):
            await self._writing.put_async(
                place, path, attributes={SHA256: digest}, chunk_size=PART, max_concurrency=PARTS
            )

    async def fetch(self, wanted: Wanted, into: Path) -> bool:
        """Write an object into a new file; False where there is none. Raises BucketAway, ContentDamaged, OSError."""
        file = await asyncio.to_thread(into.open, "xb")
        try:
            with self._asked("fetch"):
                answer = await self._reading.get_async(wanted.place)
                length, digest = await _written(answer.stream(min_chunk_size=PIECE), file)
        except FileNotFoundError:
            return False
        finally:
            await asyncio.to_thread(file.close)
        promised = wanted.sha256 or answer.attributes.get(SHA256)
        size = answer.meta["size"] if wanted.size is None else wanted.size
        if length != size or promised not in (None, digest):
            figures.REQUESTS.labels("fetch", "damaged").inc()
            raise ContentDamaged
        return True

    async def delete(self, places: Sequence[str]) -> None:
        """Delete objects; those that are not there are fine. Raises BucketAway."""
        for start in range(0, len(places), DELETED):
            with self._asked("delete"):
                await self._writing.delete_async(list(places[start : start + DELETED]))

    async def listed(self, folder: str) -> AsyncIterator[list[Found]]:
        """Yield what is in a folder, a page at a time. Raises BucketAway."""
        pages = self._writing.list(folder, chunk_size=PAGE)
        while True:
            with self._asked("list"):
                page = await anext(pages, None)
            if page is None:
                return
            yield [Found(one["path"], one["size"], one["last_modified"]) for one in page]

    async def belongs_to(self, owner: str) -> bool:
        """Tell whether what is there is this owner's alone; who asks first is the owner. Raises BucketAway."""
        try:
            with self._asked("fetch"):
                answer = await self._reading.get_async(OWNER)
                return bytes(await answer.bytes_async()).decode(errors="replace") == owner
        except FileNotFoundError:
            with self._asked("claim"):
                await self._writing.put_async(OWNER, owner.encode())
            return True

    async def probe(self) -> None:
        """Put a small object there, read it and delete it. Raises BucketAway."""
        place, content = f"probes/{new_id()}", b"OpsConductor was here"
        with self._asked("probe"):
            await self._reading.put_async(place, content)
            answer = await self._reading.get_async(place)
            back = bytes(await answer.bytes_async())
            await self._reading.delete_async([place])
        if back != content:
            raise BucketAway(
                f"The bucket {self.name} at {self.endpoint} gives back something else than it got."
            )

    @contextlib.contextmanager
    def _asked(self, kind: str) -> Iterator[None]:
        """Count and time a request; what the library says becomes a sentence of ours."""
        started, outcome = time.perf_counter(), "failed"
        try:
            yield
            outcome = "done"
        except FileNotFoundError as error:
            if "NoSuchBucket" not in str(error) and kind in ("fetch", "send"):
                outcome = "missing"  # the object, or the file
                raise
            raise BucketAway(self._sentence(error)) from None
        except BaseError as error:
            raise BucketAway(self._sentence(error)) from None  # its text quotes what the server answered
        finally:
            figures.REQUESTS.labels(kind, outcome).inc()
            figures.SECONDS.labels(kind).observe(time.perf_counter() - started)

    def _sentence(self, error: Exception) -> str:
        text = str(error)
        code = next(iter(CODE.findall(text)), None)
        said = f" ({code})" if code else ""
        bucket = f"The bucket {self.name} at {self.endpoint}"
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return (
                f"{bucket} refuses these credentials{said}: look at OPSCONDUCTOR_STORAGE_ACCESS_KEY and "
                "OPSCONDUCTOR_STORAGE_SECRET_KEY, and at what they may do there."
            )
        if isinstance(error, FileNotFoundError):
            return f"{bucket} does not exist{said}: make it, or look at OPSCONDUCTOR_STORAGE_URL."
        if "certificate" in text.lower():
            return f"{bucket} has a certificate that is not trusted: see OPSCONDUCTOR_STORAGE_CA_FILE."
        if code:
            return f"{bucket} refused a request{said}."
        return f"{bucket} does not answer: look at OPSCONDUCTOR_STORAGE_ENDPOINT, and at the network to it."


def _store(settings: Settings, name: str, prefix: str, *, silence: int, retries: int) -> S3Store:
    config: S3Config = {
        "region": settings.storage_region,
        "checksum_algorithm": "SHA256",  # the server compares, and refuses what arrived otherwise
    }
    if settings.storage_endpoint:
        config["endpoint"] = settings.storage_endpoint
        config["aws_endpoint_url_s3"] = (
            settings.storage_endpoint
        )  # or a variable of Amazon's would count more
    if settings.storage_access_key:
        config["access_key_id"] = settings.storage_access_key
        config["secret_access_key"] = settings.storage_secret_key.get_secret_value()
    client: ClientConfig = {
        "allow_http": settings.storage_endpoint.startswith("http://"),  # the settings have judged it
        "allow_invalid_certificates": False,
        "connect_timeout": timedelta(seconds=3),
        "read_timeout": timedelta(seconds=silence),
        "timeout": timedelta(hours=1),  # of one request, so of one part
    }
    if settings.storage_ca_file:
        client["root_certificate"] = settings.storage_ca_file.read_text()
    retry: RetryConfig = {"max_retries": retries, "retry_timeout": timedelta(seconds=silence)}
    return S3Store(name, prefix=prefix or None, config=config, client_options=client, retry_config=retry)


async def _written(stream: AsyncIterator[bytes], file: IO[bytes]) -> tuple[int, str]:
    """Write what comes; return its length and SHA-256."""
    digest = hashlib.sha256()
    length = 0
    async for piece in stream:
        await asyncio.to_thread(_take, file, digest, piece)
        length += len(piece)
    return length, digest.hexdigest()


def _take(file: IO[bytes], digest: "hashlib._Hash", piece: bytes) -> None:
    file.write(piece)
    digest.update(piece)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
