"""Outputs of real commands, read over HTTP: lines, search, groups and comparison."""

import asyncio
import hashlib
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import Registered, add_target

pytestmark = pytest.mark.usefixtures("worker")


async def _get(fleet: Registered, path: str, **parameters: Any) -> dict[str, Any]:
    answer = await fleet.api.get(f"/executions/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _one(fleet: Registered, command: str) -> tuple[str, dict[str, Any]]:
    """Run a command on one target; return the beginning of its result's addresses, and the result."""
    execution = await fleet.run(command, ids=fleet.ids[:1])
    [result] = await fleet.results(execution["id"])
    return f"{execution['id']}/results/{result['id']}", result


@pytest.fixture(scope="module")
async def million(fleet: Registered, worker: object) -> str:
    """The address of a result with the numbers from 1 to 1,000,000, a line each."""
    return (await _one(fleet, "seq 1000000"))[0]


async def test_the_middle_of_a_million_lines_is_there_at_once(fleet: Registered, million: str) -> None:
    first = await _get(fleet, f"{million}/lines")
    begun = time.perf_counter()
    page = await _get(fleet, f"{million}/lines", limit=500, **{"from": 899_999})
    seconds = time.perf_counter() - begun

    assert (first["total_lines"], first["truncated"], first["next"]) == (1_000_000, False, 500)
    assert [line["text"] for line in page["lines"]] == [str(n) for n in range(900_000, 900_500)]
    assert [page["lines"][0]["number"], page["first"], page["next"]] == [900_000, 899_999, 900_499]
    assert seconds < 1  # 50 ms on a machine that does nothing else


async def test_the_end_and_the_neighbourhood_of_a_line_are_asked_for_directly(
    fleet: Registered, million: str
) -> None:
    last = await _get(fleet, f"{million}/lines", **{"from": -3})
    near = await _get(fleet, f"{million}/lines", around=500_000, limit=5)

    assert [line["text"] for line in last["lines"]] == ["999998", "999999", "1000000"]
    assert (last["next"], near["first"]) == (None, 499_997)
    assert [line["number"] for line in near["lines"]] == [499_998, 499_999, 500_000, 500_001, 500_002]


async def test_the_index_is_made_once_and_made_again_where_it_is_broken(
    core: Core, fleet: Registered, million: str
) -> None:
    await _get(fleet, f"{million}/lines")
    [index] = [p for p in _files(core) if p.name == f"{million.split('/')[-1]}.1.out.idx"]
    made = index.stat().st_mtime_ns
    await _get(fleet, f"{million}/lines")
    assert index.stat().st_mtime_ns == made

    good = index.read_bytes()
    index.write_bytes(good[:-40])
    again = await _get(fleet, f"{million}/lines", **{"from": -1})
    assert again["lines"][0]["text"] == "1000000"
    assert index.read_bytes() == good


def _files(core: Core) -> list[Path]:
    return [path for path in (core.settings.storage_dir / "outputs").rglob("*") if path.is_file()]


async def test_a_short_output_has_lines_too_and_is_kept_as_it_came(fleet: Registered) -> None:
    address, result = await _one(fleet, r"printf '10%%\r100%%\r\n\033[31mred\033[0m\n\377'; echo oops >&2")
    out = await _get(fleet, f"{address}/lines")
    err = await _get(fleet, f"{address}/lines", stream="stderr")

    assert [line["text"] for line in out["lines"]] == ["10%\r100%\r", "\x1b[31mred\x1b[0m", "\ufffd"]
    assert [line["text"] for line in err["lines"]] == ["oops"]
    assert (out["total_bytes"], out["kept_bytes"]) == (result["output_bytes"], result["output_bytes"])
    assert err["sha256"] == hashlib.sha256(b"oops\n").hexdigest()


async def test_what_was_not_kept_is_said_and_the_end_is_shown(fleet: Registered) -> None:
    address, _ = await _one(fleet, "head -c 11000000 /dev/zero | tr '\\0' 'x'; echo; echo the end")
    page = await _get(fleet, f"{address}/lines")

    assert page["truncated"]
    assert (page["kept_bytes"], page["total_bytes"]) == (10 * 1024 * 1024, 11_000_009)
    assert (page["lines"][0]["cut"], len(page["lines"][0]["text"])) == (True, 16 * 1024)
    assert page["tail"].endswith("\nthe end\n")


async def test_an_output_whose_file_has_gone_says_so(core: Core, fleet: Registered) -> None:
    address, result = await _one(fleet, "seq 5000")
    [file] = [path for path in _files(core) if path.name.startswith(result["id"])]
    file.unlink()
    page = await _get(fleet, f"{address}/lines")

    assert "is gone" in page["note"]
    assert page["lines"][0]["text"] == "1"


async def test_lines_of_another_execution_are_not_found(fleet: Registered, million: str) -> None:
    other = (await fleet.run("true", ids=fleet.ids[:1]))["id"]
    result = million.split("/")[-1]
    for path in (f"{other}/results/{result}/lines", f"{other}/results/{uuid4()}/lines"):
        answer = await fleet.api.get(f"/executions/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "result_not_found")


@pytest.fixture(scope="module")
async def named(fleet: Registered, worker: object) -> dict[str, Any]:
    """An execution whose targets say a lot that is alike, and one line that is not."""
    return await fleet.run(
        "seq 20000; echo host=$OPSCONDUCTOR_DEMO_TARGET; echo Disk full; echo careful: disk >&2"
    )


async def test_a_search_finds_lines_on_every_target_with_what_is_around(
    fleet: Registered, named: dict[str, Any]
) -> None:
    found = await _get(fleet, f"{named['id']}/search", q="disk")

    assert [(f["target_name"], f["stream"], f["count"]) for f in found["found"]] == [
        (f"target-{n}", stream, 1) for n in (1, 2, 3) for stream in ("stdout", "stderr")
    ]
    [match] = found["found"][0]["matches"]
    assert match == {
        "number": 20_002,
        "text": "Disk full",
        "cut": False,
        "before": ["host=target-1"],
        "after": [],
    }
    assert (found["complete"], found["next_cursor"], found["searched_targets"]) == (True, None, 3)
    assert found["lines_found"] == 6


async def test_a_search_goes_on_target_by_target(fleet: Registered, named: dict[str, Any]) -> None:
    names, cursor = [], {}
    for _ in range(3):
        page = await _get(fleet, f"{named['id']}/search", q="host=", limit=1, **cursor)
        names += [found["target_name"] for found in page["found"]]
        cursor = {"cursor": page["next_cursor"]}

    assert names == ["target-1", "target-2", "target-3"]
    assert cursor == {"cursor": None}


async def test_a_regular_expression_and_case_count_where_they_are_asked_for(
    fleet: Registered, named: dict[str, Any]
) -> None:
    async def lines(**wanted: object) -> int:
        return int((await _get(fleet, f"{named['id']}/search", stream="stdout", **wanted))["lines_found"])

    assert await lines(q="^1999.$", regex=True) == 30
    assert await lines(q="^1999.$") == 0
    assert await lines(q="DISK", case=True) == 0
    assert await lines(q="DISK") == 3


async def test_one_result_is_searched_by_itself(fleet: Registered, named: dict[str, Any]) -> None:
    [_, second, _] = await fleet.results(named["id"])
    wanted = {"q": "9", "stream": "stdout", "result_id": second["id"], "matches": 1000}
    found = await _get(fleet, f"{named['id']}/search", **wanted)

    [hit] = found["found"]
    assert (hit["target_name"], hit["count"], len(hit["matches"])) == ("target-2", 6878, 1000)
    assert (found["searched_targets"], found["next_cursor"]) == (1, None)


async def test_what_is_no_regular_expression_is_refused(fleet: Registered, named: dict[str, Any]) -> None:
    answer = await fleet.api.get(f"/executions/{named['id']}/search", params={"q": "(", "regex": True})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_pattern")


async def test_a_hostile_pattern_costs_its_time_and_nobody_elses(fleet: Registered) -> None:
    execution = await fleet.run(f"echo {'a' * 60}!", ids=fleet.ids[:2])
    search = asyncio.create_task(_get(fleet, f"{execution['id']}/search", q="(a+)+$", regex=True))
    slowest = 0.0
    while not search.done():
        begun = time.perf_counter()
        await fleet.api.get("/executions", params={"limit": 1})
        slowest = max(slowest, time.perf_counter() - begun)

    found = search.result()
    assert (found["complete"], found["unsearched"], found["lines_found"]) == (False, ["target-1"], 0)
    assert found["next_cursor"]
    assert slowest < 2


async def test_identical_outputs_are_one_group_and_the_others_say_where_they_differ(
    fleet: Registered,
) -> None:
    command = 'seq 3; if [ "$OPSCONDUCTOR_DEMO_TARGET" = target-2 ]; then echo odd; else echo even; fi'
    execution = await fleet.run(command)
    found = await _get(fleet, f"{execution['id']}/groups")

    assert (found["same"], found["differ"], found["first_difference"]) == (2, 1, 4)
    [largest, other] = found["groups"]
    assert (largest["count"], largest["target_names"]) == (2, ["target-1", "target-3"])
    assert (largest["difference"], largest["first_lines"]) == (None, ["1", "2", "3"])
    assert other["difference"] == {
        "kind": "line",
        "stream": "stdout",
        "line": 4,
        "left": "even",
        "right": "odd",
    }
    assert found["complete"]


async def test_another_end_is_another_group(fleet: Registered) -> None:
    execution = await fleet.run('echo same; test "$OPSCONDUCTOR_DEMO_TARGET" != target-1')
    found = await _get(fleet, f"{execution['id']}/groups")

    assert [(g["count"], g["exit_code"]) for g in found["groups"]] == [(2, 0), (1, 1)]
    assert found["groups"][1]["difference"]["kind"] == "end"
    assert (found["differ"], found["first_difference"]) == (1, None)


async def test_what_was_not_reached_has_no_line_that_differs(core: Core, fleet: Registered) -> None:
    gone = await add_target(core, "gone", 1, fleet.targets[0]["credential_id"])
    execution = await fleet.run("echo same", ids=[*fleet.ids, gone["id"]])
    found = await _get(fleet, f"{execution['id']}/groups")

    assert [(g["count"], g["difference"] and g["difference"]["kind"]) for g in found["groups"]] == [
        (3, None),
        (1, "nothing"),
    ]
    assert (found["differ"], found["first_difference"]) == (1, None)


async def test_a_difference_beyond_what_is_kept_is_told_as_that(fleet: Registered) -> None:
    execution = await fleet.run(
        "head -c 10500000 /dev/zero | tr '\\0' x; echo $OPSCONDUCTOR_DEMO_TARGET", ids=fleet.ids[:2]
    )
    found = await _get(fleet, f"{execution['id']}/groups")

    assert [g["difference"] and g["difference"]["kind"] for g in found["groups"]] == [None, "not_kept"]


async def test_with_a_mask_a_targets_own_name_is_no_difference(
    fleet: Registered, named: dict[str, Any]
) -> None:
    plain = await _get(fleet, f"{named['id']}/groups")
    masked = await _get(fleet, f"{named['id']}/groups", mask="target_name")

    assert (plain["total_groups"], plain["first_difference"], plain["compared_bytes"]) == (3, 20_001, None)
    assert (masked["total_groups"], masked["same"], masked["compared_bytes"]) == (1, 3, 256 * 1024)


async def test_two_results_are_compared_also_of_two_executions(fleet: Registered) -> None:
    _, before = await _one(fleet, "seq 10")
    _, after = await _one(fleet, "seq 4; echo five; seq 6 10")
    found = await _get(fleet, "compare", left=before["id"], right=after["id"])

    changed = [(r["kind"], r["left"], r["right"], r["text"]) for r in found["rows"] if r["kind"] != "same"]
    assert changed == [("gap", 2, 2, ""), ("removed", 5, None, "5"), ("added", None, 5, "five")]
    assert found["difference"]["line"] == 5
    assert (found["same"], found["complete"], found["cut"]) == (False, True, False)
    assert found["left"]["execution_id"] != found["right"]["execution_id"]


async def test_the_same_output_has_no_difference(fleet: Registered) -> None:
    _, one = await _one(fleet, "seq 10")
    found = await _get(fleet, "compare", left=one["id"], right=one["id"], stream="stderr")

    assert (found["same"], found["rows"], found["difference"]) == (True, [], None)


async def test_a_result_that_is_not_there_can_not_be_compared(fleet: Registered) -> None:
    _, one = await _one(fleet, "true")
    answer = await fleet.api.get("/executions/compare", params={"left": one["id"], "right": str(uuid4())})

    assert (answer.status_code, answer.json()["code"]) == (404, "result_not_found")


async def test_groups_take_one_statement_for_all_results(core: Core, fleet: Registered) -> None:
    execution = await fleet.run("true")
    async with core.app.state.units.sessions() as session:
        copy = text(
            "insert into execution_results (id, execution_id, target_id, target_name, status, exit_code, attempts,"
            " output_head, output_tail, output_bytes, output_kept, output_sha256, error_head, error_tail, error_bytes,"
            " error_kept, error_sha256, fence) select gen_random_uuid(), execution_id, target_id, 'copy-' || n, status,"
            " exit_code, attempts, output_head, output_tail, output_bytes, output_kept, output_sha256, error_head,"
            " error_tail, error_bytes, error_kept, error_sha256, fence"
            " from (select * from execution_results where execution_id = :id limit 1) r, generate_series(1, 997) n"
        )
        await session.execute(copy, {"id": execution["id"]})
        await session.execute(
            text("update executions set target_count = 1000 where id = :id"), {"id": execution["id"]}
        )
        await session.commit()
    found = await _get(fleet, f"{execution['id']}/groups")

    assert (found["same"], found["total_groups"], len(found["groups"][0]["target_names"])) == (1000, 1, 20)
