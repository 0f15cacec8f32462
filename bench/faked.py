"""A stack whose worker reaches targets by the fake transport, and as many targets as are wanted.

What is measured with it is everything but SSH: Node-RED, bridge, core, databases, and the worker's own work.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg

from bench.figures import root
from opsconductor.apps.cli.lifecycle import fork_and_serve
from opsconductor.stack import embedded
from opsconductor.stack.embedded import Layout
from opsconductor.stack.folders import DataDir
from opsconductor.stack.services import Service
from opsconductor.transports.base import Command
from opsconductor.transports.fake.script import Answer

PROGRAM = ("bench.faked",)
WORKER, FAKE_WORKER = "opsconductor.apps.worker:app", "bench.fake_worker:app"
AT_ONCE = 1000
"""Targets that the worker works on at once: what is measured should not be how long they wait for each other."""
COPY = """
insert into targets
select (jsonb_populate_record(null::targets, to_jsonb(t) || jsonb_build_object(
  'id', gen_random_uuid(), 'name', 'fake-' || n, 'host', 'fake-' || n, 'environment', 'staging'))).*
from targets t, generate_series(1, %s) n where t.id = %s
returning id::text
"""


def answer(command: Command) -> Answer:
    """Say when the command began, and take as long as it says (`sleep 2`)."""
    _, _, wanted = command.text.partition("sleep ")
    return Answer(stdout=str(time.time_ns()).encode(), seconds=float(wanted.split()[0]) if wanted else 0.0)


def copies(data: DataDir, target: str, count: int) -> list[str]:
    """Add targets like this one, past the API, which would take minutes for thousands; return their ids."""
    with psycopg.connect((data.secrets / "database_url").read_text()) as connection:
        return [row[0] for row in connection.execute(COPY, [count, target])]


def services(layout: Layout, *, with_fleet: bool = False) -> list[Service]:
    """Return what the stack is made of, with another worker."""
    return list(_with_fake_worker(embedded.services(layout, with_fleet=with_fleet)))


def _with_fake_worker(found: list[Service]) -> Iterator[Service]:
    for service in found:
        if service.name != "worker":
            yield service
            continue
        command = [FAKE_WORKER if word == WORKER else word for word in service.command]
        more = {
            "PYTHONPATH": f"{service.environment['PYTHONPATH']}:{root()}",
            "OPSCONDUCTOR_MAX_PARALLEL": str(AT_ONCE),
        }
        yield replace(service, command=command, environment={**service.environment, **more})


if __name__ == "__main__":
    parser = argparse.ArgumentParser("bench.faked")
    parser.add_argument("--data-dir", type=Path, required=True)
    fork_and_serve(DataDir.at(parser.parse_args().data_dir), services=services)
