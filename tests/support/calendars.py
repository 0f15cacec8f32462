"""Calendars that are open or closed now, whenever now is."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.core import Core

ALWAYS = {
    "type": "weekly",
    "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "start": "00:00",
    "minutes": 1440,
}


def once(begins_in: float, ends_in: float) -> dict[str, Any]:
    """Return a window by seconds from now, in UTC."""
    now = datetime.now(UTC).replace(tzinfo=None)
    start, end = (now + timedelta(seconds=seconds) for seconds in (begins_in, ends_in))
    return {"type": "once", "start": start.isoformat(), "end": end.isoformat()}


def a_calendar(kind: str = "blackout", *windows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the body of a calendar; without windows it has one that is always there."""
    name = f"calendar-{os.urandom(4).hex()}"
    return {"name": name, "kind": kind, "time_zone": "UTC", "windows": list(windows or [ALWAYS]), **more}


async def keep(core: Core, body: dict[str, Any]) -> dict[str, Any]:
    """Keep a calendar."""
    answer = await core.admin.post("/calendars", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@asynccontextmanager
async def kept(
    core: Core, kind: str = "blackout", *windows: dict[str, Any], **more: Any
) -> AsyncIterator[dict[str, Any]]:
    """Keep a calendar for a while."""
    calendar = await keep(core, a_calendar(kind, *windows, **more))
    try:
        yield calendar
    finally:
        assert (await core.admin.delete(f"/calendars/{calendar['id']}")).status_code == 204
