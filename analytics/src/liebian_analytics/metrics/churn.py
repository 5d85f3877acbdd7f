"""What was known about each customer's buying on a day, and whether they bought afterwards.

Owns the reduction of purchases to as-of features and outcomes, on the engine. Learns nothing. A feature as of a day reads
purchases before that day only; an outcome reads purchases from that day on only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.purchases import purchase_days
from liebian_analytics.periods import AsOf, end_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

WINDOWS = (30, 90, 180)
FEATURES = (
    "recency_days", "age_days", "n_purchases", "mean_gap_days", "last_gap_days", "gap_spread", "silence_ratio",
    *(f"n_last_{days}_days" for days in WINDOWS),
)  # fmt: skip
"""Names of the columns that models read, in their order."""


def churn_features(
    purchases: ir.Table, *, as_of: AsOf, customer: str = "customer_id", time: str = "day", amount: str | None = None
) -> ir.Table:
    """How each customer had bought before ``as_of``: how lately, how often, in what rhythm.

    Parameters
    ----------
    purchases
        One row per purchase (or order line); ``standing_orders`` fits.
    as_of
        Exclusive day: purchases of that day and later are not read.
    customer, time, amount
        Names of the columns, as for ``purchase_summary``. Purchases of one day count as one.

    Returns
    -------
    Lazy table, one row per customer with a purchase before ``as_of``: ``customer_id`` (as given), ``recency_days`` int64
    (days since the last purchase, 1 = the last day that counts), ``age_days`` int64 (days since the first), ``n_purchases``
    int64 (days with a purchase), ``mean_gap_days`` float64 (mean days between two purchases; null for one purchase),
    ``last_gap_days`` int64 (between the last two; null for one), ``gap_spread`` float64 (standard deviation of the gaps over
    their mean; null below three purchases), ``silence_ratio`` float64 (``recency_days`` / ``mean_gap_days``; null for
    one purchase), ``n_last_30_days``, ``n_last_90_days``, ``n_last_180_days`` int64 (purchase days in the last so many
    days); with ``amount`` ``mean_amount`` and ``last_amount`` float64 (unit of ``amount``; per purchase day). No order of
    rows.

    Raises
    ------
    SchemaMismatch
        If a column is missing or of the wrong kind.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> days = [date(2026, 1, 1), date(2026, 1, 11), date(2026, 1, 21), date(2026, 3, 1)]
    >>> table = pa.table({"customer_id": [1, 1, 1, 1], "day": days})
    >>> with connect() as engine:
    ...     row = engine.run(churn_features(engine.from_arrow(table), as_of=date(2026, 2, 10))).to_pylist()[0]
    >>> row["recency_days"], row["n_purchases"], row["mean_gap_days"], row["silence_ratio"], row["n_last_30_days"]
    (20, 3, 10.0, 2.0, 2)
    """
    import ibis

    end = end_day(as_of)
    rows = purchase_days(purchases, customer, time, amount)
    rows = rows.filter(rows.day < end)
    previous = rows.day.lag().over(ibis.window(group_by="customer_id", order_by="day"))
    rows = rows.mutate(
        gap=rows.day.delta(previous, unit="day").cast("float64"), ago=ibis.literal(end).delta(rows.day, unit="day")
    )
    people = rows.group_by("customer_id").aggregate(
        recency_days=rows.ago.min().cast("int64"),
        age_days=rows.ago.max().cast("int64"),
        n_purchases=rows.count().cast("int64"),
        mean_gap_days=rows.gap.mean(),
        last_gap_days=rows.gap.argmax(rows.day).cast("int64"),
        squares=(rows.gap * rows.gap).mean(),
        **{f"n_last_{days}_days": rows.count(where=rows.ago <= days).cast("int64") for days in WINDOWS},
        **({"mean_amount": rows.amount.mean(), "last_amount": rows.amount.argmax(rows.day)} if amount else {}),
    )
    variance = people.squares - people.mean_gap_days * people.mean_gap_days
    people = people.mutate(
        gap_spread=ibis.ifelse(
            people.n_purchases > 2, ibis.greatest(variance, 0.0).sqrt() / people.mean_gap_days, ibis.null("float64")
        ),
        silence_ratio=people.recency_days / people.mean_gap_days,
    )
    return people.select("customer_id", *FEATURES, *(["mean_amount", "last_amount"] if amount else []))


def churn_outcomes(
    purchases: ir.Table, *, as_of: AsOf, horizon_days: int, customer: str = "customer_id", time: str = "day"
) -> ir.Table:
    """Whether each customer who had bought before ``as_of`` bought in the days from then on.

    Parameters
    ----------
    purchases, as_of, customer, time
        As for ``churn_features``.
    horizon_days
        Days from ``as_of`` on in which a purchase is looked for.

    Returns
    -------
    Lazy table, one row per customer with a purchase before ``as_of``: ``customer_id``, ``churned`` boolean (no purchase in
    the ``horizon_days`` from ``as_of`` on).

    Raises
    ------
    BadArgument
        If the horizon is not at least a day.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> days = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 5)]
    >>> table = pa.table({"customer_id": [1, 1, 2], "day": days})
    >>> with connect() as engine:
    ...     found = churn_outcomes(engine.from_arrow(table), as_of=date(2026, 1, 10), horizon_days=30)
    ...     engine.run(found.order_by("customer_id"))["churned"].to_pylist()
    [False, True]
    """
    if horizon_days < 1:
        raise BadArgument(f"the horizon must be at least 1 day, got {horizon_days}")
    start = end_day(as_of)
    rows = purchase_days(purchases, customer, time, None)
    rows = rows.filter(rows.day < start + timedelta(days=horizon_days))
    later = rows.count(where=rows.day >= start)
    people = rows.group_by("customer_id").aggregate(first=rows.day.min(), later=later)
    people = people.filter(people["first"] < start)
    return people.select("customer_id", churned=people.later == 0)
