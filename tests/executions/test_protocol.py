"""The claim, lease and fence protocol, statement by statement, on a real database. No worker runs here."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import Registered, command_on

from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions.claiming_repository import Taken, Worker, take
from opsconductor.executions.outputs import Capture
from opsconductor.executions.protocol_repository import Claim, Outcome
from opsconductor.kit.database import Sessions
from opsconductor.storage.folder import Folder

LEASE = 10.0


@pytest.fixture
async def sessions(core: Core) -> Sessions:
    """Sessions of the core's database, in which nothing is left to claim."""
    found: Sessions = core.app.state.units.sessions
    async with found() as session:
        await session.execute(
            text("update execution_results set status = 'cancelled' where status != 'cancelled'")
        )
        await session.commit()
    return found


async def _claim(sessions: Sessions, worker: str = "a", limit: int = 100) -> list[Claim]:
    return (await _take(sessions, worker, limit)).claims


async def _take(sessions: Sessions, worker: str = "a", limit: int = 100) -> Taken:
    async with sessions() as session:
        taken = await take(session, Worker(worker, limit, LEASE))
        await session.commit()
    return taken


async def _claim_all(sessions: Sessions, worker: str, limit: int) -> list[Claim]:
    """Claim as an engine does: as long as there is something, or others were faster."""
    claimed: list[Claim] = []
    again = True
    while again:
        taken = await _take(sessions, worker, limit)
        claimed += taken.claims
        again = bool(taken.claims) or taken.overtaken
    return claimed


async def _intend(sessions: Sessions, claims: list[Claim]) -> set[UUID]:
    async with sessions() as session:
        ids = await protocol.intend(session, claims, LEASE)
        await session.commit()
    return ids


async def _store(sessions: Sessions, claims: list[Claim], **columns: object) -> set[UUID]:
    async with sessions() as session:
        stored = await protocol.store(session, [_outcome(claim, **columns) for claim in claims])
        await session.commit()
    return stored.results


def _outcome(claim: Claim, **columns: object) -> Outcome:
    ended: dict[str, object] = {"status": "completed", "exit_code": 0, "exit_signal": None}
    ended |= {"error_code": None, "error_message": None, "attempts": 1, "steps": []}
    return Outcome(
        claim,
        {**ended, **Capture(Folder(Path("/nowhere")), claim.result_id, claim.fence).columns(), **columns},
    )


async def _let_leases_end(sessions: Sessions) -> None:
    async with sessions() as session:
        await session.execute(text("update execution_results set lease_until = now() - interval '1 s'"))
        await session.commit()


async def test_many_workers_claim_every_result_exactly_once(sessions: Sessions, fleet: Registered) -> None:
    for _ in range(10):
        await fleet.start("true")
    taken = await asyncio.gather(*(_claim_all(sessions, f"worker-{n}", 7) for n in range(5)))

    ids = [claim.result_id for claims in taken for claim in claims]
    assert len(ids) == len(set(ids)) == 30


async def test_what_is_claimed_is_not_claimed_again_while_the_lease_holds(
    sessions: Sessions, fleet: Registered
) -> None:
    await fleet.start("true")
    assert len(await _claim(sessions)) == 3

    assert await _claim(sessions, "b") == []


async def test_a_claim_that_was_never_dispatched_goes_to_another_worker(
    sessions: Sessions, fleet: Registered
) -> None:
    await fleet.start("true")
    first = await _claim(sessions)
    await _let_leases_end(sessions)
    second = await _claim(sessions, "b")

    assert [c.result_id for c in second] == [c.result_id for c in first]
    assert all(new.fence > old.fence for new, old in zip(second, first, strict=True))


async def test_a_superseded_worker_may_neither_send_nor_store(sessions: Sessions, fleet: Registered) -> None:
    await fleet.start("true")
    slow = await _claim(sessions)
    await _let_leases_end(sessions)
    quick = await _claim(sessions, "b")

    assert await _intend(sessions, slow) == set()
    assert await _store(sessions, slow) == set()
    assert await _intend(sessions, quick) == {c.result_id for c in quick}


async def test_what_was_dispatched_is_never_claimed_again_but_lost(
    sessions: Sessions, fleet: Registered
) -> None:
    accepted = await fleet.start("true")
    await _intend(sessions, await _claim(sessions))
    await _let_leases_end(sessions)

    assert await _claim(sessions, "b") == []
    async with sessions() as session:
        assert await protocol.lose_expired(session, "gone") == [UUID(accepted["id"])]
        await session.commit()
    execution = await fleet.end_of(accepted["id"])
    assert (execution["status"], execution["counts"]) == ("failed", {"lost": 3})


async def test_a_result_that_comes_after_the_loss_was_told_is_dropped(
    sessions: Sessions, fleet: Registered
) -> None:
    await fleet.start("true")
    claims = await _claim(sessions)
    await _intend(sessions, claims)
    await _let_leases_end(sessions)
    async with sessions() as session:
        await protocol.lose_expired(session, "gone")
        await session.commit()

    assert await _store(sessions, claims) == set()


async def test_renewing_keeps_a_dispatched_operation_from_being_lost(
    sessions: Sessions, fleet: Registered
) -> None:
    await fleet.start("true")
    claims = await _claim(sessions)
    await _intend(sessions, claims)
    await _let_leases_end(sessions)
    async with sessions() as session:
        renewed = await protocol.renew(session, claims, LEASE)
        await session.commit()
        assert await protocol.lose_expired(session, "gone") == []

    assert renewed == dict.fromkeys([c.result_id for c in claims], False)


async def test_nothing_is_dispatched_once_a_cancel_was_accepted(
    sessions: Sessions, fleet: Registered
) -> None:
    accepted = await fleet.start("true")
    claims = await _claim(sessions)
    await fleet.api.post(f"/executions/{accepted['id']}/cancel")

    assert await _intend(sessions, claims) == set()


async def test_what_is_handed_back_can_be_claimed_at_once(sessions: Sessions, fleet: Registered) -> None:
    await fleet.start("true")
    claims = await _claim(sessions)
    async with sessions() as session:
        await protocol.hand_back(session, claims)
        await session.commit()

    assert len(await _claim(sessions, "b")) == 3


async def test_an_execution_ends_with_its_last_result_and_not_before(
    sessions: Sessions, fleet: Registered
) -> None:
    accepted = await fleet.start("true")
    claims = await _claim(sessions)
    await _intend(sessions, claims)
    await _store(sessions, claims[:2])
    early = (await fleet.api.get(f"/executions/{accepted['id']}")).json()
    await _store(sessions, claims[2:])

    assert (early["status"], early["finished_at"]) == ("running", None)
    assert (await fleet.end_of(accepted["id"]))["status"] == "completed"


async def test_two_last_results_at_the_same_moment_end_the_execution(
    sessions: Sessions, fleet: Registered
) -> None:
    for _ in range(10):
        accepted = await fleet.start("true")
        claims = await _claim(sessions)
        await _intend(sessions, claims)
        await asyncio.gather(*(_store(sessions, [claim]) for claim in claims))

        assert (await fleet.end_of(accepted["id"]))["status"] == "completed"


async def test_workers_that_store_results_of_the_same_executions_in_any_order_end_them_all(
    sessions: Sessions, fleet: Registered
) -> None:
    for number in range(5):
        accepted = [await fleet.start("true") for _ in range(6)]
        claims = await _claim_all(sessions, "a", 100)
        await _intend(sessions, claims)
        mixed = random.Random(number).sample(claims, len(claims))
        await asyncio.gather(*(_store(sessions, mixed[begin::3]) for begin in range(3)))

        ends = [(await fleet.end_of(each["id"]))["status"] for each in accepted]
        assert ends == ["completed"] * 6


async def test_one_result_that_is_not_good_makes_the_execution_failed(
    sessions: Sessions, fleet: Registered
) -> None:
    accepted = await fleet.start("true")
    claims = await _claim(sessions)
    await _intend(sessions, claims)
    await _store(sessions, claims[:2])
    await _store(sessions, claims[2:], status="failed", exit_code=1)

    assert (await fleet.end_of(accepted["id"]))["status"] == "failed"


async def _started(fleet: Registered, **strategy: object) -> str:
    wanted = command_on(fleet.ids, "true") | {"strategy": strategy}
    answer = await fleet.api.post("/executions", json=wanted)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def test_a_limit_of_parallel_targets_holds_for_all_workers_together(
    sessions: Sessions, fleet: Registered
) -> None:
    for _ in range(5):
        await _started(fleet, parallelism=2)
    taken = await asyncio.gather(*(_claim(sessions, f"worker-{n}") for n in range(6)))

    claims = [claim for claims in taken for claim in claims]
    of_each = Counter(claim.execution_id for claim in claims)
    assert max(of_each.values()) == 2
    await _intend(sessions, claims)
    assert await _claim_all(sessions, "late", 100) == []


async def test_who_has_taken_all_that_waits_need_not_look_again(
    sessions: Sessions, fleet: Registered
) -> None:
    idle = await _take(sessions)
    await fleet.start("true")
    all_of_it = await _take(sessions)

    assert (idle.claims, idle.left_over) == ([], False)
    assert (len(all_of_it.claims), all_of_it.left_over) == (3, False)


async def test_who_had_no_room_for_all_looks_again(sessions: Sessions, fleet: Registered) -> None:
    await fleet.start("true")
    taken = await _take(sessions, limit=2)

    assert (len(taken.claims), taken.left_over) == (2, True)


@pytest.mark.parametrize("strategy", [{"parallelism": 1}, {"batch_size": 1}], ids=["a limit", "a batch"])
async def test_who_had_to_leave_results_for_later_looks_again_after_each_end(
    sessions: Sessions, fleet: Registered, strategy: dict[str, int]
) -> None:
    await _started(fleet, **strategy)
    left_over = []
    for _ in fleet.ids:
        taken = await _take(sessions)
        left_over.append((len(taken.claims), taken.left_over))
        await _intend(sessions, taken.claims)
        await _store(sessions, taken.claims)

    assert left_over == [(1, True), (1, True), (1, False)]


async def _limit(fleet: Registered, path: str, at_once: int | None) -> None:
    answer = await fleet.api.patch(path, json={"max_parallel": at_once})
    assert answer.status_code == 200, answer.text


def _credential(fleet: Registered) -> str:
    return str(fleet.targets[0]["credential_id"])


async def test_a_target_s_limit_holds_for_all_executions_and_workers_together(
    sessions: Sessions, fleet: Registered
) -> None:
    for _ in range(5):
        await _started(fleet)
    await _limit(fleet, f"/targets/{fleet.ids[0]}", 2)
    taken = await asyncio.gather(*(_claim_all(sessions, f"worker-{n}", 4) for n in range(6)))
    await _limit(fleet, f"/targets/{fleet.ids[0]}", None)

    claims = [claim for claims in taken for claim in claims]
    assert Counter(str(claim.target_id) for claim in claims) == dict(zip(fleet.ids, (2, 5, 5), strict=True))
    assert len(await _claim(sessions)) == 3  # the limit was all that held them back


async def test_a_credential_s_limit_holds_over_all_its_targets(sessions: Sessions, fleet: Registered) -> None:
    for _ in range(5):
        await _started(fleet)
    await _limit(fleet, f"/credentials/{_credential(fleet)}", 4)
    taken = await asyncio.gather(*(_claim_all(sessions, f"worker-{n}", 3) for n in range(6)))

    claims = [claim for claims in taken for claim in claims]
    assert len(claims) == 4
    await _intend(sessions, claims)
    assert await _claim(sessions) == []
    await _store(sessions, claims[:3])
    assert len(await _claim(sessions)) == 3
    await _limit(fleet, f"/credentials/{_credential(fleet)}", None)


async def test_the_narrower_of_two_limits_holds(sessions: Sessions, fleet: Registered) -> None:
    for _ in range(5):
        await _started(fleet)
    await _limit(fleet, f"/targets/{fleet.ids[0]}", 1)
    await _limit(fleet, f"/credentials/{_credential(fleet)}", 8)
    claims = await _claim_all(sessions, "a", 100)
    await _limit(fleet, f"/targets/{fleet.ids[0]}", None)
    await _limit(fleet, f"/credentials/{_credential(fleet)}", None)

    of_each = Counter(str(claim.target_id) for claim in claims)
    assert (len(claims), of_each[fleet.ids[0]]) == (8, 1)


async def test_a_full_target_holds_up_no_other_behind_it(sessions: Sessions, fleet: Registered) -> None:
    await _limit(fleet, f"/targets/{fleet.ids[0]}", 1)
    for _ in range(3):
        await _started(fleet)
    claims = [await _claim(sessions, limit=1) for _ in range(8)]  # room for one at a time
    await _limit(fleet, f"/targets/{fleet.ids[0]}", None)

    assert [len(claimed) for claimed in claims] == [1] * 7 + [0]


async def test_a_batch_waits_for_the_one_before(sessions: Sessions, fleet: Registered) -> None:
    await _started(fleet, batch_size=2)
    first = await _claim(sessions)
    await _intend(sessions, first)
    await _store(sessions, first[:1])

    assert len(first) == 2
    assert await _claim(sessions) == []
    await _store(sessions, first[1:])
    assert len(await _claim(sessions)) == 1


async def test_a_higher_priority_goes_first(sessions: Sessions, fleet: Registered) -> None:
    await _started(fleet)
    urgent = await _started(fleet, priority=5)

    assert {str(claim.execution_id) for claim in await _claim(sessions, limit=3)} == {urgent}


async def test_users_take_turns(core: Core, sessions: Sessions, fleet: Registered) -> None:
    for _ in range(20):
        await _started(fleet)
    other = await core.user("operator")
    answer = await other.post("/executions", json=command_on(fleet.ids, "true"))
    claims = await _claim(sessions, limit=6)

    mine = [claim for claim in claims if str(claim.execution_id) == answer.json()["id"]]
    assert len(mine) == 3, "a user with one execution waits behind one with twenty"


async def test_targets_are_taken_in_the_order_they_were_given(sessions: Sessions, fleet: Registered) -> None:
    ids = [fleet.ids[2], fleet.ids[0], fleet.ids[1]]
    await fleet.start("true", ids=ids)

    assert [str(c.target_id) for _ in range(3) for c in await _claim(sessions, limit=1)] == ids


async def test_a_cancelled_target_is_not_dispatched(sessions: Sessions, fleet: Registered) -> None:
    accepted = await fleet.start("true")
    claims = await _claim(sessions)
    result_id = claims[0].result_id
    answer = await fleet.api.post(f"/executions/{accepted['id']}/results/{result_id}/cancel")

    assert answer.json()["status"] == "cancelled"
    assert await _intend(sessions, claims) == {claim.result_id for claim in claims[1:]}


async def test_a_worker_learns_at_its_next_action_that_it_shall_stop(
    sessions: Sessions, fleet: Registered
) -> None:
    accepted = await fleet.start("true")
    claims = await _claim(sessions)
    await _intend(sessions, claims)
    await fleet.api.post(f"/executions/{accepted['id']}/results/{claims[0].result_id}/cancel")
    async with sessions() as session:
        standing = await protocol.progress(session, [(claim, []) for claim in claims])
        await session.commit()

    assert standing == {claim.result_id: claim is claims[0] for claim in claims}


async def test_a_superseded_worker_can_not_begin_another_action(
    sessions: Sessions, fleet: Registered
) -> None:
    await fleet.start("true")
    claims = await _claim(sessions)
    await _intend(sessions, claims)
    await _let_leases_end(sessions)
    async with sessions() as session:
        await protocol.lose_expired(session, "gone")
        standing = await protocol.progress(session, [(claim, []) for claim in claims])
        await session.commit()

    assert standing == {}
