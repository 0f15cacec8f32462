"""The workflow API as nodes and scripts see it, through the bridge."""

import uuid

import httpx
import orjson
import pytest
from tests.bridge.conftest import INSTANCE_TOKEN, Door, a_deploy, command_on, newest_rev
from tests.support.registered import Registered

from opsconductor.contracts.workflow import WorkflowOutputs, WorkflowResults


async def test_targets_come_whole_and_filtered(operator: httpx.AsyncClient, targets: list[dict]) -> None:
    answer = await operator.get("/api/workflow/targets", params={"environment": "idle", "os_type": "linux"})

    found = answer.json()
    assert answer.status_code == 200
    assert found["filters_applied"] == {"environment": "idle", "os_type": "linux"}
    assert (found["total"], [t["id"] for t in found["targets"]]) == (1, [targets[0]["id"]])
    shown = {"id", "name", "description", "os_type", "environment", "status", "tags", "host", "port"}
    assert set(found["targets"][0]) == shown


async def test_a_misspelt_filter_is_refused_and_never_means_everything(operator: httpx.AsyncClient) -> None:
    answer = await operator.get("/api/workflow/targets", params={"enviroment": "idle"})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")
    assert answer.json()["errors"][0]["field"] == "enviroment"


async def test_what_the_core_refuses_goes_out_unchanged(operator: httpx.AsyncClient) -> None:
    headers = {"X-Request-ID": "asked-by-a-test"}
    answer = await operator.get("/api/workflow/targets", params={"os_type": "beos"}, headers=headers)

    refusal = answer.json()
    assert (answer.status_code, refusal["code"]) == (422, "invalid_request")
    assert refusal["errors"][0]["field"] == "os_type"
    assert refusal["request_id"] == answer.headers["x-request-id"] == "asked-by-a-test"


async def test_the_answer_for_one_token_is_never_given_to_another(
    door: Door, operator: httpx.AsyncClient
) -> None:
    assert (await operator.get("/api/workflow/targets")).status_code == 200

    other = await door.client("not-a-token")
    assert (await other.get("/api/workflow/targets")).status_code == 401


async def test_the_same_key_gives_the_same_execution(
    operator: httpx.AsyncClient, targets: list[dict]
) -> None:
    wanted = command_on([targets[0]["id"]])
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    answers = [await operator.post("/api/workflow/execute", json=wanted, headers=headers) for _ in range(3)]
    other = await operator.post("/api/workflow/execute", json=wanted)

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["execution_id"] for answer in answers}) == 1
    assert other.json()["execution_id"] != answers[0].json()["execution_id"]
    assert set(other.json()) == {"execution_id", "status", "target_count", "deadline_at"}


async def test_with_if_match_only_what_was_accepted_before_is_found_and_nothing_is_begun(
    operator: httpx.AsyncClient, targets: list[dict]
) -> None:
    wanted = command_on([targets[0]["id"]])
    key = {"Idempotency-Key": uuid.uuid4().hex}
    only_known = key | {"If-Match": "*"}
    before = await operator.post("/api/workflow/execute", json=wanted, headers=only_known)
    begun = await operator.post("/api/workflow/execute", json=wanted, headers=key)
    after = await operator.post("/api/workflow/execute", json=wanted, headers=only_known)
    wrong = await operator.post("/api/workflow/execute", json=wanted, headers=key | {"If-Match": '"x"'})

    assert (before.status_code, before.json()["code"]) == (412, "nothing_accepted")
    assert after.json()["execution_id"] == begun.json()["execution_id"]
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    "wrong",
    [
        {"target_ids": []},
        {"target_ids": ["not-an-id"]},
        {"actions": []},
        {"actions": [{"action_type": "command", "action_parameters": {"command": "  "}}]},
        {"surprise": 1},
        {"execute_immediately": False},
    ],
)
async def test_a_body_that_is_not_valid_is_refused_with_the_field(
    operator: httpx.AsyncClient, targets: list[dict], wrong: dict
) -> None:
    wanted = command_on([targets[0]["id"]]) | wrong
    answer = await operator.post("/api/workflow/execute", json=wanted)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(next(iter(wrong)))


async def test_what_is_not_json_is_refused(operator: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await operator.post("/api/workflow/execute", content=b"{", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_results_wait_for_the_end(
    operator: httpx.AsyncClient, fleet: Registered, worker: object
) -> None:
    wanted = command_on(fleet.ids, "sleep 0.5; echo done")
    accepted = (await operator.post("/api/workflow/execute", json=wanted)).json()
    path = f"/api/workflow/results/{accepted['execution_id']}"
    found = (await operator.get(path, params={"wait": 20})).json()
    without_output = (await operator.get(path, params={"output": "false"})).json()
    state = (await operator.get(f"/api/workflow/state/{accepted['execution_id']}")).json()

    assert (found["status"], found["terminal"], found["counts"]) == ("completed", True, {"completed": 2})
    assert [r["output_text"] for r in found["results"]] == ["done\n", "done\n"]
    assert {r["output_text"] for r in without_output["results"]} == {""}
    assert state["terminal"]


async def test_results_written_from_rows_have_the_form_of_the_contract(
    operator: httpx.AsyncClient, fleet: Registered, worker: object
) -> None:
    accepted = (await operator.post("/api/workflow/execute", json=command_on(fleet.ids, "exit 3"))).json()
    id = accepted["execution_id"]
    found = (await operator.get(f"/api/workflow/results/{id}", params={"wait": 20})).content
    some = (await operator.get(f"/api/workflow/outputs/{id}", params={"target_id": fleet.ids})).content
    # Exactly what the models would write, defaults and instants included.
    assert orjson.loads(WorkflowResults.model_validate_json(found).model_dump_json()) == orjson.loads(found)
    assert orjson.loads(WorkflowOutputs.model_validate_json(some).model_dump_json()) == orjson.loads(some)


async def test_results_are_one_question_to_the_database_beside_who_asks(
    operator: httpx.AsyncClient, fleet: Registered, worker: object, statements: list[str]
) -> None:
    id = (await operator.post("/api/workflow/execute", json=command_on(fleet.ids, "true"))).json()[
        "execution_id"
    ]
    await operator.get(f"/api/workflow/results/{id}", params={"wait": 20})
    statements.clear()
    found = (await operator.get(f"/api/workflow/results/{id}")).json()

    assert (found["status"], len(found["results"])) == ("completed", 2)
    assert len([text for text in statements if "executions" in text or "execution_results" in text]) == 1


async def test_outputs_of_targets_that_were_not_in_it_are_none(
    operator: httpx.AsyncClient, fleet: Registered
) -> None:
    id = (await operator.post("/api/workflow/execute", json=command_on(fleet.ids, "true"))).json()[
        "execution_id"
    ]
    found = await operator.get(f"/api/workflow/outputs/{id}", params={"target_id": str(uuid.uuid4())})

    assert (found.status_code, found.json()["results"]) == (200, [])


async def test_parameters_and_batches_go_to_the_core(
    operator: httpx.AsyncClient, fleet: Registered, worker: object
) -> None:
    wanted = command_on(fleet.ids, 'echo "$GREETING"') | {
        "parameters": [{"name": "GREETING", "type": "text"}],
        "values": {"GREETING": "good; echo evening"},
        "strategy": {"batch_size": 1, "parallelism": 1},
    }
    id = (await operator.post("/api/workflow/execute", json=wanted)).json()["execution_id"]
    found = (await operator.get(f"/api/workflow/results/{id}", params={"wait": 20})).json()
    seen = (await fleet.api.get(f"/executions/{id}/results")).json()

    assert [r["output_text"] for r in found["results"]] == ["good; echo evening\n"] * 2
    assert sorted(r["batch"] for r in seen["items"]) == [0, 1]


async def test_a_running_execution_can_be_cancelled(
    operator: httpx.AsyncClient, fleet: Registered, worker: object
) -> None:
    wanted = command_on(fleet.ids, "sleep 60")
    id = (await operator.post("/api/workflow/execute", json=wanted)).json()["execution_id"]

    assert (await operator.post(f"/api/workflow/cancel/{id}")).status_code == 202
    found = (await operator.get(f"/api/workflow/results/{id}", params={"wait": 20})).json()
    assert found["status"] == "cancelled"


async def test_an_execution_that_is_not_there_is_told_as_such(operator: httpx.AsyncClient) -> None:
    for path in ("results", "state", "outputs"):
        params = {"target_id": str(uuid.uuid4())} if path == "outputs" else {}
        answer = await operator.get(f"/api/workflow/{path}/{uuid.uuid4()}", params=params)
        assert (answer.status_code, answer.json()["code"]) == (404, "execution_not_found")


async def test_a_viewer_may_look_but_not_run(door: Door, targets: list[dict]) -> None:
    viewer = await door.client(await door.token_of("viewer"))

    assert (await viewer.get("/api/workflow/targets")).status_code == 200
    answer = await viewer.post("/api/workflow/execute", json=command_on([targets[0]["id"]]))
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/workflow/targets"),
        ("POST", "/api/workflow/execute"),
        ("GET", f"/api/workflow/results/{uuid.UUID(int=0)}"),
        ("GET", f"/api/workflow/state/{uuid.UUID(int=0)}"),
        ("POST", f"/api/workflow/cancel/{uuid.UUID(int=0)}"),
        ("GET", "/api/workflow/events"),
        ("GET", "/api/workflow/scripts"),
        ("GET", "/api/workflow/files"),
        ("POST", "/api/workflow/files?name=a"),
        ("DELETE", f"/api/workflow/files/{uuid.UUID(int=0)}"),
        ("GET", f"/api/workflow/outputs/{uuid.UUID(int=0)}?target_id={uuid.UUID(int=0)}"),
        ("GET", "/api/nodered/whoami"),
        ("GET", "/api/nodered/storage/snapshot"),
        ("PUT", "/api/nodered/storage/flows"),
        ("PUT", "/api/nodered/storage/documents/settings"),
        ("GET", "/api/nodered/storage/library/flows"),
        ("PUT", "/api/nodered/storage/library/flows"),
        ("GET", "/internal/editor-auth"),
    ],
)
async def test_nothing_is_open_without_a_token(door: Door, method: str, path: str) -> None:
    nobody, stranger = await door.client(), await door.client("not-a-token")
    body = {"json": {}} if method != "GET" else {}

    assert (await nobody.request(method, path, **body)).status_code == 401
    assert (await stranger.request(method, path, **body)).status_code in (401, 422)


async def test_a_run_acts_as_the_owner_of_its_flow(
    door: Door, nodered: httpx.AsyncClient, targets: list[dict]
) -> None:
    ticket = await door.ticket_of(await door.browser("designer"))
    wanted = a_deploy(ticket, await newest_rev(nodered), "f-run")
    assert (await nodered.put("/api/nodered/storage/flows", json=wanted)).status_code == 200
    granted = await nodered.post("/api/workflow/auth", json={"flow_id": "f-run", "run_id": "r1"})
    run = await door.client(granted.json()["token"], **{"X-OpsConductor-Flow": "f-run"})
    context = {"node_red_flow_id": "f-run", "node_id": "n1", "run_id": "r1"}
    accepted = await run.post(
        "/api/workflow/execute", json=command_on([targets[0]["id"]], workflow_context=context)
    )

    assert granted.json()["user"]["role"] == "designer"
    assert accepted.status_code == 202, accepted.text
    started = (await door.core.admin.get(f"/executions/{accepted.json()['execution_id']}")).json()
    assert granted.json()["user"]["username"] in str(started)


async def test_a_run_token_is_nothing_without_the_flow_it_runs_in(
    door: Door, nodered: httpx.AsyncClient
) -> None:
    ticket = await door.ticket_of(await door.browser("designer"))
    wanted = a_deploy(ticket, await newest_rev(nodered), "f-alone")
    await nodered.put("/api/nodered/storage/flows", json=wanted)
    granted = await nodered.post("/api/workflow/auth", json={"flow_id": "f-alone", "run_id": "r1"})
    run = await door.client(granted.json()["token"])

    assert (await run.get("/api/workflow/targets")).status_code == 401
    named = {"X-OpsConductor-Flow": "f-alone"}
    assert (await run.get("/api/workflow/targets", headers=named)).status_code == 200


async def test_only_nodered_gets_run_tokens(door: Door, operator: httpx.AsyncClient) -> None:
    wanted = {"flow_id": "f-run", "run_id": "r1"}

    assert (await operator.post("/api/workflow/auth", json=wanted)).status_code == 403
    assert (await (await door.client()).post("/api/workflow/auth", json=wanted)).status_code == 401


async def test_nodereds_own_token_runs_nothing(nodered: httpx.AsyncClient, targets: list[dict]) -> None:
    answer = await nodered.post("/api/workflow/execute", json=command_on([targets[0]["id"]]))

    assert answer.status_code == 403


async def test_the_cookie_of_a_browser_counts_for_nothing_here(door: Door) -> None:
    browser = await door.browser("administrator")
    cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)

    answer = await (await door.client(Cookie=cookie)).get("/api/workflow/targets")
    stranger = await door.client("not-a-token", Cookie=cookie)
    assert answer.status_code == 401
    assert (await stranger.get("/api/workflow/targets")).status_code == 401


async def test_health_reaches_all_the_way(door: Door) -> None:
    nobody = await door.client()

    assert (await nobody.get("/api/workflow/health")).json() == {"status": "ok"}
    health = (await nobody.get("/health")).json()
    assert (health["status"], health["core"], health["redis"]) == ("ok", "ok", "ok")
    assert "opsconductor_http_requests_total" in (await nobody.get("/metrics")).text
    assert INSTANCE_TOKEN not in (await nobody.get("/metrics")).text
