"""Hooks: what Node-RED asks, through the bridge, of a request to a path that a flow serves."""

from typing import Annotated, Literal, get_args
from uuid import UUID

from fastapi import Header, Query
from pydantic import BaseModel

HookMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
HOOK_METHODS: tuple[HookMethod, ...] = get_args(HookMethod)
Protection = Literal["token", "hmac", "github", "open"]
"""How a request proves itself: by a bearer token, by a signature of ours or of GitHub's kind, or not at all."""
PROTECTIONS: tuple[Protection, ...] = get_args(Protection)

LONGEST_PATH = 500
HOOK_BODY = 5 * 1024 * 1024  # bytes of a request to a hook; nodered/runtime/hooks.js has it too
HOOK_LIMIT = (
    HOOK_BODY + 1024
)  # bytes that bridge and core take; that larger ones are refused, Node-RED has said already

Method = Annotated[HookMethod, Query(description="As the route has it: a HEAD is a GET.")]
Path = Annotated[
    str,
    Query(
        min_length=1,
        max_length=LONGEST_PATH,
        pattern=r"^/[^\x00]*$",
        description="The pattern of the route, `/orders/:id`; not what was asked for.",
    ),
]
Shown = Annotated[str | None, Header(max_length=300)]
"""Something that a request shows to prove itself."""


class HookPassed(BaseModel):
    """The request may reach the flow. `by` names the secret that it proved to know, as lists show it."""

    hook_id: UUID
    by: str | None
