"""How long and how often an action is tried: what the parameters of all actions have."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LONGEST_TIMEOUT = 24 * 3600  # s
Timeout = Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT, description="Seconds.")]


class Parameters(BaseModel):
    """What all actions have."""

    model_config = ConfigDict(extra="forbid")

    timeout: Timeout = 30
    retry_count: Annotated[
        int,
        Field(
            ge=0, le=10, description="Further attempts where nothing was sent, or the action is idempotent."
        ),
    ] = 0
    idempotent: Annotated[
        bool, Field(description="Running it twice does no harm: retries count for every failure.")
    ] = False
    continue_on_failure: Annotated[
        bool, Field(description="Go on with the target's next action all the same; the result stays failed.")
    ] = False
