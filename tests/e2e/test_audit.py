"""The audit page in a real browser: verified, unbroken, broken, exported; on a desk and on a telephone."""

from typing import Literal

import psycopg
import pytest
from playwright.async_api import Page, expect
from tests.e2e.conftest import sign_in
from tests.support.chromium import Complaints, expect_to_fit
from tests.support.whole_stack import WholeStack

from opsconductor.audit.exporting import verify_file

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
FORGE = """
update audit_entries set actor_name = 'nobody' where id = (select entry_id from audit_chain where position = 2)
"""


def _forge(whole_stack: WholeStack) -> None:
    """Change an entry as only the database's superuser can."""
    owner = (whole_stack.data.secrets / "opsconductor_migration_database_url").read_text()
    with psycopg.connect(owner) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(FORGE)


async def test_whether_the_log_is_unbroken_is_seen_at_a_click(page: Page, whole_stack: WholeStack) -> None:
    complaints = Complaints()
    complaints.listen_to(page)
    client = whole_stack.set_up()
    for number in range(8):
        client.post("/api/v3/targets", json={"name": f"web-{number}", "host": "127.0.0.1"})
    client.close()
    await sign_in(page)
    await page.get_by_role("link", name="Audit").click()
    await expect(page.get_by_text("each chained to the one before")).to_be_visible()

    async with page.expect_download() as download:
        await page.get_by_role("link", name="Export").click()
    exported = (await (await download.value).path()).read_bytes().splitlines()
    await _verify(page, "status", "verified, unbroken")
    await page.set_viewport_size(PHONE)
    await _verify(page, "status", "verified, unbroken")
    _forge(whole_stack)
    await _verify(page, "alert", "The entry at position 2 is not what was written")
    await page.set_viewport_size(DESK)
    await _verify(page, "alert", "The entry at position 2 is not what was written")

    assert verify_file(exported).intact
    assert len(exported) > 8
    assert complaints == []


async def _verify(page: Page, role: Literal["status", "alert"], sentence: str) -> None:
    await page.get_by_role("button", name="Verify").click()
    await expect(page.get_by_role(role).filter(has_text=sentence)).to_be_visible()
    await expect_to_fit(page)
