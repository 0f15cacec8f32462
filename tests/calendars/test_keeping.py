"""Calendars over the API: kept, changed by one person at a time, checked, looked ahead of."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.calendars import ALWAYS, a_calendar, keep, kept, once
from tests.support.core import Core
from tests.support.registered import Registered, add_target

NIGHT = {"type": "weekly", "weekdays": ["fri", "mon", "fri"], "start": "22:00", "minutes": 480}


async def _change(core: Core, calendar: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"based_on": calendar["version"], **more}
    return await core.admin.patch(f"/calendars/{calendar['id']}", json=body)


async def test_a_calendar_comes_back_as_it_was_kept(core: Core, fleet: Registered) -> None:
    freeze = {"type": "once", "start": "2036-12-24T18:00:00", "end": "2037-01-02T06:00:00"}
    body = a_calendar(
        "allow", NIGHT, freeze, description="Nights", scope="targets", target_ids=fleet.ids[:2],
        time_zone="Europe/Berlin", enforcement="warn", at_end="stop", enabled=False,
    )  # fmt: skip
    calendar = await keep(core, body)
    got = (await core.admin.get(f"/calendars/{calendar['id']}")).json()

    assert {key: got[key] for key in body.keys() - {"windows"}} == {
        key: body[key] for key in body.keys() - {"windows"}
    }
    assert got["windows"] == [NIGHT | {"weekdays": ["mon", "fri"], "start": "22:00:00"}, freeze]
    assert (got["version"], got["changed_by_name"]) == (1, "admin")


async def test_a_list_has_them_by_name_with_how_they_stand(core: Core) -> None:
    async with kept(core, "blackout", name="b freeze"), kept(core, "allow", once(-60, 3600), name="a window"):
        page = (await core.admin.get("/calendars", params={"limit": 1})).json()
        rest = (await core.admin.get("/calendars", params={"cursor": page["next_cursor"]})).json()
        found = (await core.admin.get("/calendars", params={"q": "freeze"})).json()

    shown = [*page["items"], *(row for row in rest["items"] if row["name"] == "b freeze")]
    assert [(row["name"], row["now"]["open"]) for row in shown] == [("a window", True), ("b freeze", False)]
    assert shown[1]["now"]["changes_at"] is None
    assert [row["name"] for row in found["items"]] == ["b freeze"]


BAD = {
    "an unknown zone": ({"time_zone": "Europe/Atlantis"}, "time_zone"),
    "a zone by its place on disk": ({"time_zone": "../Europe/Berlin"}, "time_zone"),
    "a folder of zones": ({"time_zone": "Europe"}, "time_zone"),
    "the zone of the machine": ({"time_zone": "localtime"}, "time_zone"),
    "no windows": ({"windows": []}, "windows"),
    "a window without days": ({"windows": [NIGHT | {"weekdays": []}]}, "windows.0.weekly.weekdays"),
    "a day that is none": ({"windows": [NIGHT | {"weekdays": ["fry"]}]}, "windows.0.weekly.weekdays.0"),
    "a window of no time": ({"windows": [NIGHT | {"minutes": 0}]}, "windows.0.weekly.minutes"),
    "a window of more than a week": ({"windows": [NIGHT | {"minutes": 10081}]}, "windows.0.weekly.minutes"),
    "a start with seconds": ({"windows": [NIGHT | {"start": "22:00:01"}]}, "windows.0.weekly.start"),
    "a start with a zone": ({"windows": [NIGHT | {"start": "22:00+01:00"}]}, "windows.0.weekly.start"),
    "an end before its start": (
        {"windows": [{"type": "once", "start": "2026-01-02T00:00", "end": "2026-01-01T00:00"}]},
        "windows.0.once",
    ),
    "an instant instead of a wall time": (
        {"windows": [{"type": "once", "start": "2026-01-01T00:00Z", "end": "2026-01-02T00:00"}]},
        "windows.0.once.start",
    ),
    "a year far away": (
        {"windows": [{"type": "once", "start": "2026-01-01T00:00", "end": "9999-01-02T00:00"}]},
        "windows.0.once.end",
    ),
    "tags without tags": ({"scope": "tags"}, "tags"),
    "picked targets without any": ({"scope": "targets"}, "target_ids"),
    "targets that are not there": ({"scope": "targets", "target_ids": [str(uuid4())]}, "target_ids"),
    "an unknown key": ({"window": []}, "window"),
    "a NUL": ({"name": "a\0b"}, "name"),
}


@pytest.mark.parametrize(("wrong", "field"), BAD.values(), ids=BAD.keys())
async def test_what_makes_no_sense_is_refused_with_the_field(
    core: Core, wrong: dict[str, Any], field: str
) -> None:
    answer = await core.admin.post("/calendars", json=a_calendar("allow") | wrong)

    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_taken_name_is_a_conflict_in_whatever_case(core: Core) -> None:
    async with kept(core, enabled=False) as one, kept(core, enabled=False) as other:
        again = await core.admin.post("/calendars", json=a_calendar(name=one["name"].upper()))
        renamed = await _change(core, other, name=one["name"].upper())
        own = await _change(core, one, name=one["name"].upper())

    assert [again.status_code, renamed.status_code, own.status_code] == [409, 409, 200]
    assert again.json()["code"] == renamed.json()["code"] == "calendar_name_taken"


async def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(core: Core) -> None:
    async with kept(core, enabled=False) as calendar:
        first = await _change(core, calendar, description="mine")
        late = await _change(core, calendar, description="late")
        nothing = await _change(core, first.json(), description="mine")

    assert (first.json()["version"], first.json()["description"]) == (2, "mine")
    assert (late.status_code, late.json()["code"]) == (409, "calendar_changed_meanwhile")
    assert nothing.json()["version"] == 2


async def test_a_change_of_picked_targets_is_audited_with_what_was_before(
    core: Core, fleet: Registered
) -> None:
    ids = sorted(fleet.ids)
    async with kept(core, scope="targets", target_ids=ids[:2], enabled=False) as calendar:
        changed = await _change(core, calendar, target_ids=ids[1:])
        audit = await core.admin.get(
            "/audit", params={"object_id": calendar["id"], "action": "calendar.changed"}
        )
        emptied = await _change(core, changed.json(), target_ids=[])

    [entry] = audit.json()["items"]
    assert changed.json()["target_ids"] == ids[1:]
    assert (entry["before"], entry["after"]) == ({"target_ids": ids[:2]}, {"target_ids": ids[1:]})
    assert (emptied.status_code, emptied.json()["code"]) == (422, "calendar_for_nothing")


async def test_a_target_that_is_deleted_leaves_its_calendars(core: Core, fleet: Registered) -> None:
    gone = await add_target(core, "soon gone", 1, None)
    async with kept(core, scope="targets", target_ids=[fleet.ids[0], gone["id"]], enabled=False) as calendar:
        assert (await core.admin.delete(f"/targets/{gone['id']}")).status_code == 204
        got = (await core.admin.get(f"/calendars/{calendar['id']}")).json()

    assert got["target_ids"] == [fleet.ids[0]]


async def test_what_is_deleted_is_not_there(core: Core) -> None:
    async with kept(core, enabled=False) as calendar:
        pass
    gone = await core.admin.get(f"/calendars/{calendar['id']}")

    assert (gone.status_code, gone.json()["code"]) == (404, "calendar_not_found")


async def test_the_next_windows_are_told_as_instants_and_as_wall_times(core: Core) -> None:
    async with kept(core, "allow", NIGHT, time_zone="Asia/Kathmandu", enabled=False) as calendar:
        path = f"/calendars/{calendar['id']}/upcoming"
        shown = (await core.admin.get(path, params={"days": 30})).json()

    assert (shown["time_zone"], shown["complete"]) == ("Asia/Kathmandu", True)
    assert 8 <= len(shown["windows"]) <= 10
    for window in shown["windows"]:
        start, end = (datetime.fromisoformat(window[name]) for name in ("start", "end"))
        local = datetime.fromisoformat(window["start_local"])
        assert (local, end - start) == (start, timedelta(hours=8))
        assert window["start"].endswith("Z")
        assert (local.strftime("%a %H:%M"), local.utcoffset()) in [
            ("Mon 22:00", timedelta(hours=5, minutes=45)),
            ("Fri 22:00", timedelta(hours=5, minutes=45)),
        ]


async def test_more_windows_than_are_shown_are_said_to_be_more(core: Core) -> None:
    often = [ALWAYS | {"start": f"{hour:02}:00", "minutes": 30} for hour in range(24)]
    async with kept(core, "allow", *often, enabled=False) as calendar:
        shown = (await core.admin.get(f"/calendars/{calendar['id']}/upcoming", params={"days": 30})).json()

    assert (len(shown["windows"]), shown["complete"]) == (200, False)


async def test_a_target_tells_its_calendars(core: Core, fleet: Registered) -> None:
    async with (
        kept(core, "allow", once(-60, 3600), name="for web", scope="tags", tags=["web", "none"]),
        kept(core, "blackout", name="for db", scope="tags", tags=["db"]),
        kept(core, "blackout", name="off", enabled=False),
        kept(
            core, "blackout", name="only warns", enforcement="warn", scope="targets", target_ids=fleet.ids[:1]
        ),
    ):
        shown = [(await core.admin.get(f"/targets/{id}/windows")).json() for id in fleet.ids]
    nobody = await core.admin.get(f"/targets/{uuid4()}/windows")

    assert [[row["name"] for row in each["calendars"]] for each in shown] == [
        ["for web", "only warns"],
        ["for web"],
        ["for db"],
    ]
    assert [each["open"] for each in shown] == [True, True, False]
    assert shown[0]["changes_at"] == shown[0]["calendars"][0]["changes_at"] is not None
    assert shown[2]["changes_at"] is None
    assert (nobody.status_code, nobody.json()["code"]) == (404, "target_not_found")


async def test_only_those_who_manage_the_fleet_change_calendars(core: Core) -> None:
    async with kept(core, enabled=False) as calendar:
        for role, may in (("manager", True), ("operator", False), ("designer", False), ("viewer", False)):
            person = await core.user(role)
            seen = await person.get(f"/calendars/{calendar['id']}")
            changed = await person.patch(
                f"/calendars/{calendar['id']}", json={"based_on": 1, "enabled": False}
            )
            assert (seen.status_code, changed.status_code) == (200, 200 if may else 403)
