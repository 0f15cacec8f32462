"""Scripts over the API: kept, changed by one person at a time, with every version they ever had."""

import asyncio
import os
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from tests.support.core import Core

from opsconductor.contracts.scripts import CONTENT_LIMIT
from opsconductor.scripts import service
from opsconductor.scripts.errors import UnknownScript

REGION: dict[str, Any] = {"type": "choice", "name": "REGION", "choices": ["eu", "us"], "default": "eu"}


async def _keep(core: Core, **more: Any) -> dict[str, Any]:
    body = {"name": f"script-{os.urandom(4).hex()}", "content": "echo one\n", **more}
    answer = await core.admin.post("/scripts", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _change(core: Core, script: dict[str, Any], **more: Any) -> httpx.Response:
    return await core.admin.patch(f"/scripts/{script['id']}", json={"based_on": script["version"], **more})


async def _changed(core: Core, script: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await _change(core, script, **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _fields(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


async def test_a_script_comes_back_as_it_was_kept(core: Core) -> None:
    kept = await _keep(
        core, interpreter="python3", parameters=[REGION], tags=["Web", "web"], os_types=["linux"], timeout=60
    )
    got = (await core.admin.get(f"/scripts/{kept['id']}")).json()

    assert got == {name: value for name, value in kept.items() if name != "notes"}
    assert (got["version"], got["author_name"], got["tags"]) == (1, "admin", ["web"])
    assert (got["size"], got["sha256"]) == (9, sha256(b"echo one\n").hexdigest())
    assert got["parameters"][0] | REGION == got["parameters"][0]


async def test_a_taken_name_is_a_conflict_in_whatever_case(core: Core) -> None:
    kept = await _keep(core)
    other = await _keep(core)
    again = await core.admin.post("/scripts", json={"name": kept["name"].upper(), "content": "x"})
    renamed = await _change(core, other, name=kept["name"].upper())
    own_name = await _change(core, kept, name=kept["name"].upper())

    assert [again.status_code, renamed.status_code, own_name.status_code] == [409, 409, 200]
    assert again.json()["code"] == renamed.json()["code"] == "script_name_taken"


async def test_every_change_is_a_version_with_who_when_and_why(core: Core) -> None:
    script = await _keep(core, message="first")
    designer = await core.user("designer", f"dora-{os.urandom(3).hex()}")
    body = {"based_on": 1, "content": "echo two\n", "message": "say two"}
    answer = await designer.patch(f"/scripts/{script['id']}", json=body)
    page = (await core.admin.get(f"/scripts/{script['id']}/versions")).json()

    assert answer.json()["version"] == 2
    assert [(row["version"], row["message"]) for row in page["items"]] == [(2, "say two"), (1, "first")]
    assert page["items"][0]["author_name"].startswith("dora-")
    assert "content" not in page["items"][0]
    old = (await core.admin.get(f"/scripts/{script['id']}/versions/1")).json()
    assert (old["content"], old["author_name"]) == ("echo one\n", "admin")


async def test_a_change_that_changes_nothing_is_no_version(core: Core) -> None:
    script = await _keep(core, parameters=[REGION])

    assert (await _changed(core, script, content="echo one\r\n", parameters=[REGION]))["version"] == 1


async def test_a_change_of_what_is_no_longer_the_present_version_is_refused_with_who_changed_it(
    core: Core,
) -> None:
    script = await _keep(core)
    await _changed(core, script, content="echo theirs")
    answer = await _change(core, script, content="echo mine")

    assert (answer.status_code, answer.json()["code"]) == (409, "script_changed_meanwhile")
    assert "admin has saved version 2 since version 1" in answer.json()["detail"]
    assert (await core.admin.get(f"/scripts/{script['id']}")).json()["content"] == "echo theirs"


async def test_of_many_changes_of_one_version_at_once_one_is_made(core: Core) -> None:
    script = await _keep(core)
    answers = await asyncio.gather(*(_change(core, script, content=f"echo {n}") for n in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200, *([409] * 7)]
    page = (await core.admin.get(f"/scripts/{script['id']}/versions")).json()
    assert page["total"] == 2


async def test_an_old_version_is_restored_as_a_new_one_under_the_present_name(core: Core) -> None:
    first = await _keep(core, parameters=[REGION], tags=["old"])
    new_name = f"renamed-{os.urandom(3).hex()}"
    second = await _changed(core, first, content="echo two", parameters=[], tags=[], name=new_name)
    path = f"/scripts/{first['id']}/versions/1/restore"
    stale = await core.admin.post(path, json={"based_on": 1})
    third = (await core.admin.post(path, json={"based_on": second["version"]})).json()

    assert stale.json()["code"] == "script_changed_meanwhile"
    assert (third["version"], third["name"], third["content"]) == (3, new_name, "echo one\n")
    assert (third["parameters"], third["tags"]) == (first["parameters"], ["old"])
    [newest, *_] = (await core.admin.get(f"/scripts/{first['id']}/versions")).json()["items"]
    assert newest["message"] == "Version 1 restored"


async def test_two_versions_are_compared_line_by_line_and_field_by_field(core: Core) -> None:
    script = await _keep(core, content="one\ntwo\nthree\n")
    await _changed(core, script, content="one\n2\nthree\n", timeout=10)
    diff = (await core.admin.get(f"/scripts/{script['id']}/diff", params={"from": 1, "to": 2})).json()

    assert [(line["kind"], line["text"]) for line in diff["lines"]] == [
        ("same", "one"),
        ("removed", "two"),
        ("added", "2"),
        ("same", "three"),
        ("same", ""),
    ]
    assert diff["fields"] == [{"field": "timeout", "before": 300, "after": 10}]
    assert diff["complete"]


async def test_windows_line_endings_and_byte_order_marks_are_mended_and_told_of(core: Core) -> None:
    kept = await _keep(core, content="\ufeff#!/bin/sh\r\necho a\r\n")
    plain = await _keep(core, content="echo a\rb\n")

    assert kept["content"] == "#!/bin/sh\necho a\n"
    assert [note.split(" ")[0] for note in kept["notes"]] == ["The", "Windows"]
    assert (plain["content"], plain["notes"]) == ("echo a\rb\n", [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": ""}, "content"),
        ({"content": " \r\n\t"}, "content"),
        ({"content": "echo \0"}, "content"),
        ({"content": "é" * (CONTENT_LIMIT // 2) + "x"}, "content"),
        ({"interpreter": "bash -x"}, "interpreter"),
        ({"interpreter": "bin/sh"}, "interpreter"),
        ({"interpreter": "/usr/../bin/sh"}, "interpreter"),
        ({"interpreter": "/bin/sh;reboot"}, "interpreter"),
        ({"interpreter": "/bin/sh\n"}, None),
        ({"interpreter": "powershell"}, "interpreter"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": 86401}, "timeout"),
        ({"os_types": ["beos"]}, "os_types.0"),
        ({"tags": ["with blank"]}, "tags.0"),
        ({"name": "  "}, "name"),
        ({"colour": "red"}, "colour"),
        ({"parameters": [{"name": "A"}]}, "parameters.0"),
        ({"parameters": [{"type": "colour", "name": "A"}]}, "parameters.0"),
        ({"parameters": [{"type": "text", "name": "PATH"}]}, "parameters.0.text.name"),
        ({"parameters": [{"type": "text", "name": "A"}] * 2}, "parameters"),
        ({"parameters": [{"type": "text", "name": f"A{n}"} for n in range(51)]}, "parameters"),
    ],
)
async def test_what_a_script_can_not_be_is_refused_at_its_field(
    core: Core, body: dict[str, Any], field: str | None
) -> None:
    good = {"name": f"script-{os.urandom(4).hex()}", "content": "echo one"}
    answer = await core.admin.post("/scripts", json=good | body)

    if field is None:  # blanks around it are not meant
        assert (answer.status_code, answer.json()["interpreter"]) == (201, "/bin/sh")
    else:
        assert _fields(answer) == [field]


async def test_the_largest_script_is_kept(core: Core) -> None:
    content = "é" * (CONTENT_LIMIT // 2)

    assert (await _keep(core, content=content))["size"] == CONTENT_LIMIT


async def test_half_a_surrogate_pair_is_refused_not_stumbled_over(core: Core) -> None:
    body = b'{"name": "half", "content": "echo \\ud800"}'
    answer = await core.admin.post("/scripts", content=body, headers={"Content-Type": "application/json"})

    assert _fields(answer) == ["content"]


async def test_scripts_are_found_by_words_tag_and_system(core: Core) -> None:
    tag = f"tag-{os.urandom(3).hex()}"
    first = await _keep(core, tags=[tag, "web"], description="restarts 100% of it")
    second = await _keep(core, tags=[tag], os_types=["macos", "linux"])

    async def found(**wanted: str) -> list[str]:
        page = (await core.admin.get("/scripts", params={"tag": tag, **wanted})).json()
        assert all("content" not in row for row in page["items"])
        return [row["id"] for row in page["items"]]

    assert sorted(await found()) == sorted([first["id"], second["id"]])
    assert await found(q="100% of") == [first["id"]]
    assert await found(q=second["name"].upper()) == [second["id"]]
    assert await found(os_type="macos") == [second["id"]]
    assert await found(q="nothing is called this") == []
    assert (await core.admin.get("/scripts", params={"owner": "me"})).status_code == 422


async def test_scripts_are_listed_in_pages(core: Core) -> None:
    tag = f"tag-{os.urandom(3).hex()}"
    names = sorted([(await _keep(core, tags=[tag]))["name"] for _ in range(3)])
    first = (await core.admin.get("/scripts", params={"tag": tag, "limit": 2})).json()
    second = (
        await core.admin.get("/scripts", params={"tag": tag, "limit": 2, "cursor": first["next_cursor"]})
    ).json()

    assert [row["name"] for row in first["items"] + second["items"]] == names
    assert (first["total"], second["next_cursor"]) == (3, None)


async def test_a_deleted_script_is_gone_with_its_versions(core: Core) -> None:
    script = await _keep(core)
    path = f"/scripts/{script['id']}"
    answer = await core.admin.delete(path)
    paths = (path, f"{path}/versions", f"{path}/versions/1", f"{path}/diff?from=1&to=1")

    assert answer.status_code == 204
    for gone in [await core.admin.get(each) for each in paths]:
        assert (gone.status_code, gone.json()["code"]) == (404, "script_not_found")


async def test_a_version_that_never_was_is_not_found(core: Core) -> None:
    path = f"/scripts/{(await _keep(core))['id']}"
    missing = await core.admin.get(f"{path}/versions/2")
    too_large = await core.admin.get(f"{path}/versions/{2**31}")

    assert (missing.status_code, missing.json()["code"]) == (404, "script_version_not_found")
    assert too_large.status_code == 422


async def test_the_audit_log_tells_what_identifies_a_text_but_not_the_text(core: Core) -> None:
    script = await _keep(core, content="echo unmistakable-one")
    await _changed(core, script, content="echo unmistakable-three", timeout=20)
    await core.admin.delete(f"/scripts/{script['id']}")
    page = await core.admin.get("/audit", params={"object_id": script["id"]})
    removed, changed, added = page.json()["items"]

    assert "unmistakable" not in page.text
    assert [entry["action"] for entry in (added, changed, removed)] == [
        "script.added",
        "script.changed",
        "script.removed",
    ]
    assert changed["before"] == {
        "timeout": 300,
        "version": 1,
        "size": 21,
        "sha256": sha256(b"echo unmistakable-one").hexdigest(),
    }
    assert changed["after"]["sha256"] == sha256(b"echo unmistakable-three").hexdigest()
    assert removed["before"]["name"] == script["name"]


async def test_a_default_for_a_secret_is_refused_without_being_repeated(core: Core) -> None:
    secret = {"type": "secret", "name": "TOKEN", "default": "sentinel-in-default"}
    body = {"name": "with a secret", "content": "true", "parameters": [secret]}
    answer = await core.admin.post("/scripts", json=body)
    without = await _keep(core, parameters=[secret | {"default": None}])

    assert _fields(answer) == ["parameters.0.secret"]
    assert "sentinel-in-default" not in answer.text
    assert "default" not in without["parameters"][0]


async def test_what_runs_a_script_gets_a_version_of_it_to_keep(core: Core) -> None:
    script = await _keep(core, interpreter="bash", parameters=[REGION], timeout=5)
    await _changed(core, script, content="echo two")
    async with core.app.state.units.begin() as uow:
        present = await service.snapshot(uow, UUID(script["id"]))
        first = await service.snapshot(uow, UUID(script["id"]), 1)
        with pytest.raises(UnknownScript) as no_version:
            await service.snapshot(uow, UUID(script["id"]), 9, field="actions.0.script_id")
        with pytest.raises(UnknownScript):
            await service.snapshot(uow, uuid4())

    assert (present.version, present.content, present.name) == (2, "echo two", script["name"])
    assert (first.version, first.content, first.interpreter, first.timeout) == (1, "echo one\n", "bash", 5)
    assert [each.name for each in first.parameters] == ["REGION"]
    assert no_version.value.errors[0]["field"] == "actions.0.script_id"
