"""What nodes and their dialogs choose from, and put down, through the bridge."""

import asyncio
import hashlib
import uuid

import httpx
import pytest
from tests.bridge.conftest import Door, command_on
from tests.support.registered import Registered

SIZE = 3 * 1024 * 1024  # bytes; more than the bridge takes of anything else


@pytest.fixture(scope="module")
async def editor(door: Door) -> httpx.AsyncClient:
    """The dialogs of a designer."""
    return await door.client(await door.ticket_of(await door.browser("designer")))


async def test_a_dialog_lists_scripts_and_has_their_parameters(door: Door, editor: httpx.AsyncClient) -> None:
    parameters = [{"name": "SERVICE", "type": "text", "required": True}]
    wanted = {"name": "restart one", "content": "true", "parameters": parameters}
    made = (await door.core.admin.post("/scripts", json=wanted)).json()
    found = (await editor.get("/api/workflow/scripts", params={"q": "restart"})).json()

    assert [(each["id"], each["parameters"][0]["name"]) for each in found["items"]] == [
        (made["id"], "SERVICE")
    ]


async def test_a_dialog_lists_uploaded_files(door: Door, editor: httpx.AsyncClient) -> None:
    await door.core.admin.post("/files", params={"name": "app.conf"}, content=b"x = 1\n")
    found = (await editor.get("/api/workflow/files", params={"q": "app"})).json()

    assert [(each["name"], each["purpose"]) for each in found["items"]] == [("app.conf", "upload")]


async def test_a_dialog_may_look_and_nothing_more(editor: httpx.AsyncClient) -> None:
    answer = await editor.post("/api/workflow/files", params={"name": "a"}, content=b"x")

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_a_flow_keeps_a_large_file_and_removes_it(operator: httpx.AsyncClient) -> None:
    content = b"0123456789abcdef" * (SIZE // 16)
    kept = await operator.post("/api/workflow/files", params={"name": "big.bin"}, content=content)
    removed = await operator.delete(f"/api/workflow/files/{kept.json()['id']}")
    again = await operator.delete(f"/api/workflow/files/{kept.json()['id']}")

    assert (kept.status_code, kept.json()["size"]) == (201, SIZE)
    assert kept.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert (removed.status_code, again.status_code) == (204, 404)


async def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(
    door: Door, operator: httpx.AsyncClient
) -> None:
    url = httpx.URL(door.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    lines = [
        "POST /api/workflow/files?name=a HTTP/1.1",
        f"Host: {url.host}",
        f"Authorization: {operator.headers['Authorization']}",
        f"Content-Length: {65 * 1024 * 1024}",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answer = (await reader.read(4096)).decode()
    writer.close()

    assert answer.startswith("HTTP/1.1 413")
    assert "request_too_large" in answer


@pytest.mark.parametrize("name", ["../etc/passwd", "", " a"])
async def test_a_file_needs_a_proper_name(operator: httpx.AsyncClient, name: str) -> None:
    answer = await operator.post("/api/workflow/files", params={"name": name}, content=b"x")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")


async def test_outputs_of_some_targets_come_alone(
    operator: httpx.AsyncClient, fleet: Registered, worker: object
) -> None:
    id = (await operator.post("/api/workflow/execute", json=command_on(fleet.ids, "echo done"))).json()[
        "execution_id"
    ]
    bare = (await operator.get(f"/api/workflow/results/{id}", params={"wait": 20, "output": "false"})).json()
    asked = {"target_id": [fleet.ids[1]]}
    found = (await operator.get(f"/api/workflow/outputs/{id}", params=asked)).json()

    [result] = found["results"]
    digest = hashlib.sha256(b"done\n").hexdigest()
    assert (result["target_id"], result["output_text"]) == (fleet.ids[1], "done\n")
    assert [(r["output_text"], r["output_bytes"], r["output_sha256"]) for r in bare["results"]] == [
        ("", 5, digest)
    ] * 2
    assert [step["type"] for step in result["steps"]] == ["command"]


@pytest.mark.parametrize("ids", [[], ["not-an-id"], [str(uuid.uuid4()) for _ in range(201)]])
async def test_outputs_are_of_one_to_200_targets(operator: httpx.AsyncClient, ids: list[str]) -> None:
    answer = await operator.get(f"/api/workflow/outputs/{uuid.uuid4()}", params={"target_id": ids})

    assert (answer.status_code, answer.json()["errors"][0]["field"].split(".")[0]) == (422, "target_id")


async def test_outputs_of_an_execution_that_is_not_there_are_told_as_such(
    operator: httpx.AsyncClient,
) -> None:
    asked = {"target_id": [str(uuid.uuid4())]}
    answer = await operator.get(f"/api/workflow/outputs/{uuid.uuid4()}", params=asked)

    assert (answer.status_code, answer.json()["code"]) == (404, "execution_not_found")
