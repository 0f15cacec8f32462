"""What calendars do to executions: refused, overridden with a reason, shown in previews. No worker runs here."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.support.calendars import ALWAYS, keep, kept, once
from tests.support.core import Core
from tests.support.registered import Registered, command_on

REASON = {"window_override": {"reason": "The disk is full."}}


async def _post(fleet: Registered, **more: Any) -> httpx.Response:
    return await fleet.api.post("/executions", json=command_on(fleet.ids, "true") | more)


async def _preview(fleet: Registered) -> dict[str, Any]:
    answer = await fleet.api.post("/executions/preview", json=command_on(fleet.ids, "true"))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _rows(core: Core) -> list[int]:
    tables = ("executions", "execution_results", "audit_entries", "idempotency_keys")
    async with core.app.state.units.sessions() as session:
        return [await session.scalar(text(f"select count(*) from {table}")) for table in tables]  # noqa: S608


async def test_a_closed_target_refuses_the_whole_execution_in_a_sentence(
    core: Core, fleet: Registered
) -> None:
    async with kept(core, "blackout", once(-60, 3600), name="Freeze", scope="tags", tags=["web"]) as calendar:
        before = await _rows(core)
        answer = await _post(fleet)
        after = await _rows(core)

    opens = datetime.fromisoformat(calendar["now"]["changes_at"])
    assert (answer.status_code, answer.json()["code"]) == (409, "outside_window")
    assert answer.json()["detail"] == (
        'Nothing may begin now on 2 of 3 targets (t1, t2): closed by "Freeze". '
        f"All targets are open from {opens:%Y-%m-%d %H:%M} (UTC) on."
    )
    assert after == before
    assert (await _post(fleet)).status_code == 202


async def test_what_is_not_in_sight_is_said_so(core: Core, fleet: Registered) -> None:
    async with kept(core, "allow", once(-7200, -3600)):
        answer = await _post(fleet)

    assert answer.json()["detail"].endswith(
        "No time within the next year is known at which all targets are open."
    )


async def test_an_open_window_lets_everything_in_and_one_that_only_warns_as_well(
    core: Core, fleet: Registered
) -> None:
    async with kept(core, "allow", once(-60, 3600)), kept(core, "blackout", enforcement="warn"):
        answer = await _post(fleet)

    assert answer.status_code == 202
    assert (answer.json()["starts_until"], answer.json()["window_override"]) == (None, None)


async def test_whoever_may_overrides_with_a_reason_that_is_shown_and_audited(
    core: Core, fleet: Registered
) -> None:
    async with kept(core, name="Freeze") as calendar:
        manager = await core.user("manager")
        answer = await manager.post("/executions", json=command_on(fleet.ids, "true") | REASON)
    execution = answer.json()
    audit = await core.admin.get("/audit", params={"action": "execution.window_overridden"})

    facts = {"reason": "The disk is full.", "calendars": [{"id": calendar["id"], "name": "Freeze"}]}
    assert (answer.status_code, execution["window_override"]) == (202, facts)
    [entry] = audit.json()["items"]
    assert (entry["object"]["id"], entry["after"]) == (execution["id"], facts)


@pytest.mark.parametrize("role", ["operator", "designer"])
async def test_others_may_not_override_even_where_nothing_is_closed(
    core: Core, fleet: Registered, role: str
) -> None:
    person = await core.user(role)
    answer = await person.post("/executions", json=command_on(fleet.ids, "true") | REASON)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_an_override_needs_words(fleet: Registered) -> None:
    answer = await _post(fleet, window_override={"reason": "  "})

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["window_override.reason"]


async def test_running_again_is_held_to_windows_as_well(core: Core, fleet: Registered) -> None:
    old = (await _post(fleet)).json()
    await core.admin.post(f"/executions/{old['id']}/cancel")
    path = f"/executions/{old['id']}/rerun"
    async with kept(core):
        refused = await core.admin.post(path, json={})
        person = await (await core.user("operator")).post(path, json=REASON)
        overridden = await core.admin.post(path, json=REASON)

    assert (refused.status_code, refused.json()["code"]) == (409, "outside_window")
    assert person.status_code == 403
    assert (overridden.status_code, overridden.json()["rerun_of"]) == (202, old["id"])


async def test_the_workflow_api_is_held_to_windows_and_can_not_override(
    core: Core, fleet: Registered
) -> None:
    url = core.url + "/api/workflow/execute"
    async with kept(core):
        refused = await core.admin.post(url, json=command_on(fleet.ids, "true"))
        overridden = await core.admin.post(url, json=command_on(fleet.ids, "true") | REASON)

    assert (refused.status_code, refused.json()["code"]) == (409, "outside_window")
    assert overridden.status_code == 422


async def test_what_was_accepted_once_is_returned_also_when_its_window_has_closed(
    core: Core, fleet: Registered
) -> None:
    key = {"headers": {"Idempotency-Key": "before-the-freeze"}, "json": command_on(fleet.ids, "true")}
    accepted = await core.admin.post("/executions", **key)
    async with kept(core):
        again = await core.admin.post("/executions", **key)

    assert (again.status_code, again.json()["id"]) == (202, accepted.json()["id"])


async def test_what_was_refused_may_be_sent_with_the_same_key_and_a_reason(
    core: Core, fleet: Registered
) -> None:
    key = {"Idempotency-Key": "once-more-with-a-reason"}
    body = command_on(fleet.ids, "true")
    async with kept(core):
        refused = await core.admin.post("/executions", json=body, headers=key)
        accepted = await core.admin.post("/executions", json=body | REASON, headers=key)

    assert (refused.status_code, accepted.status_code) == (409, 202)


async def test_an_end_that_stops_bounds_what_is_accepted_unless_it_is_overridden(
    core: Core, fleet: Registered
) -> None:
    async with kept(core, "allow", once(-60, 3600), at_end="stop") as calendar:
        bounded = (await _post(fleet)).json()
        overridden = (await _post(fleet, **REASON)).json()

    assert bounded["starts_until"] == calendar["now"]["changes_at"]
    assert overridden["starts_until"] is None


async def test_a_preview_shows_calendars_and_whom_they_refuse(core: Core, fleet: Registered) -> None:
    async with (
        kept(core, "allow", once(-60, 3600), name="a night", at_end="stop"),
        kept(core, "blackout", once(-60, 7200), name="b freeze", scope="tags", tags=["eu"]),
        kept(core, "blackout", name="c warns", enforcement="warn", scope="targets", target_ids=fleet.ids[2:]),
        kept(core, "blackout", name="d of others", scope="tags", tags=["nobody"]),
    ):
        shown = await _preview(fleet)

    windows = shown["windows"]
    names = ("name", "kind", "enforcement", "open", "target_count", "targets")
    assert [tuple(row[name] for name in names) for row in windows["calendars"]] == [
        ("a night", "allow", "block", True, 3, ["t1", "t2", "t3"]),
        ("b freeze", "blackout", "block", False, 1, ["t2"]),
        ("c warns", "blackout", "warn", False, 1, ["t3"]),
    ]
    assert (windows["refused"], windows["opens_at"], windows["starts_until"]) == (1, None, None)
    assert [target["closed_by"] for target in shown["targets"]] == [[], ["b freeze"], []]


async def test_a_preview_tells_when_it_opens_and_until_when_work_would_begin(
    core: Core, fleet: Registered
) -> None:
    async with kept(core, "allow", once(3600, 7200), at_end="stop"):
        closed = (await _preview(fleet))["windows"]
    async with kept(core, "allow", once(-60, 7200), at_end="stop"):
        open = (await _preview(fleet))["windows"]

    def in_an_hour(moment: str, hours: int) -> bool:
        expected = datetime.now(UTC) + timedelta(hours=hours)
        return abs(datetime.fromisoformat(moment) - expected) < timedelta(seconds=60)

    assert (closed["refused"], closed["starts_until"]) == (3, None)
    assert in_an_hour(closed["opens_at"], 1)
    assert (open["refused"], open["opens_at"]) == (0, None)
    assert in_an_hour(open["starts_until"], 2)


async def test_without_calendars_a_preview_has_none(fleet: Registered) -> None:
    assert (await _preview(fleet))["windows"] == {
        "calendars": [],
        "refused": 0,
        "opens_at": None,
        "starts_until": None,
    }


async def test_a_run_whose_window_closed_since_its_preview_is_not_what_was_looked_at(
    core: Core, fleet: Registered
) -> None:
    calendar = await keep(core, {"name": "closing", "kind": "allow", "time_zone": "UTC", "windows": [ALWAYS]})
    path = f"/calendars/{calendar['id']}"
    sha256 = (await _preview(fleet))["sha256"]
    same = await _post(fleet, preview_sha256=sha256)
    await core.admin.patch(path, json={"based_on": 1, "windows": [once(-7200, -3600)]})
    closed = await _post(fleet, preview_sha256=sha256)
    seen = await _post(fleet, preview_sha256=(await _preview(fleet))["sha256"])
    overridden = await _post(fleet, preview_sha256=(await _preview(fleet))["sha256"], **REASON)
    await core.admin.delete(path)

    assert [same.status_code, closed.status_code, seen.status_code, overridden.status_code] == [
        202,
        409,
        409,
        202,
    ]
    assert (closed.json()["code"], seen.json()["code"]) == ("preview_outdated", "outside_window")


async def test_without_calendars_in_force_an_execution_costs_no_statement_more(
    core: Core, fleet: Registered, statements: list[str]
) -> None:
    async def cost() -> tuple[int, int]:
        await core.app.state.units.settle()
        statements.clear()
        assert (await _post(fleet)).status_code == 202
        counted = [
            each for each in statements if "outgoing_messages" not in each
        ]  # forgotten after the answer
        return len(counted), sum("FROM calendars" in each for each in counted)

    without, asked = await cost()
    async with kept(core, enabled=False):
        switched_off, _ = await cost()
    async with kept(core, "allow", once(-60, 3600)):
        with_one, _ = await cost()

    assert (switched_off, with_one) == (without, without + 2)  # calendars, and the targets picked for them
    assert asked == 1  # within the statement that asks how much is open already
