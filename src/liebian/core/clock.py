"""The only place that reads the clock. Called at the edge (views, command line, worker); everything below takes times."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
