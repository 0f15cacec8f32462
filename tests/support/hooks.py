"""Hooks for tests: protecting one as a person does, and proving a request to it as its sender does."""

import hashlib
import hmac
import time
from typing import Any

import httpx


async def the_hook(api: httpx.AsyncClient, method: str, path: str) -> dict[str, Any]:
    """Return the hook with this method and path."""
    page = (await api.get("/hooks", params={"limit": 200})).json()
    [found] = [hook for hook in page["items"] if (hook["method"], hook["path"]) == (method, path)]
    return dict(found)


async def protect(api: httpx.AsyncClient, method: str, path: str, protection: str | None) -> dict[str, Any]:
    """Say how requests to a hook prove themselves; return the hook."""
    hook = await the_hook(api, method, path)
    answer = await api.put(f"/hooks/{hook['id']}/protection", json={"protection": protection})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def issue(
    api: httpx.AsyncClient, method: str, path: str, protection: str = "token", **wanted: object
) -> str:
    """Protect a hook like this, and return a new secret of it."""
    hook = await protect(api, method, path, protection)
    answer = await api.post(f"/hooks/{hook['id']}/secrets", json=wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])


def by_token(token: str) -> dict[str, str]:
    """Return the header that a token is sent in."""
    return {"Authorization": f"Bearer {token}"}


def signed(key: str, body: bytes, timestamp: str | None = None) -> dict[str, str]:
    """Return the headers of a signature of ours."""
    at = timestamp or f"{time.time():.6f}"
    signature = hmac.digest(key.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
    return {"X-Hook-Timestamp": at, "X-Hook-Signature": f"sha256={signature}"}


def signed_by_github(key: str, body: bytes, delivery: str) -> dict[str, str]:
    """Return the headers of a signature as GitHub makes it."""
    signature = hmac.digest(key.encode(), body, hashlib.sha256).hex()
    return {"X-GitHub-Delivery": delivery, "X-Hub-Signature-256": f"sha256={signature}"}
