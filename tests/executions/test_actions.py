"""Several actions on real SSH targets, by a real worker."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.core import Core
from tests.support.registered import Registered, action, add_target, register
from tests.support.sshd import running_sshd

pytestmark = pytest.mark.usefixtures("worker")


async def _result(fleet: Registered, *actions: dict[str, Any], **more: object) -> dict[str, Any]:
    """Run actions on the first target; return its result."""
    accepted = await fleet.start_actions(*actions, ids=fleet.ids[:1], **more)
    await fleet.end_of(accepted["id"])
    [result] = await fleet.results(accepted["id"])
    return result


def _told(result: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(step["status"], step["exit_code"]) for step in result["steps"]]


async def test_actions_run_in_order_on_each_target(fleet: Registered) -> None:
    accepted = await fleet.start_actions(
        action("command", command="echo one on $OPSCONDUCTOR_DEMO_TARGET"),
        action("script", content="#!/bin/sh\necho two: $1; echo oops >&2", arguments=["a b"]),
        action("command", command="echo three"),
    )
    execution = await fleet.end_of(accepted["id"])
    results = await fleet.results(accepted["id"])

    assert execution["counts"] == {"completed": 3}
    assert results[1]["output_text"] == "one on target-2\ntwo: a b\nthree\n"
    assert [step["type"] for step in results[0]["steps"]] == ["command", "script", "command"]


async def test_each_step_says_which_part_of_the_output_is_its_own(fleet: Registered) -> None:
    result = await _result(
        fleet,
        action("command", command="printf aé"),
        action("command", command="printf b; printf E >&2"),
        action("command", command="printf c"),
    )

    whole = result["output_text"].encode()
    parts = [whole[step["output"]["start"] : step["output"]["end"]].decode() for step in result["steps"]]
    assert parts == ["aé", "b", "c"]
    assert [step["error"] for step in result["steps"]] == [
        {"start": start, "end": end} for start, end in ((0, 0), (0, 1), (1, 1))
    ]


async def test_a_failed_action_ends_the_work_on_its_target(fleet: Registered) -> None:
    result = await _result(
        fleet,
        action("command", command="true"),
        action("command", command="exit 3"),
        action("command", command="echo ran"),
    )

    assert (result["status"], result["exit_code"], result["output_text"]) == ("failed", 3, "")
    assert _told(result) == [("completed", 0), ("failed", 3), ("skipped", None)]


async def test_an_action_may_fail_without_ending_the_work_but_not_unnoticed(fleet: Registered) -> None:
    result = await _result(
        fleet,
        action("command", command="exit 3", continue_on_failure=True),
        action("command", command="echo cleaned up"),
    )

    assert (result["status"], result["exit_code"], result["output_text"]) == ("failed", 3, "cleaned up\n")
    assert _told(result) == [("failed", 3), ("completed", 0)]


async def test_the_next_action_runs_after_one_that_timed_out(fleet: Registered) -> None:
    result = await _result(
        fleet,
        action("command", command="sleep 30", timeout=0.3, continue_on_failure=True),
        action("command", command="echo on"),
    )

    assert result["status"] == "timed_out"
    assert result["output_text"] == "on\n"


async def test_other_exit_codes_may_mean_success(fleet: Registered) -> None:
    result = await _result(fleet, action("command", command="exit 2", expected_exit_codes=[0, 2]))

    assert (result["status"], result["exit_code"]) == ("completed", 2)


async def test_only_what_may_run_twice_is_run_again_after_a_failure(
    fleet: Registered, tmp_path: Path
) -> None:
    once, often = tmp_path / "once", tmp_path / "often"
    careful = await _result(fleet, action("command", command=f"echo x >> {once}; exit 1", retry_count=2))
    again = await _result(
        fleet,
        action(
            "command",
            command=f"echo x >> {often}; test $(wc -l < {often}) -ge 2",
            retry_count=2,
            idempotent=True,
        ),
    )

    assert (careful["status"], once.read_text()) == ("failed", "x\n")
    assert (again["status"], again["attempts"], often.read_text()) == ("completed", 2, "x\nx\n")


async def test_folder_and_environment_are_given_to_commands_and_scripts(
    fleet: Registered, tmp_path: Path
) -> None:
    given = {"working_directory": str(tmp_path), "environment": {"GREETING": "it's $HOME\n!"}}
    result = await _result(
        fleet,
        action("command", command='pwd; printf "%s" "$GREETING"', **given),
        action("script", content="import os\nprint(os.environ['GREETING'])", interpreter="python3", **given),
    )

    assert result["output_text"] == f"{tmp_path}\nit's $HOME\n!it's $HOME\n!\n"


async def test_a_script_may_run_as_another_user(fleet: Registered) -> None:
    result = await _result(
        fleet, action("script", content="id -un; cat", become={"user": "nobody"}, interpreter="sh")
    )

    assert (result["status"], result["output_text"]) == ("completed", "nobody\n"), result["error_text"]


async def test_a_user_that_sudo_does_not_know_is_told_as_such(fleet: Registered) -> None:
    result = await _result(fleet, action("command", command="echo ran", become={"user": "no-such-user"}))

    assert (result["status"], result["error_code"], result["output_text"]) == ("failed", "become_failed", "")


async def test_a_script_without_its_interpreter_fails_as_the_shell_says(fleet: Registered) -> None:
    result = await _result(fleet, action("script", content="x", interpreter="no-such-program"))

    assert (result["status"], result["exit_code"]) == ("failed", 127)


async def test_waiting_takes_its_time(fleet: Registered) -> None:
    result = await _result(fleet, action("wait", seconds=0.4), action("command", command="true"))

    assert result["status"] == "completed"
    assert 400 <= result["duration_ms"] < 5000


async def test_the_time_for_all_actions_on_a_target_ends_them(fleet: Registered) -> None:
    result = await _result(
        fleet,
        action("command", command="sleep 0.5"),
        action("command", command="sleep 20"),
        action("command", command="true"),
        strategy={"target_seconds": 1},
    )

    assert result["status"] == "timed_out"
    assert _told(result) == [("completed", 0), ("timed_out", None), ("skipped", None)]


async def test_a_target_that_comes_back_is_waited_for(core: Core, fleet: Registered) -> None:
    async with running_sshd(1) as [server]:
        [id] = (await register(core, [server], prefix="returning ")).ids
        await fleet.run("true", ids=[id])
        port = server.endpoint.port
        await core.admin.patch(f"/targets/{id}", json={"port": 1})  # away: nothing listens there
        accepted = await fleet.start_actions(action("wait", until="reachable", timeout=3), ids=[id])
        await fleet.end_of(accepted["id"])
        [away] = await fleet.results(accepted["id"])
        await core.admin.patch(f"/targets/{id}", json={"port": port})
        accepted = await fleet.start_actions(action("wait", until="reachable"), ids=[id])
        await fleet.end_of(accepted["id"])
        [back] = await fleet.results(accepted["id"])

    assert (away["status"], away["error_code"]) == ("timed_out", "not_back")
    assert away["steps"][0]["detail"]["looks"] >= 2
    assert back["status"] == "completed"


async def test_a_cancel_between_two_actions_keeps_the_second_from_beginning(
    fleet: Registered, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    accepted = await fleet.start_actions(
        action("wait", seconds=20), action("command", command=f"touch {mark}"), ids=fleet.ids[:1]
    )
    await _until_running(fleet, accepted["id"])
    await fleet.api.post(f"/executions/{accepted['id']}/cancel")
    execution = await fleet.end_of(accepted["id"])
    [result] = await fleet.results(accepted["id"])

    assert execution["status"] == "cancelled"
    assert _told(result) == [("cancelled", None), ("skipped", None)]
    assert not mark.exists()


async def test_what_runs_is_shown_while_it_runs(fleet: Registered) -> None:
    accepted = await fleet.start_actions(
        action("command", command="echo first"), action("wait", seconds=20), ids=fleet.ids[:1]
    )
    async with asyncio.timeout(10):
        while len((await fleet.results(accepted["id"]))[0]["steps"]) < 2:
            await asyncio.sleep(0.05)
    [result] = await fleet.results(accepted["id"])
    await fleet.api.post(f"/executions/{accepted['id']}/cancel")
    await fleet.end_of(accepted["id"])

    assert _told(result) == [("completed", 0), ("running", None)]


async def test_a_healthy_target_is_told_with_its_figures(fleet: Registered) -> None:
    limits = {"warning": 100_000, "critical": 100_000}
    result = await _result(
        fleet,
        action(
            "health_check", latency_ms=limits, disk_percent=limits, memory_percent=limits, load_per_cpu=limits
        ),
    )

    [step] = result["steps"]
    checks = {check["name"]: check for check in step["detail"]["checks"]}
    assert (result["status"], result["exit_code"], step["detail"]["state"]) == ("completed", 0, "healthy")
    assert set(checks) == {"latency_ms", "disk_percent", "memory_percent", "load_per_cpu"}
    assert 0 < checks["memory_percent"]["value"] <= 100


async def test_a_warning_is_not_a_failure_but_has_an_exit_code(fleet: Registered) -> None:
    result = await _result(fleet, action("health_check", memory_percent={"warning": 0.1, "critical": 1000}))

    assert (result["status"], result["exit_code"]) == ("completed", 1)


async def test_a_critical_check_fails_and_says_what_was_found(fleet: Registered) -> None:
    result = await _result(fleet, action("health_check", services=["no-such-thing.service"]))

    assert (result["status"], result["exit_code"], result["error_code"]) == ("failed", 2, "health_critical")
    assert "no-such-thing.service" in result["error_message"]


async def test_a_target_tells_which_ports_and_servers_it_reaches(core: Core, fleet: Registered) -> None:
    port, url = fleet.targets[0]["port"], f"{core.url}/health"
    asked = {"tcp_ports": [str(port), "127.0.0.1:1"], "http": [{"url": url}, {"url": url, "status": 204}]}
    result = await _result(fleet, action("health_check", **asked))

    checks = [(check["state"], check["value"]) for check in result["steps"][0]["detail"]["checks"][1:]]
    assert checks == [("healthy", "open"), ("critical", "closed"), ("healthy", 200), ("critical", 200)]
    assert "The port 127.0.0.1:1 is closed." in result["error_message"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tcp_ports": ["db:0"]},
        {"tcp_ports": ["$(id):22"]},
        {"http": [{"url": "file:///etc/passwd"}]},
        {"http": [{"url": "http://x/'; id; '"}]},
        {"http": [{"url": 'http://x/"$(id)'}]},
    ],
    ids=str,
)
async def test_what_a_shell_could_read_otherwise_is_no_address(
    fleet: Registered, wrong: dict[str, Any]
) -> None:
    body = {"actions": [action("health_check", **wrong)], "target_ids": fleet.ids}

    assert (await fleet.api.post("/executions", json=body)).status_code == 422


async def test_a_file_is_sent_with_a_run_and_another_fetched(
    core: Core, fleet: Registered, tmp_path: Path
) -> None:
    place = tmp_path / "sent.conf"
    upload = await core.admin.post("/files", params={"name": "a.conf"}, content=b"x = 1\n")
    result = await _result(
        fleet,
        action(
            "file_transfer",
            direction="upload",
            file_id=upload.json()["id"],
            destination=str(place),
            mode="0640",
        ),
        action("command", command=f"echo y = 2 >> {place}"),
        action("file_transfer", direction="download", path=str(place)),
    )
    assert result["status"] == "completed", str(result)
    [fetched] = result["steps"][2]["detail"]["file_ids"]
    content = await core.admin.get(f"/files/{fetched}/content")

    assert place.stat().st_mode & 0o777 == 0o640
    assert content.content == b"x = 1\ny = 2\n"
    assert result["steps"][0]["detail"]["outcomes"][0]["state"] == "sent"


async def test_what_can_not_be_sent_fails_with_a_sentence(fleet: Registered) -> None:
    result = await _result(
        fleet, action("file_transfer", direction="upload", content="x", destination="/no/such/folder/x")
    )

    assert (result["status"], result["error_code"]) == ("failed", "folder_not_found")
    assert "/no/such/folder" in result["error_message"]


async def test_a_file_that_is_not_there_is_refused_at_once(fleet: Registered) -> None:
    nowhere = action(
        "file_transfer", direction="upload", destination="x", file_id="01a20c06-c4c1-742b-b37f-ba80e5e35788"
    )
    answer = await fleet.api.post("/executions", json={"actions": [nowhere], "target_ids": fleet.ids})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_file")
    assert answer.json()["errors"][0]["field"] == "actions.0.action_parameters.file_id"


async def test_on_windows_only_plain_commands_are_tried(core: Core, fleet: Registered) -> None:
    credential = fleet.targets[0]["credential_id"]
    port = fleet.targets[0]["port"]
    target = await add_target(core, "windows", port, credential, os_type="windows")
    accepted = await fleet.start_actions(action("script", content="true"), ids=[target["id"]])
    await fleet.end_of(accepted["id"])
    [result] = await fleet.results(accepted["id"])

    assert (result["status"], result["error_code"]) == ("failed", "posix_only")


async def _until_running(fleet: Registered, execution_id: str) -> None:
    async with asyncio.timeout(10):
        while any(r["status"] == "scheduled" for r in await fleet.results(execution_id)):
            await asyncio.sleep(0.05)
