"""What Node-RED asks, through the bridge, of each request to a hook."""

from typing import Annotated

from fastapi import Depends, Request

from opsconductor.contracts.hooks import HookPassed, Method, Path, Shown
from opsconductor.hooks import proofs
from opsconductor.hooks.checking import Checker
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.requests import Uow

internal = Branch(prefix="/internal/hooks", include_in_schema=False)


async def checker_of(request: Request) -> Checker:
    """Return the application's checker of requests to hooks."""
    found: Checker = request.app.state.hook_checker
    return found


async def shown_by(
    request: Request,
    x_hook_token: Shown = None,
    x_hook_timestamp: Shown = None,
    x_hook_signature: Shown = None,
    x_hub_signature_256: Shown = None,
    x_github_delivery: Shown = None,
) -> proofs.Shown:
    """Return everything that a request to a hook shows."""
    return proofs.Shown(
        token=x_hook_token,
        timestamp=x_hook_timestamp,
        signature=x_hook_signature,
        hub_signature=x_hub_signature_256,
        delivery=x_github_delivery,
        body=await request.body(),
    )


@internal.post("/check")
@allowed("hooks.check")
async def check_hook_request(
    method: Method,
    path: Path,
    shown: Annotated[proofs.Shown, Depends(shown_by)],
    uow: Uow,
    checker: Annotated[Checker, Depends(checker_of)],
) -> HookPassed:
    """Let a request to a hook through, or refuse it."""
    return await checker.check(uow, method, path, shown)
