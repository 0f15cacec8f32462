"""What a benchmark prints."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, 95th percentile (nearest rank) and largest of some values."""
    ordered = sorted(values)
    rank = max(0, -(-len(ordered) * 95 // 100) - 1)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[rank], 1),
        "max": round(ordered[-1], 1),
    }


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def show(found: dict[str, Any], rows: dict[str, dict[str, Any]], title: str) -> None:
    """Print the whole as JSON (with --json), or as a table."""
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for heading in next(iter(rows.values())):
        table.add_column(heading, justify="right")
    for name, values in rows.items():
        table.add_row(name, *(str(value) for value in values.values()))
    Console().print(table)


def progress(text: str) -> None:
    """Tell on stderr what is under way."""
    sys.stderr.write(f"{text}\n")


def root() -> Path:
    """Return the project's folder."""
    return Path(__file__).parents[1]
