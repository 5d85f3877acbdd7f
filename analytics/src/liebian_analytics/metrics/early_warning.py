"""Early warning: customers whose silence or pace has left their own rhythm, while there is still time to act.

Owns the rules; the chance that somebody stays away is what ``liebian_analytics.models.churn`` estimates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.purchases import purchase_days
from liebian_analytics.periods import AsOf, end_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

WARNINGS: tuple[str, ...] = ("silent", "slowing", "none")
RECENT_GAPS = 2
"""Gaps that say how fast somebody buys now; the ones before say how fast they usually buy."""


def early_warnings(
    purchases: ir.Table,
    *,
    as_of: AsOf,
    min_purchases: int = 4,
    silent_spreads: float = 2.0,
    slow_factor: float = 1.5,
    customer: str = "customer_id",
    time: str = "day",
) -> ir.Table:
    """Who is silent for longer, or buys more slowly, than they usually do.

    The first line that fits decides:

    1. silent: no purchase for longer than the usual gap and ``silent_spreads`` standard deviations of it.
    2. slowing: the mean of the last two gaps is at least ``slow_factor`` times the usual gap.
    3. none.

    The usual gap is the mean of all gaps but the last two, so that a slow end does not hide itself; the spread of a
    person with only two usual gaps is little known, and at least a quarter of the usual gap is taken.

    Parameters
    ----------
    purchases
        One row per purchase (or order line); ``standing_orders`` fits.
    as_of
        Exclusive day: purchases of that day and later are not read.
    min_purchases
        Days with a purchase below which nobody has a rhythm, at least 4; such customers are left out.
    silent_spreads
        Standard deviations above the usual gap, at least 0.
    slow_factor
        Times the usual gap, above 1.
    customer, time
        Names of the columns, as for ``purchase_summary``. Purchases of one day count as one.

    Returns
    -------
    Lazy table, one row per customer with ``min_purchases`` purchase days before ``as_of``: ``customer_id`` (as given),
    ``warning`` string (a member of ``WARNINGS``), ``n_purchases`` int64, ``last_day`` date, ``recency_days`` int64 (1 = bought
    on the last day that counts), ``usual_gap_days`` float64, ``recent_gap_days`` float64 (mean of the last two gaps),
    ``usual_until_days`` float64 (silence up to which nothing is unusual), ``overdue_days`` float64 (silence beyond that; 0 if
    none). No order of rows.

    Raises
    ------
    BadArgument
        If a limit has no meaning.
    SchemaMismatch
        If a column is missing or of the wrong kind.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> days = [date(2026, 1, 1) + timedelta(days=n) for n in (0, 7, 14, 21, 28, 35)]
    >>> table = pa.table({"customer_id": [1] * 6, "day": days})
    >>> with connect() as engine:
    ...     rows = engine.from_arrow(table)
    ...     soon = engine.run(early_warnings(rows, as_of=date(2026, 2, 10)))["warning"].to_pylist()
    ...     late = engine.run(early_warnings(rows, as_of=date(2026, 3, 1)))["warning"].to_pylist()
    >>> soon, late
    (['none'], ['silent'])
    """
    import ibis

    _check_limits(min_purchases, silent_spreads, slow_factor)
    end = end_day(as_of)
    rows = purchase_days(purchases, customer, time, None)
    rows = rows.filter(rows.day < end)
    in_order = ibis.window(group_by="customer_id", order_by="day")
    newest_first = ibis.window(group_by="customer_id", order_by=ibis.desc("day"))
    rows = rows.mutate(
        gap=rows.day.delta(rows.day.lag().over(in_order), unit="day").cast("float64"),
        place=ibis.row_number().over(newest_first),
    )
    is_usual = rows.place >= RECENT_GAPS
    people = rows.group_by("customer_id").aggregate(
        n_purchases=rows.count().cast("int64"),
        last_day=rows.day.max(),
        usual_gap_days=rows.gap.mean(where=is_usual),
        squares=(rows.gap * rows.gap).mean(where=is_usual),
        recent_gap_days=rows.gap.mean(where=~is_usual),
    )
    people = people.filter(people.n_purchases >= min_purchases)
    spread = ibis.greatest(people.squares - people.usual_gap_days * people.usual_gap_days, 0.0).sqrt()
    spread = ibis.greatest(spread, people.usual_gap_days / 4)
    people = people.mutate(
        recency_days=ibis.literal(end).delta(people.last_day, unit="day").cast("int64"),
        usual_until_days=people.usual_gap_days + silent_spreads * spread,
    )
    warning = ibis.cases(
        (people.recency_days > people.usual_until_days, "silent"),
        (people.recent_gap_days >= slow_factor * people.usual_gap_days, "slowing"),
        else_="none",
    )
    return people.select(
        "customer_id",
        warning.name("warning"),
        "n_purchases",
        "last_day",
        "recency_days",
        "usual_gap_days",
        "recent_gap_days",
        "usual_until_days",
        overdue_days=ibis.greatest(people.recency_days - people.usual_until_days, 0.0),
    )


def _check_limits(min_purchases: int, silent_spreads: float, slow_factor: float) -> None:
    if min_purchases < RECENT_GAPS + 2:
        raise BadArgument(f"min_purchases must be at least {RECENT_GAPS + 2}: fewer purchases show no rhythm")
    if silent_spreads < 0:
        raise BadArgument(f"silent_spreads must be at least 0, got {silent_spreads}")
    if slow_factor <= 1:
        raise BadArgument(f"slow_factor must be above 1, got {slow_factor}")
