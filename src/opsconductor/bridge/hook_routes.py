"""Whether a request to a hook may reach its flow: what Node-RED asks before it hands one over."""

from fastapi import Depends, Request
from fastapi.responses import Response

from opsconductor.bridge.core import fingerprint, passed_back, passed_on
from opsconductor.bridge.state import TheBridge, address_of, count, token_of
from opsconductor.contracts.hooks import HookPassed, Method, Path, Shown
from opsconductor.kit.branch import Branch
from opsconductor.kit.http import only_known_parameters
from opsconductor.kit.rate import Limit

SHOWN = (
    b"x-hook-token",
    b"x-hook-timestamp",
    b"x-hook-signature",
    b"x-hub-signature-256",
    b"x-github-delivery",
)

router = Branch(prefix="/api/nodered/hooks", dependencies=[Depends(only_known_parameters), Depends(token_of)])


async def limited_by_address(
    request: Request, method: Method, path: Path, bridge: TheBridge, x_hook_address: Shown = None
) -> None:
    """Let a request through if not too many came to this hook from its address, proven or not.

    Not counted as Node-RED's own: what the world sends must not keep it from telling of its runs.
    """
    key = fingerprint(method, path, x_hook_address or address_of(request))
    await count(request, bridge, [Limit("address", key, bridge.settings.hook_rate)])


@router.post("/check", response_model=HookPassed, dependencies=[Depends(limited_by_address)])
async def check_hook_request(
    method: Method,
    path: Path,
    request: Request,
    bridge: TheBridge,
    x_hook_token: Shown = None,
    x_hook_timestamp: Shown = None,
    x_hook_signature: Shown = None,
    x_hub_signature_256: Shown = None,
    x_github_delivery: Shown = None,
) -> Response:
    """Let a request to a hook through (its body is this one's, where it is signed), or refuse it.

    Secrets and signatures are held against each other in the core: neither Node-RED nor the bridge has any key.
    """
    headers = [*passed_on(request), *((n, value) for n, value in request.headers.raw if n in SHOWN)]
    params = {"method": method, "path": path}
    content = await request.body()
    async with bridge.turns.to_check():
        answer = await bridge.core.ask(
            request, "POST", "/internal/hooks/check", headers, params=params, content=content
        )
    return passed_back(answer)
