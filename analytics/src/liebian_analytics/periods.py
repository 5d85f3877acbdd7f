"""Days and windows: business days, half-open, ending before ``as_of``. Does not know what today is.

``as_of`` is exclusive. A ``date`` is a business day: facts of that day and later do not count. An aware ``datetime``
is an instant: facts from that instant on do not count, and the day in progress at that instant, read in the time
zone the value carries, is the last one. Convert to the organisation's zone first (``moment.astimezone(zone)``).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument

if TYPE_CHECKING:
    import ibis.expr.types as ir

AsOf = date | datetime


def end_day(as_of: AsOf) -> date:
    """First business day that does not count, the day from which days are counted back.

    Parameters
    ----------
    as_of
        Exclusive day, or exclusive aware instant in the organisation's zone.

    Raises
    ------
    BadArgument
        If an instant has no time zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> end_day(date(2026, 3, 1))
    datetime.date(2026, 3, 1)
    >>> end_day(datetime(2026, 3, 1, 0, 0, tzinfo=UTC)), end_day(datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 2))
    """
    if not isinstance(as_of, datetime):
        return as_of
    if as_of.tzinfo is None:
        raise BadArgument(f"as_of {as_of.isoformat()} has no time zone; pass an aware instant or a date")
    return as_of.date() if as_of.time() == time.min else as_of.date() + timedelta(days=1)


def window_start(as_of: AsOf, days: int) -> date:
    """First day of the window of the last ``days`` business days before ``as_of``.

    Examples
    --------
    >>> window_start(date(2026, 3, 1), 28)
    datetime.date(2026, 2, 1)

    Raises
    ------
    BadArgument
        If ``days`` is less than 1.
    """
    if days < 1:
        raise BadArgument(f"a window needs at least 1 day, got {days}")
    try:
        return end_day(as_of) - timedelta(days=days)
    except OverflowError:
        return date.min


def before(table: ir.Table, as_of: AsOf) -> ir.Table:
    """The rows that count as of ``as_of``, as a lazy table.

    Parameters
    ----------
    table
        Facts with ``day`` (date, business day) and, when ``as_of`` is an instant, ``at`` (timestamp, UTC).
    as_of
        Exclusive day or aware instant.

    Examples
    --------
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     facts = engine.from_rows("event_day_facts", [(1, date(2026, 1, 1), "Seen", 1), (1, date(2026, 1, 2), "Seen", 1)])
    ...     engine.run(before(facts, date(2026, 1, 2))).num_rows
    1
    """
    import ibis

    end_day(as_of)
    if isinstance(as_of, datetime):
        return table.filter(table.at < ibis.literal(as_of))
    return table.filter(table.day < as_of)


def days_before(end: date, day: ir.Value) -> ir.Value:
    """Whole days from ``day`` to ``end`` as int64: 1 for the day before ``end``; null where ``day`` is null."""
    import ibis

    return ibis.literal(end).delta(day, unit="day").cast("int64")
