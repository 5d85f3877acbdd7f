"""What a day could be expected to bring. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from liebian.insights.types import ExpectedDay

WEEKS = 8


def expect(day: date, revenue: Mapping[date, int], known_since: date) -> ExpectedDay:
    """The range that held six of the last eight same weekdays (the lowest and the highest are left out).

    >>> monday = date(2026, 3, 30)
    >>> past = {monday - timedelta(weeks=n): n * 100 for n in range(1, 9)}
    >>> found = expect(monday, {**past, monday: 450}, date(2025, 1, 1))
    >>> found.low_minor, found.high_minor
    (200, 700)
    """
    days = [day - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    value = revenue.get(day, 0)
    if days[-1] < known_since:
        return ExpectedDay(day, value, None, None)
    past = sorted(revenue.get(each, 0) for each in days)
    return ExpectedDay(day, value, past[1], past[-2])
