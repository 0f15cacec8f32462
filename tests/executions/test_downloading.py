"""A whole execution as one file, in every format, of real outputs."""

import csv
import hashlib
import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from tests.support.core import Core
from tests.support.registered import Registered, add_target

from opsconductor.executions.downloads import harmless, safe_name

pytestmark = pytest.mark.usefixtures("worker")

LONG = "".join(f"{n}\n" for n in range(1, 50_001))


@pytest.fixture(scope="module")
async def execution(core: Core, fleet: Registered, worker: object) -> dict[str, Any]:
    """One that wrote a lot, a little and nothing, also on a target with a name that is none for a file."""
    credential, port = fleet.targets[0]["credential_id"], fleet.targets[0]["port"]
    odd = await add_target(core, "=cmd|'../../x'", port, credential)
    gone = await add_target(core, "gone", 1, credential)
    command = """case "$OPSCONDUCTOR_DEMO_TARGET" in
        target-2) seq 50000;; target-3) echo oops >&2; exit 3;; *) echo "=1+1";; esac"""
    return await fleet.run(command, ids=[*fleet.ids, odd["id"], gone["id"]])


async def _download(fleet: Registered, execution: dict[str, Any], wanted: str) -> httpx.Response:
    answer = await fleet.api.get(f"/executions/{execution['id']}/download", params={"format": wanted})
    assert answer.status_code == 200, answer.text
    assert f"execution-{execution['id']}." in answer.headers["content-disposition"]
    return answer


async def test_text_has_every_target_with_its_end(fleet: Registered, execution: dict[str, Any]) -> None:
    text = (await _download(fleet, execution, "text")).text

    assert "==> target-1: completed, exit code 0\n=1+1\n" in text
    assert f"==> target-2: completed, exit code 0\n{LONG}\n==> target-3" in text
    assert "==> target-3: failed, exit code 3\n--> standard error\noops\n" in text
    assert "==> gone: unreachable\n(" in text


async def test_json_is_one_document_with_everything_kept(
    fleet: Registered, execution: dict[str, Any]
) -> None:
    whole = json.loads((await _download(fleet, execution, "json")).content)

    by_name = {result["target"]: result for result in whole["results"]}
    assert whole["execution"]["id"] == execution["id"]
    assert len(by_name) == 5
    assert by_name["target-2"]["output_text"] == LONG
    assert by_name["target-3"]["error_text"] == "oops\n"
    assert by_name["target-2"]["stdout"]["sha256"] == hashlib.sha256(LONG.encode()).hexdigest()


async def test_a_spreadsheet_finds_texts_where_a_target_wrote_a_formula(
    fleet: Registered, execution: dict[str, Any]
) -> None:
    rows = list(csv.DictReader(io.StringIO((await _download(fleet, execution, "csv")).text, newline="")))

    by_name = {row["target"]: row for row in rows}
    assert by_name["target-1"]["output"] == "'=1+1\n"
    assert "'=cmd|'../../x'" in by_name
    assert (by_name["target-2"]["output"], by_name["target-2"]["cut"]) == (LONG[:32_000], "yes")
    assert (by_name["target-3"]["exit_code"], by_name["target-3"]["cut"]) == ("3", "no")
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())


async def test_a_zip_has_a_file_for_each_stream_and_a_manifest(
    fleet: Registered, execution: dict[str, Any]
) -> None:
    archive = zipfile.ZipFile(io.BytesIO((await _download(fleet, execution, "zip")).content))
    manifest = json.loads(archive.read("manifest.json"))

    assert archive.testzip() is None
    files = {r["target"]: r["stdout"].get("file") for r in manifest["results"]}
    assert archive.read(files["target-2"]) == LONG.encode()
    assert files["=cmd|'../../x'"] == "00001-cmd_.._.._x.stdout.txt"
    assert files["gone"] is None
    assert all("/" not in name and ".." not in name.split("_")[0] for name in archive.namelist())
    for result in manifest["results"]:
        for stream in ("stdout", "stderr"):
            if name := result[stream].get("file"):
                assert hashlib.sha256(archive.read(name)).hexdigest() == result[stream]["sha256"]


async def test_an_unknown_format_is_refused(fleet: Registered, execution: dict[str, Any]) -> None:
    answer = await fleet.api.get(f"/executions/{execution['id']}/download", params={"format": "exe"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_what_a_spreadsheet_would_calculate_is_made_a_text(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"a{text}") == f"a{text}"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("web-1.example.org", "web-1.example.org"),
        ("../../etc/passwd", "etc_passwd"),
        ("..", "target"),
        ("ü", "target"),
    ],
)
def test_a_targets_name_is_made_a_part_of_a_file_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe
