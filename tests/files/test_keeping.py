"""Files over HTTP: streamed in, listed, streamed out, deleted; what is refused, and what a refusal leaves behind."""

import asyncio
import hashlib
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text
from tests.support.core import Core, running_core, set_up

from opsconductor.apps.core import create_app
from opsconductor.contracts.files import be_a_file_name
from opsconductor.files.shelf import ResultShelf
from opsconductor.files.storage import FORGOTTEN, Storage
from opsconductor.kit.ids import new_id
from opsconductor.kit.settings import Settings
from opsconductor.storage.folder import Folder
from opsconductor.transports.file_errors import SourceUnreadable

MIB = 1024 * 1024
LIMIT = 8 * MIB


@pytest.fixture(scope="module")
async def core(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Core]:
    """A core that takes files of up to 8 MiB."""
    home = tmp_path_factory.mktemp("core")
    async with running_core(database_url, redis_url, home, OPSCONDUCTOR_FILE_LIMIT=str(LIMIT)) as running:
        await set_up(running)
        yield running


def _stored(core: Core) -> list[Path]:
    return [path for path in (core.settings.storage_dir / "files").rglob("*") if path.is_file()]


async def _add(core: Core, name: str, content: object = b"content", **more: Any) -> httpx.Response:
    return await core.admin.post("/files", params={"name": name}, content=content, **more)


async def _pieces(size: int, piece: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, size, piece):
        yield b"x" * min(piece, size - start)


async def _rows(core: Core) -> int:
    async with core.app.state.units.sessions() as session:
        return int(await session.scalar(text("select count(*) from files")))


@pytest.mark.parametrize("size", [0, 1, 3 * MIB + 1, LIMIT])
async def test_a_file_comes_back_as_it_was_sent(core: Core, size: int) -> None:
    content = os.urandom(size)

    answer = await _add(core, "app.tar.gz", content)
    file = answer.json()
    shown = (await core.admin.get(f"/files/{file['id']}")).json()
    back = await core.admin.get(f"/files/{file['id']}/content")

    assert answer.status_code == 201
    assert shown == file
    assert (file["size"], file["sha256"]) == (size, hashlib.sha256(content).hexdigest())
    assert (file["purpose"], file["created_by_name"]) == ("upload", "admin")
    assert back.content == content


async def test_an_upload_that_is_sent_again_is_the_same_file_until_it_is_deleted(core: Core) -> None:
    key = {"Idempotency-Key": "upload-42"}
    first = (await _add(core, "again", headers=key)).json()
    before = len(_stored(core))
    second = (await _add(core, "again", headers=key)).json()
    other = await _add(core, "again", b"other", headers=key)
    await core.admin.delete(f"/files/{first['id']}")
    third = (await _add(core, "again", headers=key)).json()

    assert second == first
    assert len(_stored(core)) == before
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert third["id"] != first["id"]


async def test_the_same_upload_at_the_same_time_is_kept_once(core: Core) -> None:
    rows, kept = await _rows(core), len(_stored(core))
    answers = await asyncio.gather(
        *(_add(core, "at once", headers={"Idempotency-Key": "upload-43"}) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await _rows(core), len(_stored(core))) == (rows + 1, kept + 1)


async def test_content_is_offered_as_a_file_and_never_as_a_page(core: Core) -> None:
    file = (await _add(core, "<b>ünï “x”.html", b"<script>alert(1)</script>")).json()

    headers = (await core.admin.get(f"/files/{file['id']}/content")).headers

    name = "filename*=utf-8''%3Cb%3E%C3%BCn%C3%AF%20%E2%80%9Cx%E2%80%9D.html"
    assert headers["content-disposition"] == f"attachment; {name}"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]


async def test_a_part_of_a_file_can_be_asked_for(core: Core) -> None:
    file = (await _add(core, "digits", b"0123456789")).json()

    answer = await core.admin.get(f"/files/{file['id']}/content", headers={"Range": "bytes=3-5"})

    assert (answer.status_code, answer.content) == (206, b"345")


async def test_files_are_found_by_name_and_purpose(core: Core) -> None:
    for name in ("needle one", "needle two", "hay"):
        await _add(core, name)

    found = (await core.admin.get("/files", params={"q": "NEEDLE", "limit": 1})).json()
    more = (
        await core.admin.get("/files", params={"q": "needle", "limit": 1, "cursor": found["next_cursor"]})
    ).json()
    fetched = (await core.admin.get("/files", params={"purpose": "download", "q": "needle"})).json()
    other = (await core.admin.get("/files", params={"execution_id": str(new_id())})).json()

    assert (found["total"], found["items"][0]["name"]) == (2, "needle two")
    assert more["items"][0]["name"] == "needle one"
    assert (fetched["total"], other["total"]) == (0, 0)


async def test_a_deleted_file_is_gone_with_its_content(core: Core) -> None:
    file = (await _add(core, "short-lived")).json()
    before = len(_stored(core))

    answer = await core.admin.delete(f"/files/{file['id']}")

    assert answer.status_code == 204
    assert len(_stored(core)) == before - 1
    for path in ("", "/content"):
        assert (await core.admin.get(f"/files/{file['id']}{path}")).json()["code"] == "file_not_found"


async def test_content_that_was_lost_is_told_apart(core: Core) -> None:
    file = (await _add(core, "lost")).json()
    [path] = [path for path in _stored(core) if path.name == file["id"]]
    path.unlink()

    answer = await core.admin.get(f"/files/{file['id']}/content")

    assert (answer.status_code, answer.json()["code"]) == (404, "file_content_missing")


async def test_what_is_done_with_files_is_audited(core: Core) -> None:
    file = (await _add(core, "watched", b"secret")).json()
    await core.admin.get(f"/files/{file['id']}/content")
    await core.admin.delete(f"/files/{file['id']}")

    entries = (await core.admin.get("/audit", params={"object_id": file["id"]})).json()["items"]

    assert [entry["action"] for entry in entries] == ["file.removed", "file.read", "file.added"]
    assert entries[-1]["after"]["sha256"] == file["sha256"]
    assert "secret" not in str(entries)


NASTY = {
    "empty": "",
    "this folder": ".",
    "the folder above": "..",
    "climbing": "../../etc/passwd",
    "absolute": "/etc/passwd",
    "a folder": "a/b",
    "a Windows folder": "..\\..\\windows\\system32",
    "a drive": "C:\\x",
    "NUL": "a\0b",
    "a line break": "a\r\nSet-Cookie: x",
    "an escape": "a\x1b[31m",
    "delete": "a\x7f",
    "another next line": "a\x85b",
    "a line separator": "a\u2028b",
    "turned around": "invoice\u202efdp.exe",
    "blanks": "   ",
    "a blank behind": "a ",
    "too long": "x" * 256,
    "too many bytes": "ü" * 128,
}
FINE = ["a", "...", "..a", "a b.txt", "ünï 文件 🚚", "-rf", "%2e%2e%2f", "x" * 255, "a'\"$(id);&|`"]


@pytest.mark.parametrize("name", NASTY.values(), ids=NASTY.keys())
async def test_a_name_that_is_more_than_a_name_is_refused(core: Core, name: str) -> None:
    before = (_stored(core), await _rows(core))

    answer = await _add(core, name)

    assert answer.status_code == 422
    assert answer.json()["code"] in ("invalid_request", "unusable_text")
    assert (_stored(core), await _rows(core)) == before


@pytest.mark.parametrize("name", FINE)
async def test_a_name_that_is_only_unusual_is_taken_and_is_no_path(core: Core, name: str) -> None:
    """The positive control of the names above; wherever a name came from, it names nothing on our disk."""
    file = (await _add(core, name)).json()

    assert file["name"] == name
    assert be_a_file_name(name) == name
    assert file["id"] in {path.name for path in _stored(core)}
    assert not [path for path in core.settings.storage_dir.parent.rglob("*") if path.name == name]


async def test_a_file_that_says_it_is_too_large_is_refused_before_it_is_sent(core: Core) -> None:
    at = urlsplit(core.url)
    token = core.admin.headers["Authorization"]
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    request = (
        f"POST /api/v3/files?name=big HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: {token}\r\n"
        f"Content-Length: {LIMIT + 1}\r\n\r\n"
    )

    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(4096), 5)
    writer.close()

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"larger than 8 MiB" in answer
    assert b"request_too_large" in answer


async def test_a_file_that_turns_out_too_large_leaves_nothing(core: Core) -> None:
    before = (_stored(core), await _rows(core))

    answer = await _add(core, "big", _pieces(LIMIT + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
    assert (_stored(core), await _rows(core)) == before


async def test_other_bodies_are_as_small_as_before(core: Core) -> None:
    answer = await core.admin.post("/targets", content=b" " * MIB)

    assert answer.status_code == 413


async def test_an_upload_that_breaks_off_leaves_nothing(core: Core) -> None:
    before = (_stored(core), await _rows(core))
    at = urlsplit(core.url)
    token = core.admin.headers["Authorization"]
    connection = socket.create_connection((at.hostname, at.port))
    request = (
        f"POST /api/v3/files?name=half HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: {token}\r\n"
        f"Content-Length: {4 * MIB}\r\n\r\n"
    )
    connection.sendall(request.encode() + b"x" * (2 * MIB))
    async with asyncio.timeout(10):
        while len(_stored(core)) == len(before[0]):
            await asyncio.sleep(0.01)  # the positive control: it has begun to arrive

    connection.close()

    async with asyncio.timeout(10):
        while _stored(core) != before[0]:
            await asyncio.sleep(0.01)
    assert await _rows(core) == before[1]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process can become longer than 1 MiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
async def test_a_full_disk_is_named_and_leaves_nothing(core: Core) -> None:
    before = (_stored(core), await _rows(core))

    answer = await _add(core, "large", _pieces(3 * MIB))
    fits = await _add(core, "small")

    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert fits.status_code == 201
    assert (len(_stored(core)), await _rows(core)) == (len(before[0]) + 1, before[1] + 1)


async def test_a_large_file_is_never_in_memory(core: Core) -> None:
    def memory() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    await _add(core, "first", _pieces(LIMIT))
    before = memory()
    seen: list[int] = []

    async def watched() -> AsyncIterator[bytes]:
        async for piece in _pieces(LIMIT):
            seen.append(memory())
            yield piece

    await _add(core, "second", watched())

    assert max(seen) - before < 5 * MIB


async def test_a_worker_reads_what_is_sent_and_keeps_what_is_fetched(core: Core) -> None:
    execution, result, target = (new_id() for _ in range(3))
    units = core.app.state.units
    async with units.sessions() as session:
        statement = (
            "insert into executions (id, name, description, status, actions, target_count, created_by_name)"
            " values (:id, 'x', '', 'completed', '[]', 1, 'x')"
        )
        await session.execute(text(statement), {"id": execution})
        await session.commit()
    shelf = ResultShelf(units, Storage(core.app.state.folder), execution, result, target)
    uploaded = (await _add(core, "to send", b"to send")).json()

    source = await shelf.source(uploaded["id"])
    room = shelf.room()
    room.write_bytes(b"fetched")
    sha256 = hashlib.sha256(b"fetched").hexdigest()
    kept = await shelf.keep(room, name="fetched", size=7, sha256=sha256)
    found = (await core.admin.get("/files", params={"execution_id": str(execution)})).json()["items"]
    content = (await core.admin.get(f"/files/{kept}/content")).content

    with source.open() as file:
        assert (source.name, file.read()) == ("to send", b"to send")
    assert [one["id"] for one in found] == [str(kept)]
    assert (found[0]["purpose"], found[0]["target_id"]) == ("download", str(target))
    assert content == b"fetched"
    assert not room.exists()
    with pytest.raises(SourceUnreadable):
        await shelf.source(new_id())


def test_what_a_dead_process_left_is_swept_once_it_is_old(tmp_path: Path) -> None:
    storage = Storage(Folder(tmp_path))
    old, new = storage.room(), storage.room()
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (0, new.stat().st_mtime - FORGOTTEN - 60))

    storage.sweep()

    assert not old.exists()
    assert new.exists()


def test_the_limit_is_a_setting() -> None:
    app = create_app(Settings.model_construct(file_limit=5, enable_workflow_api=True))

    assert [layer.kwargs["body_limits"]["/api/v3/files"] for layer in app.user_middleware] == [5]
