"""The templates that come with the product: whole, without secrets, and brought up to date without losing anything."""

import json
from pathlib import Path

import pytest
from tests.support.core import Core
from tests.workflows.conftest import Person

from opsconductor.templates import shipping
from opsconductor.templates.shipping import Shipped, bring_up_to_date, shipped
from opsconductor.workflows.documents import problems
from opsconductor.workflows.flows import types_used
from opsconductor.workflows.secrets import found_in

NODES = Path(__file__).parents[2] / "nodered/nodes"
INJECT = {"name", "props", "repeat", "crontab", "once", "onceDelay", "topic", "payload", "payloadType"}
CORE_TYPES = {"inject", "change", "comment"}
"""What they need beside our own: nothing that runs code of a flow author."""
SLUGS = [one.slug for one in shipped()]


def test_eight_are_shipped() -> None:
    assert [
        *("certificate-expiry", "disk-check", "file-distribution", "log-collection"),
        *("nightly-report", "patching-canary", "rolling-restart", "service-remediation"),
    ] == SLUGS


@pytest.mark.parametrize("template", shipped(), ids=SLUGS)
def test_a_shipped_template_is_one_whole_tab_without_secrets(template: Shipped) -> None:
    nodes = template.template_data

    assert problems(nodes) == []
    assert found_in(nodes) == []
    assert [(n["label"], n["disabled"]) for n in nodes if n["type"] == "tab"] == [(template.name, True)]
    assert all(set(node) >= INJECT for node in nodes if node["type"] == "inject")
    [comment] = [node for node in nodes if node["type"] == "comment"]
    named = {node["name"] for node in nodes if node.get("name")}
    told = [word.split("**")[0] for word in comment["info"].split("**")[1::2]]
    assert told
    assert set(told) <= named


@pytest.mark.parametrize("template", shipped(), ids=SLUGS)
def test_a_shipped_template_needs_only_nodes_that_are_there_in_their_newest_version(
    template: Shipped,
) -> None:
    package = json.loads((NODES / "package.json").read_text())["node-red"]["nodes"]
    assert types_used(template.template_data) <= CORE_TYPES | set(package)
    for node in template.template_data:
        if node["type"] in package:
            migrations = (NODES / node["type"] / "migrations.js").read_text()
            assert f"version: {node['version']}" in migrations
            assert f"version: {node['version'] + 1}" not in migrations


async def _all(person: Person) -> dict[str, dict[str, object]]:
    page = (await person.api.get("/workflow-templates", params={"author": "OpsConductor"})).json()
    return {item["slug"]: item for item in page["items"]}


async def test_they_are_there_after_a_start_for_everybody(dora: Person) -> None:
    found = await _all(dora)

    assert sorted(found) == SLUGS
    assert all(one["is_public"] and not one["may_change"] for one in found.values())


async def test_a_second_start_changes_nothing(core: Core, dora: Person) -> None:
    before = await _all(dora)
    async with core.app.state.units.begin(shipping.BY_THE_PRODUCT) as uow:
        await bring_up_to_date(uow)

    assert await _all(dora) == before


async def test_a_newer_one_becomes_a_version_and_ratings_stay(
    core: Core, dora: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shipped()[1]
    path = f"/workflow-templates/{(await _all(dora))[first.slug]['id']}"
    await dora.api.put(f"{path}/rating", json={"stars": 4})
    await dora.api.post(f"{path}/download")
    newer = first.model_copy(update={"version": 3, "description": "Better.", "message": "Better limits."})
    for product in ((newer,), (first,)):  # also after going back
        monkeypatch.setattr(shipping, "shipped", lambda product=product: product)
        async with core.app.state.units.begin(shipping.BY_THE_PRODUCT) as uow:
            await bring_up_to_date(uow)
    found = (await dora.api.get(path)).json()
    versions = (await dora.api.get(f"{path}/versions")).json()["items"]

    assert (found["version"], found["description"]) == (3, "Better.")
    assert (found["rating"], found["download_count"]) == (4.0, 1)
    assert [(v["version"], v["message"]) for v in versions] == [
        (3, "Better limits."),
        (1, first.message),
    ]


async def test_nobody_changes_or_deletes_a_shipped_one(ada: Person, dora: Person) -> None:
    path = f"/workflow-templates/{(await _all(ada))['disk-check']['id']}"
    for person in (ada, dora):
        answers = [
            await person.api.patch(path, json={"based_on": 1, "name": "Mine"}),
            await person.api.delete(path),
        ]
        assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "template_shipped")] * 2
