"""The statements by which a worker takes work: whose turn it is, and within which limits.

Limits hold over all workers: of an execution (`parallelism`), of a target, and of a credential (`max_parallel`).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Float, cast, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.executions.models import ExecutionResult
from opsconductor.executions.protocol_repository import Claim, after_lease, is_detached
from opsconductor.executions.steering_repository import PLAIN

R = ExecutionResult
LIMITED = 4_207_001
"""Key of the advisory lock of whoever claims while a target or a credential is limited."""

# What is limited is claimed by one worker at a time: executions by holding their rows, targets and credentials
# by an advisory lock, which is only taken where there is a limit at all. What is under way is counted by the
# statement after this one, which sees what the worker before has committed.
_HOLD = text("""
    with held as (
        select id from executions
        where status in ('scheduled', 'running') and parallelism is not null
        order by id for update skip locked
    )
    select coalesce((select array_agg(id) from held), '{}') as executions,
           case when exists (select from targets where max_parallel is not null)
                  or exists (select from credentials where max_parallel is not null)
                then (select true from pg_advisory_xact_lock(:key))
                else false
           end as limited,
           exists (
               select from execution_results r join executions e on e.id = r.execution_id
               where r.status = 'running' and r.lease_until < now() and e.mode = 'detached'
           ) as abandoned
""")

# Turns go round the owners: everybody's first waiting result before anybody's second, and who has much under way
# comes later. A higher priority goes before all turns. What waits for a full target or credential holds up nobody.
_CLAIM = text("""
    with open as (
        select * from (
            select e.id, e.priority, e.parallelism, e.current_batch,
                   coalesce(e.created_by::text, e.created_by_name) as owner,
                   row_number() over (
                       partition by coalesce(e.created_by::text, e.created_by_name)
                       order by e.priority desc, e.id
                   ) as rank
            from executions e
            where e.status in ('scheduled', 'running') and e.paused_at is null
              and e.cancel_requested_at is null and e.stop_reason is null
              and (e.run_until is null or e.run_until > now())
              and (e.starts_until is null or e.starts_until > now())
              and (e.parallelism is null or e.id = any(:held))
              and exists (
                  select from execution_results r
                  where r.execution_id = e.id and r.status = 'scheduled' and r.batch <= e.current_batch
              )
        ) ranked where rank <= 50
    ),
    under_way as (
        select execution_id, target_id from execution_results
        where status in ('scheduled', 'running') and lease_until is not null
          and (status = 'running' or lease_until >= now())
    ),
    busy as (
        select r.execution_id, coalesce(e.created_by::text, e.created_by_name) as owner, count(*) as operations
        from under_way r join executions e on e.id = r.execution_id
        group by 1, 2
    ),
    limits as (
        select t.id as target_id, t.credential_id, t.max_parallel as of_target, c.max_parallel as of_credential,
               (select count(*) from under_way where under_way.target_id = t.id) as operations
        from targets t left join credentials c on c.id = t.credential_id
        where :limited and (t.max_parallel is not null or c.max_parallel is not null)
    ),
    room as (
        select target_id, credential_id, of_target - operations as on_target,
               of_credential - sum(operations) over (partition by credential_id) as with_credential
        from limits
    ),
    waiting as (
        select r.id, r.target_id, open.priority,
               row_number() over (
                   partition by open.owner order by open.priority desc, open.id, r.batch, r.place
               ) + coalesce((select sum(operations) from busy where busy.owner = open.owner), 0) as turn
        from open
        left join busy on busy.execution_id = open.id
        cross join lateral (
            select id, target_id, batch, place from execution_results
            where execution_id = open.id and status = 'scheduled' and batch <= open.current_batch
              and (lease_until is null or lease_until < now())
              and target_id not in (select target_id from room where on_target <= 0 or with_credential <= 0)
            order by batch, place
            limit greatest(0, least(:limit, coalesce(open.parallelism - coalesce(busy.operations, 0), :limit)))
        ) r
    ),
    on_targets as (
        select waiting.*, room.credential_id, room.on_target, room.with_credential,
               row_number() over (partition by waiting.target_id order by priority desc, turn, id) as nth
        from waiting join room on room.target_id = waiting.target_id
    ),
    with_credentials as (
        select id, priority, turn, with_credential,
               row_number() over (partition by credential_id order by priority desc, turn, id) as nth
        from on_targets where on_target is null or nth <= on_target
    ),
    allowed as (
        select id, priority, turn from waiting where target_id not in (select target_id from room)
        union all
        select id, priority, turn from with_credentials where with_credential is null or nth <= with_credential
    ),
    chosen as (select id from allowed order by priority desc, turn, id limit :limit),
    taken as (
        update execution_results
        set fence = fence + 1, lease_until = now() + make_interval(secs => :lease), worker = :worker
        where id in (
            select id from execution_results
            where id in (select id from chosen)
              and status = 'scheduled' and (lease_until is null or lease_until < now())
            order by id for update skip locked
        )
        returning id, execution_id, target_id, fence, first_action, batch, place
    )
    select taken.id, taken.execution_id, taken.target_id, taken.fence, taken.first_action,
           waited.number, waited.left_over
    from (
        select (select count(*) from chosen) as number,
               exists (
                   select from execution_results
                   where status = 'scheduled' and (lease_until is null or lease_until < now())
                     and id not in (select id from chosen)
               ) as left_over
    ) waited
    left join taken on true
    order by taken.batch, taken.place, taken.id
""")


@dataclass(frozen=True, slots=True)
class Worker:
    """Who takes work: by name, with room for so many operations, for so many seconds."""

    name: str
    free: int
    lease: float


class Taken(NamedTuple):
    """What a worker has taken, and whether it is worth looking again."""

    claims: list[Claim]
    overtaken: bool
    """Whether other workers took something meanwhile that was meant for this one."""
    left_over: bool
    """Whether results are left that nobody works on: for want of room, or because it is not their turn yet."""


async def take(session: AsyncSession, worker: Worker) -> Taken:
    """Take results that nobody works on, by turns and within limits.

    Those come first that a silent worker has begun, and that can be attached to again.
    """
    held, limited, abandoned = (await session.execute(_HOLD, {"key": LIMITED})).one()
    left = await take_over(session, worker) if abandoned else []
    limit = worker.free - len(left)
    given = {"worker": worker.name, "limit": limit, "lease": worker.lease, "held": held, "limited": limited}
    rows = (await session.execute(_CLAIM, given)).all()
    claims = [Claim(*row[:5]) for row in rows if row.id is not None]
    return Taken(claims + left, len(claims) < rows[0].number, rows[0].left_over or abandoned)


async def take_over(session: AsyncSession, worker: Worker) -> list[Claim]:
    """Take results that a silent worker has begun, and that can be attached to again."""
    expired = (
        select(R.id)
        .where(R.status == "running", R.lease_until < func.now(), is_detached())
        .order_by(R.lease_until)
        .limit(worker.free)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(R)
        .where(R.id.in_(expired))
        .values(fence=R.fence + 1, lease_until=after_lease(), worker=worker.name)
        .returning(R.id, R.execution_id, R.target_id, R.fence, R.first_action, R.steps, _since(R.updated_at))
    )
    return [
        Claim(*row) for row in await session.execute(taken, {"lease": worker.lease}, execution_options=PLAIN)
    ]


def _since(moment: Any) -> Any:
    return cast(func.extract("epoch", func.now() - moment), Float)
