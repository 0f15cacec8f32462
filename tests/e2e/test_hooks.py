"""A hook, from its deploy over the protection that somebody gives it in a browser to requests from outside."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.e2e.conftest import sign_in
from tests.support.chromium import Complaints, expect_to_fit
from tests.support.flows import deploy
from tests.support.hooks import by_token
from tests.support.whole_stack import WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PHONE = {"width": 390, "height": 844}
PLACE = {"z": "orders-tab", "x": 100, "y": 100}
FLOW: list[dict[str, Any]] = [
    {"id": "orders-tab", "type": "tab", "label": "Orders"},
    {
        **PLACE,
        **{"id": "orders-in", "type": "http in", "name": "New order", "url": "/orders", "method": "post"},
        "wires": [["orders-out"]],
    },
    {**PLACE, "id": "orders-out", "type": "http response", "statusCode": "202", "headers": {}, "wires": []},
]


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    """The administrator, with the session cookie that the editor's door wants."""
    with closing(whole_stack.set_up_with_session()) as client:
        yield client


def serve(admin: httpx.Client) -> None:
    """Deploy the flow, and wait until Node-RED serves its hook."""
    deploy(admin, *FLOW)
    deadline = time.monotonic() + 20
    while httpx.post(admin.base_url.join("/hooks/orders")).status_code == httpx.codes.NOT_FOUND:
        assert time.monotonic() < deadline, "Node-RED does not serve the hook"
        time.sleep(0.1)


async def issue(page: Page, label: str) -> str:
    """Issue a secret in the browser; return it, once it is copied."""
    await page.get_by_role("button", name="Issue a secret").click()
    secret = await page.get_by_role("textbox", name=label).input_value()
    await page.get_by_role("button", name="Copy secret").click()
    await page.get_by_role("button", name="Copied").wait_for()
    assert await page.evaluate("navigator.clipboard.readText()") == secret
    return secret


async def in_a_shell(example: str, secret: str) -> str:
    """Run what is shown to be tried; return the status of the answer."""
    quiet = example.replace("curl ", "curl --silent --output /dev/null --write-out %{http_code} ", 1)
    environment = {"PATH": os.environ["PATH"], "SECRET": secret}
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", quiet, env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return said.decode()


async def test_a_hook_is_closed_until_somebody_protects_it_and_open_to_nobody_else(
    page: Page, whole_stack: WholeStack, admin: httpx.Client
) -> None:
    complaints = Complaints()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(page)
    complaints.listen_to(page)
    await page.get_by_role("link", name="Hooks").click()
    await expect(page.get_by_role("heading", name="No flow serves a hook yet")).to_be_visible()
    await asyncio.to_thread(serve, admin)
    async with httpx.AsyncClient() as nobody:
        closed = await nobody.post(f"{whole_stack.url}/hooks/orders")
    assert (closed.status_code, closed.json()["code"]) == (401, "hook_unprotected")
    assert closed.headers["content-security-policy"] == "sandbox"

    await page.reload()
    row = page.get_by_role("row").filter(has_text="POST /orders")
    await expect(row).to_contain_text("Closed")
    await row.get_by_role("link", name="POST /orders").press("Enter")
    await expect(page.get_by_text("the hook was closed")).to_be_visible()
    await page.get_by_role("radio", name="Closed").focus()
    await page.keyboard.press("ArrowDown")  # Token
    await page.keyboard.press("ArrowDown")  # Signature
    await expect(page.get_by_role("radio", name="Signature")).to_be_checked()
    await page.get_by_role("button", name="Set protection").press("Enter")
    key = await issue(page, "Key of the signature")
    example = await page.locator("pre, code").filter(has_text="curl").first.inner_text()
    assert await in_a_shell(example, key) == "202"
    assert await in_a_shell(example, "another") == "401"
    await page.get_by_role("button", name="Done").click()
    await page.set_viewport_size(PHONE)
    await page.get_by_role("radio", name="Token").click(trial=True)
    await expect_to_fit(page)

    await page.get_by_role("radio", name="Token").check()
    await page.get_by_role("button", name="Set protection").click()
    await page.get_by_role("dialog", name="End the secrets").get_by_role("button", name="Change").click()
    token = await issue(page, "Token")
    await page.get_by_role("button", name="Done").click()
    assert await in_a_shell(example, key) == "401"
    async with httpx.AsyncClient(base_url=whole_stack.url, headers=by_token(token)) as sender:
        assert (await sender.post("/hooks/orders")).status_code == 202
        await page.get_by_role("button", name=f"Revoke {token[:16]}").click()
        await page.get_by_role("dialog", name="Revoke").get_by_role("button", name="Revoke").click()
        await expect(page.get_by_text("is revoked")).to_be_visible()
        refused = await sender.post("/hooks/orders")
    assert (refused.status_code, refused.json()["code"]) == (401, "hook_refused")

    page_of_runs = await page.request.get("/api/v3/workflow-executions?flow_id=orders-tab")
    runs = (await page_of_runs.json())["items"]
    assert {run["started_by"] for run in runs} <= {f"hmac {key[:16]}…", f"token {token[:16]}…"}
    assert token not in json.dumps(runs)
    shown = await page.content()
    assert not [secret for secret in (token, key) if secret in shown]
    assert complaints == []
