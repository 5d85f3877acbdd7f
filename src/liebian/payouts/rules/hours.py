"""Hours of the day in which nothing is sent. Plain Python."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo


def is_quiet(moment: datetime, start: time | None, end: time | None, zone: str) -> bool:
    """Whether `moment` lies in [start, end) of the zone's clock; a start after the end goes over midnight.

    >>> from datetime import UTC
    >>> at = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
    >>> is_quiet(at, time(22), time(8), "Asia/Shanghai"), is_quiet(at, time(0), time(8), "Asia/Shanghai")
    (True, False)
    """
    if start is None or end is None or start == end:
        return False
    clock = moment.astimezone(ZoneInfo(zone)).time().replace(tzinfo=None)
    return start <= clock < end if start < end else clock >= start or clock < end
