"""The claim, lease and fence protocol, statement by statement, on a real database. No worker runs here."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import Registered

from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions.outputs import Capture
from opsconductor.executions.protocol_repository import Claim, Outcome
from opsconductor.kit.database import Sessions

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
    async with sessions() as session:
        claims = await protocol.claim(session, worker, limit, LEASE)
        await session.commit()
    return claims


async def _intend(sessions: Sessions, claims: list[Claim]) -> set[UUID]:
    async with sessions() as session:
        ids = await protocol.intend(session, claims, LEASE)
        await session.commit()
    return ids


async def _store(sessions: Sessions, claims: list[Claim], **columns: object) -> set[UUID]:
    async with sessions() as session:
        stored = await protocol.store(session, [_outcome(claim, **columns) for claim in claims])
        await session.commit()
    return stored


def _outcome(claim: Claim, **columns: object) -> Outcome:
    ended: dict[str, object] = {"status": "completed", "exit_code": 0, "exit_signal": None}
    ended |= {"error_code": None, "error_message": None, "attempts": 1}
    return Outcome(
        claim, {**ended, **Capture(Path("/nowhere"), claim.result_id, claim.fence).columns(), **columns}
    )


async def _let_leases_end(sessions: Sessions) -> None:
    async with sessions() as session:
        await session.execute(text("update execution_results set lease_until = now() - interval '1 s'"))
        await session.commit()


async def test_many_workers_claim_every_result_exactly_once(sessions: Sessions, fleet: Registered) -> None:
    for _ in range(10):
        await fleet.start("true")
    taken = await asyncio.gather(*(_claim(sessions, f"worker-{n}", 7) for n in range(5)))

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


async def test_one_result_that_is_not_good_makes_the_execution_failed(
    sessions: Sessions, fleet: Registered
) -> None:
    accepted = await fleet.start("true")
    claims = await _claim(sessions)
    await _intend(sessions, claims)
    await _store(sessions, claims[:2])
    await _store(sessions, claims[2:], status="failed", exit_code=1)

    assert (await fleet.end_of(accepted["id"]))["status"] == "failed"
