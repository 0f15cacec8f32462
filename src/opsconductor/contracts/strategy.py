"""How an execution is steered: in which order, how many at once, and when it stops."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from opsconductor.contracts.attempts import LONGEST_TIMEOUT
from opsconductor.kit.wire import In

Amount = (
    Annotated[int, Field(ge=0, le=10_000)]
    | Annotated[str, StringConstraints(pattern=r"^(100|[1-9]?[0-9](\.[0-9]{1,2})?)%$")]
)
"""A number of targets, or a share of them such as "25%"."""
Mode = Literal["attached", "detached"]


class Strategy(In):
    """How the work goes through the targets. Without any of these everything starts as soon as workers can."""

    parallelism: Annotated[
        int | None, Field(ge=1, le=10_000, description="Targets worked on at the same time, at most.")
    ] = None
    canary: Annotated[
        Amount | None, Field(description="Size of a first batch, which the others wait for.")
    ] = None
    batch_size: Annotated[
        Amount | None, Field(description="Size of each batch; a batch begins when the one before has ended.")
    ] = None
    pause_between_batches: Annotated[
        bool, Field(description="Pause after each batch until somebody resumes.")
    ] = False
    max_failures: Annotated[
        Amount | None,
        Field(description="Begin nothing more once more targets than this have failed; 0: after the first."),
    ] = None
    order: Annotated[Literal["given", "name", "random"], Field(description="Order of the targets.")] = "given"
    target_seconds: Annotated[
        float | None, Field(gt=0, le=LONGEST_TIMEOUT, description="s for all actions on one target.")
    ] = None
    deadline_seconds: Annotated[
        float | None,
        Field(gt=0, le=7 * LONGEST_TIMEOUT, description="s for the whole; then what runs is ended."),
    ] = None
    priority: Annotated[
        int, Field(ge=-10, le=10, description="Higher goes first; those alike take turns by user.")
    ] = 0
