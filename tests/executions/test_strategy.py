"""How the work goes through the targets, calculated."""

import pytest
from pydantic import TypeAdapter, ValidationError

from opsconductor.contracts.actions import Action
from opsconductor.contracts.strategy import Strategy
from opsconductor.executions.strategy import course, in_order

ACTIONS: TypeAdapter[list[Action]] = TypeAdapter(list[Action])
ONE = ACTIONS.validate_python(
    [{"action_type": "command", "action_parameters": {"command": "true", "timeout": 40}}]
)


@pytest.mark.parametrize(
    ("strategy", "count", "batches"),
    [
        ({}, 7, [7]),
        ({"batch_size": 3}, 7, [3, 3, 1]),
        ({"batch_size": "25%"}, 10, [2, 2, 2, 2, 2]),
        ({"batch_size": "1%"}, 10, [1] * 10),
        ({"canary": 1}, 7, [1, 6]),
        ({"canary": 1, "batch_size": "50%"}, 8, [1, 4, 3]),
        ({"canary": 10}, 3, [3]),
        ({"canary": 0}, 3, [1, 2]),
        ({"batch_size": 100}, 3, [3]),
        ({"batch_size": "100%"}, 1, [1]),
    ],
)
def test_targets_are_divided_into_batches(strategy, count, batches):
    way = course(Strategy(**strategy), ONE, count)

    assert way.batches == batches
    assert [way.batch_of(place) for place in range(count)] == [
        number for number, size in enumerate(batches) for _ in range(size)
    ]


@pytest.mark.parametrize(("amount", "limit"), [(0, 0), (3, 3), ("10%", 2), ("33.5%", 6), ("0%", 0)])
def test_a_limit_of_failures_may_be_a_share(amount, limit):
    assert course(Strategy(max_failures=amount), ONE, 20).max_failures == limit


@pytest.mark.parametrize("amount", ["101%", "-1%", "ten", "100.5%", -1, "1e3%", 10_001])
def test_an_amount_that_makes_no_sense_is_refused(amount):
    with pytest.raises(ValidationError):
        Strategy(batch_size=amount)


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [
        ({}, 100),
        ({"parallelism": 2}, 500),
        ({"batch_size": 5, "parallelism": 2}, 600),
        ({"target_seconds": 30}, 30),
        ({"deadline_seconds": 50}, 50),
    ],
)
def test_the_longest_time_counts_waves(strategy, seconds):
    assert course(Strategy(**strategy), ONE, 10).longest_seconds == seconds


def test_by_name_means_without_regard_to_capitals():
    assert in_order(Strategy(order="name"), {1: "b", 2: "A", 3: "c"}) == [2, 1, 3]


def test_a_random_order_has_everybody_once():
    names = {number: str(number) for number in range(100)}
    drawn = in_order(Strategy(order="random"), names)

    assert sorted(drawn) == list(names)
    assert drawn != list(names)
