"""When a failing unit is tried again, when its event is looked for, and how its rate is counted. Plain Python."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from datetime import datetime

LOOK_FOR_EVENT_AFTER = 3  # failures at one position
STOP_AFTER = 5
MAX_ASIDE = 20  # events set aside within `ASIDE_WINDOW`: more is no poisoned event, it is us
ASIDE_WINDOW = 600.0
RATE_WINDOW = 60.0
_LONGEST = 60.0
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d[\d -]{5,}\d")


def pause_after(failures: int) -> float:
    """Seconds until the next attempt: doubled each time, at most a minute.

    >>> [pause_after(n) for n in (1, 2, 3, 10)]
    [1.0, 2.0, 4.0, 60.0]
    """
    return float(min(_LONGEST, 2.0 ** min(failures - 1, 10)))


def is_resting(failed_at: datetime | None, retry_at: datetime | None, now: datetime) -> bool:
    """Whether a unit that failed still waits. A failure in the future says that the clock went back since: nothing waits
    for that.

    >>> noon, later, soon = (datetime(2026, 6, 1, 12, minute) for minute in (0, 1, 2))
    >>> is_resting(noon, soon, later), is_resting(noon, later, soon), is_resting(later, soon, noon)
    (True, False, False)
    """
    if failed_at is None or retry_at is None:
        return False
    return failed_at <= now < retry_at


def shown_error(error: BaseException) -> str:
    """An error for people who look after the installation: its kind and first line, without anything personal in it.

    >>> shown_error(ValueError("bad phone 13800138000 of lin@example.com\\nmore"))
    'ValueError: bad phone … of …'
    """
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {_PERSONAL.sub('…', first)}"[:300]


def place_of(error: BaseException) -> str:
    """Where it was raised, without the values that were at hand there."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames[-4:])
    )


def add_sample(samples: Sequence[Sequence[float]], now: float, position: int) -> list[list[float]]:
    """Positions of the last minute, oldest first."""
    kept = [[at, place] for at, place in samples if now - RATE_WINDOW <= at <= now and place <= position]
    return [*kept, [now, position]]


def rate_of(samples: Sequence[Sequence[float]], now: float) -> float:
    """Events a second over the last minute; standing still counts.

    >>> rate_of([[100.0, 0], [110.0, 500]], 120.0), rate_of([[100.0, 0], [110.0, 500]], 200.0)
    (25.0, 0.0)
    """
    recent = [sample for sample in samples if 0 <= now - sample[0] <= RATE_WINDOW]
    if not recent or now - recent[0][0] < 1.0:
        return 0.0
    return (recent[-1][1] - recent[0][1]) / (now - recent[0][0])
