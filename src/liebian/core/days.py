"""Business days of the organisation: whole, half-open days in its time zone.

>>> from datetime import UTC, datetime
>>> day_of(datetime(2026, 1, 1, 16, 0, tzinfo=UTC), "Asia/Shanghai").isoformat()
'2026-01-02'
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_of(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def day_start(day: date, zone: str) -> datetime:
    """First instant of the day, in UTC."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_end(day: date, zone: str) -> datetime:
    """First instant after the day, in UTC."""
    return day_start(day + timedelta(days=1), zone)
