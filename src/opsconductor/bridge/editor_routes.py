"""The question nginx asks before each request to Node-RED's editor: whose is it?"""

import json

from fastapi import Request
from fastapi.responses import Response

from opsconductor.bridge.core import NO_STORE, fingerprint
from opsconductor.bridge.state import Bridge, TheBridge
from opsconductor.kit.branch import Branch
from opsconductor.kit.errors import ForeignOrigin, NotSignedIn

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

router = Branch(prefix="/internal")


@router.get("/editor-auth", status_code=204)
async def editor_auth(request: Request, bridge: TheBridge) -> Response:
    """Turn the browser's session cookie into a ticket for Node-RED; 401 where there is no session."""
    if _changes_something(request) and _is_of_a_foreign_page(request, bridge.settings.public_origin):
        raise ForeignOrigin(headers=NO_STORE)
    cookies = "; ".join(request.headers.getlist("cookie"))
    if not cookies:
        raise NotSignedIn("Sign in first: there is no session in the request.", headers=NO_STORE)
    ticket = await bridge.recent.editor_tickets.get(
        fingerprint(cookies), lambda: _ticket(bridge, request, cookies)
    )
    return Response(status_code=204, headers={"X-Opsc-Session": ticket, **NO_STORE})


async def _ticket(bridge: Bridge, request: Request, cookies: str) -> str:
    headers = [(b"cookie", _that_may_be_ours(cookies).encode())]
    answer = await bridge.core.ask(request, "GET", "/internal/editor-ticket", headers)
    return str(json.loads(answer.content)["ticket"])


def _that_may_be_ours(cookies: str) -> str:
    """Leave out what can't be ours: an odd cookie of something else on this host must not keep anybody out."""
    return ";".join(one for one in cookies.split(";") if one.isascii() and one.isprintable())


def _changes_something(request: Request) -> bool:
    """Tell whether a foreign page could do harm with it. A page of any origin may open a WebSocket and read it."""
    method = request.headers.get("x-original-method", "unknown").upper()
    upgrades = [request.headers.get(name, "") for name in ("upgrade", "x-original-upgrade")]
    return method not in SAFE_METHODS or any("websocket" in value.lower() for value in upgrades)


def _is_of_a_foreign_page(request: Request, public_origin: str) -> bool:
    origin = request.headers.get("origin")
    here = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return origin is not None and origin not in (public_origin, here)
