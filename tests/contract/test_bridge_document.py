"""The bridge's OpenAPI document says of every operation what it answers, and what a client must be ready for."""

import json
from typing import Any

import pytest

from opsconductor.apps import reference

DOCUMENT = json.loads(reference.bridge_api())
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
OF_THE_PLAN = {
    "GET /api/workflow/targets",
    "POST /api/workflow/execute",
    "GET /api/workflow/results/{execution_id}",
    "POST /api/workflow/auth",
    "GET /api/workflow/health",
    "GET /health",
}


def test_every_endpoint_of_the_plan_is_there() -> None:
    assert {name for name, _ in OPERATIONS} >= OF_THE_PLAN


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_an_operation_tells_its_answer_and_its_refusals(name: str, operation: dict[str, Any]) -> None:
    good = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    [(status, answer)] = good.items()
    schemas = [
        content.get("schema") or content.get("itemSchema") for content in answer.get("content", {}).values()
    ]

    assert operation["description"]
    assert status == "204" or (schemas and all(schemas))
    assert {"401", "403", "404", "422", "429", "503"} <= set(operation["responses"])
    for refusal in ("429", "503"):
        [content] = operation["responses"][refusal]["content"].values()
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
