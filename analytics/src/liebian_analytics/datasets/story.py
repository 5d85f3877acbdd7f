"""Short ways to write a history down: days are numbered, day 1 is 1 January 2026, everything happens at noon UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

FIRST_DAY = date(2026, 1, 1)


def day(number: int) -> date:
    """Day ``number`` of the story.

    >>> day(32)
    datetime.date(2026, 2, 1)
    """
    return FIRST_DAY + timedelta(days=number - 1)


def noon(number: int) -> datetime:
    """Noon of day ``number``, UTC.

    >>> noon(1).isoformat()
    '2026-01-01T12:00:00+00:00'
    """
    return datetime.combine(day(number), time(12), tzinfo=UTC)


def fact(
    customer: int, order: int, on: int, amount: int, n: int = 1, kind: str = "paid", channel: str | None = "store"
) -> tuple[Any, ...]:
    """A row of ``order_facts`` on day ``on``, in CNY.

    >>> fact(1, 7, 2, 900)[:4]
    (1, 7, 'A7', 'paid')
    """
    return (customer, order, f"A{order}", kind, noon(on), day(on), amount, "CNY", channel, n)


def person(customer: int, since: int = 1) -> tuple[Any, ...]:
    """A row of ``customers``, first seen on day ``since``.

    >>> person(1, since=2)[2]
    datetime.date(2026, 1, 2)
    """
    return (customer, noon(since), day(since))
