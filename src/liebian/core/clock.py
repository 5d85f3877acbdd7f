"""The only place that reads the clock. Called at the edge (views, command line, worker); everything below takes times."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def steady() -> float:
    """Seconds since some moment, on a clock that nobody can set; where the system knows, it goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
