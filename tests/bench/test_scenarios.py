"""Scenarios of the benchmarks, each with a handful of targets on one stack: so that none of them rots."""

import math
import socket
from collections.abc import Iterator
from typing import get_args

import pytest
from bench.__main__ import SCENARIOS
from bench.dead import dead_ports
from bench.scenario import Scenario, Site, site

from bench import health, many, ssh, start, thousand, warm, workflows
from opsconductor.apps.cli.checks import Benchmark
from opsconductor.stack.ports import LOOPBACK

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def here() -> Iterator[Site]:
    """A small site; no peers, which would have to be installed."""
    with site(5, with_peers=False) as small:
        yield small


@pytest.mark.parametrize(
    "scenario", [thousand.SCENARIO, start.SCENARIO, warm.SCENARIO, ssh.SCENARIO, health.SCENARIO]
)
def test_a_scenario_measures_and_judges_even_without_peers(scenario: Scenario, here: Site) -> None:
    rows = scenario.measure(here, 1)

    assert all(math.isfinite(row.ours) and row.ours > 0 for row in rows)
    assert any(row.met is not None for row in rows)
    assert all(row.met is None for row in rows if row.goal and row.goal.of == "ratio")


def test_flows_are_measured_without_ssh() -> None:
    scenario = workflows.SCENARIO
    with scenario.site(5, with_peers=False) as here:
        rows = {row.name: row for row in scenario.measure(here, 1)}
        message = {row.name: row for row in many.SCENARIO.measure(here, 1)}

    assert rows["5 at once: errors"].ours == 0
    assert all(math.isfinite(row.ours) for row in rows.values())
    lag = rows["5 at once: end in the core to the message leaving the node, p95"]
    assert lag.ours < lag.theirs
    assert message["5 targets in one message: its size"].ours < 0.1


def test_a_dead_port_drops_connections_instead_of_refusing_them() -> None:
    with dead_ports(1) as [port], pytest.raises(TimeoutError):
        socket.create_connection((LOOPBACK, port), timeout=0.3)


def test_the_command_line_knows_every_scenario() -> None:
    assert set(SCENARIOS) == set(get_args(Benchmark))
