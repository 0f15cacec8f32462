"""Node packages that an administrator adds: with the real npm, and a real Node-RED that runs what came."""

import hashlib
import io
import json
import tarfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.box.conftest import a_folder, a_plan, running
from tests.bridge.conftest import open_door
from tests.support.core import Core
from tests.support.hooks import by_token, issue
from tests.support.registry import Registry
from typer.testing import CliRunner

from opsconductor.apps.cli.app import app
from opsconductor.stack import nodered, palette
from opsconductor.stack.folders import DataDir
from opsconductor.stack.problems import StackProblem

pytestmark = pytest.mark.timeout(120)

RUNTIME = """module.exports = RED => RED.nodes.registerType('TYPE', function (config) {
  RED.nodes.createNode(this, config)
  this.on('input', (msg, send, done) => { send({ ...msg, payload: 'hello from TYPE' }); done() })
})"""
PAGE = """<script type="text/html" data-template-name="TYPE"></script>
<script>RED.nodes.registerType('TYPE', { category: 'common', defaults: {}, inputs: 1, outputs: 1 })</script>"""
SCRIPT = "require('fs').writeFileSync('ran-a-script', '')"


def a_package(folder: Path, kind: str = "hello", name: str = "node-red-contrib-hello", **more: Any) -> Path:
    """Make a package with one node, as `npm pack` would; return its file."""
    about = {
        "name": name,
        "version": "1.2.3",
        "scripts": {"install": f'node -e "{SCRIPT}"'},
        "node-red": {"nodes": {kind: "node.js"}},
        **more,
    }
    files = {
        "package.json": json.dumps(about),
        "node.js": RUNTIME.replace("TYPE", kind),
        "node.html": PAGE.replace("TYPE", kind),
    }
    path = folder / f"{name.replace('/', '-')}-{about['version']}.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for file, content in files.items():
            entry = tarfile.TarInfo(f"package/{file}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content.encode()))
    return path


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    return a_folder(tmp_path / "data")


async def add(data: DataDir, what: str | Path) -> palette.Package:
    return await palette.add(data, str(what), lambda _: None)


async def test_a_package_is_added_pinned_listed_and_removed(data: DataDir, tmp_path: Path) -> None:
    added = await add(data, a_package(tmp_path))

    assert (added.name, added.version, added.types) == ("node-red-contrib-hello", "1.2.3", ("hello",))
    assert added.integrity.startswith("sha512-")
    assert await palette.packages(data) == [added]
    assert not list(data.root.rglob("ran-a-script"))

    await palette.remove(data, added.name, lambda _: None)
    assert await palette.packages(data) == []
    assert not (data.root / "palette" / "node_modules" / added.name).exists()


async def test_what_was_added_runs_in_a_flow_and_its_type_is_known(
    core: Core, data: DataDir, tmp_path: Path
) -> None:
    await add(data, a_package(tmp_path))
    place = {"z": "t", "x": 1, "y": 1}
    flows = [
        {"id": "t", "type": "tab", "label": "Hello"},
        {**place, "id": "i", "type": "http in", "url": "/hello", "method": "get", "wires": [["h"]]},
        {**place, "id": "h", "type": "hello", "wires": [["o"]]},
        {**place, "id": "o", "type": "http response", "statusCode": "", "headers": {}, "wires": []},
    ]
    level = nodered.plan(data).box.level
    how = a_plan(data, level)
    async with open_door(core, how.bridge_socket) as door, running(data, how, door.url) as red:
        ticket = await door.ticket_of(await door.browser("administrator"))
        async with red.client() as client:
            client.headers["x-opsc-session"] = ticket
            client.headers["node-red-api-version"] = "v2"
            rev = (await client.get("/nodered/flows")).json()["rev"]
            deployed = await client.post("/nodered/flows", json={"flows": flows, "rev": rev})
            client.headers.update(by_token(await issue(core.admin, "GET", "/hello")))
            said = await _until_it_answers(client, "/hooks/hello")
            installed = await client.post("/nodered/nodes", json={"module": "node-red-contrib-other"})

    assert deployed.status_code == 200, deployed.text
    assert said == "hello from hello"
    assert installed.status_code >= 400  # nobody installs from within, not even an administrator

    with pytest.raises(StackProblem, match="Flows use hello of node-red-contrib-hello"):
        await palette.remove(data, "node-red-contrib-hello", lambda _: None)
    await palette.remove(data, "node-red-contrib-hello", lambda _: None, force=True)


async def _until_it_answers(client: httpx.AsyncClient, path: str) -> str:
    for _ in range(100):
        answer = await client.get(path)
        if answer.status_code == 200:
            return answer.text
    raise AssertionError(answer.text)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"node-red": {}}, "has no nodes for Node-RED"),
        ({"kind": "inject"}, "node types that are there already: inject"),
        ({"kind": "opsconductor-results"}, "there already: opsconductor-results"),
        ({"node-red": {"version": ">=99", "nodes": {"hello": "node.js"}}}, "needs Node-RED >=99"),
        ({"engines": {"node": ">=99"}}, r"needs Node\.js >=99"),
    ],
)
async def test_what_can_not_be_used_is_refused_and_nothing_changes(
    data: DataDir, tmp_path: Path, more: dict[str, Any], says: str
) -> None:
    before = await add(data, a_package(tmp_path, "first", "node-red-contrib-first"))

    with pytest.raises(StackProblem, match=says):
        await add(data, a_package(tmp_path, **more))

    assert await palette.packages(data) == [before]


async def test_two_packages_with_the_same_type_are_refused(data: DataDir, tmp_path: Path) -> None:
    await add(data, a_package(tmp_path))

    with pytest.raises(StackProblem, match="there already: hello"):
        await add(data, a_package(tmp_path, "hello", "node-red-contrib-second"))


@pytest.mark.parametrize("what", ["git+ssh://somewhere/x", "--global", "../x", "a b", "x@file:/etc"])
async def test_only_names_and_archives_are_taken(data: DataDir, what: str) -> None:
    with pytest.raises(StackProblem, match="neither NAME@VERSION nor"):
        await add(data, what)


async def test_a_file_that_is_not_there_is_a_sentence(data: DataDir) -> None:
    with pytest.raises(StackProblem, match=r"There is no file x\.tgz"):
        await add(data, "x.tgz")


async def test_a_registry_without_the_package_or_without_an_answer_is_a_sentence(
    data: DataDir, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StackProblem, match="The registry has no package nobody-made-this@1"):
        await add(data, "nobody-made-this@1")

    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    with pytest.raises(StackProblem, match=r"could not be reached for nobody-made-this@1.*\.tgz"):
        await add(data, "nobody-made-this@1")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The registry that npm asks."""
    running = Registry()
    monkeypatch.setenv("npm_config_registry", running.url)
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    yield running
    running.close()


def versions_of(folder: Path, name: str) -> dict[str, Path]:
    return {version: a_package(folder, name=name, version=version) for version in ("1.0.0", "1.2.3", "2.0.0")}


@pytest.mark.parametrize("name", ["node-red-contrib-hello", "@somebody/node-red-hello"])
async def test_a_version_comes_from_the_registry_pinned_by_its_hash(
    data: DataDir, registry: Registry, tmp_path: Path, name: str
) -> None:
    archives = versions_of(tmp_path, name)
    registry.publish(name, archives)
    added = await add(data, f"{name}@1.2.3")

    hashed = b64encode(hashlib.sha512(archives["1.2.3"].read_bytes()).digest()).decode()
    assert (added.name, added.version, added.integrity) == (name, "1.2.3", f"sha512-{hashed}")
    assert await palette.packages(data) == [added]
    there = json.loads((data.root / "palette" / "node_modules" / name / "package.json").read_text())
    assert there["version"] == "1.2.3"
    assert not list(data.root.rglob("ran-a-script"))

    newer = await add(data, f"{name}@2.0.0")
    assert await palette.packages(data) == [newer]
    assert newer.version == "2.0.0"


async def test_a_version_that_is_not_there_or_is_not_what_its_hash_says_changes_nothing(
    data: DataDir, registry: Registry, tmp_path: Path
) -> None:
    registry.publish("node-red-contrib-hello", versions_of(tmp_path, "node-red-contrib-hello"))
    before = await add(data, "node-red-contrib-hello@1.0.0")
    with pytest.raises(StackProblem, match=r"no such version: node-red-contrib-hello@9\.9\.9"):
        await add(data, "node-red-contrib-hello@9.9.9")

    other = a_package(tmp_path, "evil", "node-red-contrib-evil")
    registry.publish("node-red-contrib-bad", versions_of(tmp_path, "node-red-contrib-bad"), sends=other)
    with pytest.raises(StackProblem, match="is not what the lock names; nothing was changed"):
        await add(data, "node-red-contrib-bad@1.2.3")

    assert await palette.packages(data) == [before]


def test_the_command_says_what_it_did(data: DataDir, tmp_path: Path) -> None:
    package, where = str(a_package(tmp_path)), ["--data-dir", str(data.root)]
    run = CliRunner()

    added = run.invoke(app, ["palette", "add", package, *where])
    listed = run.invoke(app, ["palette", "list", "--json", *where])
    unknown = run.invoke(app, ["palette", "remove", "node-red-contrib-other", *where])
    removed = run.invoke(app, ["palette", "remove", "node-red-contrib-hello", *where])

    assert (added.exit_code, listed.exit_code, unknown.exit_code, removed.exit_code) == (0, 0, 1, 0)
    assert "node-red-contrib-hello 1.2.3 is there, with hello." in added.output
    assert json.loads(listed.stdout)[0]["types"] == ["hello"]
    assert "There are: node-red-contrib-hello" in unknown.output


def test_the_command_adds_a_version_from_the_registry(
    data: DataDir, registry: Registry, tmp_path: Path
) -> None:
    registry.publish("node-red-contrib-hello", versions_of(tmp_path, "node-red-contrib-hello"))
    where = ["--data-dir", str(data.root)]

    added = CliRunner().invoke(app, ["palette", "add", "node-red-contrib-hello@1.2.3", *where])
    listed = CliRunner().invoke(app, ["palette", "list", *where])

    assert (added.exit_code, listed.exit_code) == (0, 0), added.output
    assert "node-red-contrib-hello 1.2.3 is there, with hello." in added.output
    assert "1.2.3" in listed.output
