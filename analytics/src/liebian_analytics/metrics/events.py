"""Events per customer and business day: all that windowed counts need of the event log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liebian_analytics.schema import check_table

if TYPE_CHECKING:
    import ibis.expr.types as ir


def event_day_facts(events: ir.Table) -> ir.Table:
    """How often each event occurred per customer and business day.

    Parameters
    ----------
    events
        Canonical ``events``.

    Returns
    -------
    Lazy table, one row per (customer, day, name) that occurred: the canonical ``event_day_facts``. Days are whole, so
    it answers for any exclusive day, not for an instant inside one.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> with connect() as engine:
    ...     seen = engine.from_rows("events", [(1, n, "Product Viewed", at, at.date()) for n in (1, 2)])
    ...     engine.run(event_day_facts(seen))["n_events"].to_pylist()
    [2]
    """
    check_table(events, "events")
    return events.group_by("customer_id", "day", "name").aggregate(n_events=events.count())
