"""Sums for pages: who is in which cell and what they bring, revenue per month, orders per day.

Per day and per month, money counts when it moved: a refund lowers the day on which it was given back, so past days
never change. Per customer (``rfm``, ``lifecycle``) it lowers the order it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from liebian_analytics.errors import BadArgument
from liebian_analytics.periods import AsOf, before, end_day, window_start
from liebian_analytics.schema import check_table

if TYPE_CHECKING:
    import ibis.expr.types as ir


def group_shares(tiers: ir.Table, *, by: str, value: str = "monetary_value") -> ir.Table:
    """Customers and revenue per cell, grade or stage.

    Parameters
    ----------
    tiers
        One row per customer, as ``rfm``, ``abc`` or ``lifecycle`` return it.
    by
        Column of the group: ``cell``, ``grade``, ``stage``.
    value
        Column of the revenue in minor units; null counts as 0.

    Returns
    -------
    Lazy table, one row per group that has a customer, in order of ``by``: ``by`` string, ``n_customers`` int64,
    ``revenue_minor`` int64, ``share_of_customers`` float64 (0-1), ``share_of_revenue`` float64 (0-1; null if the
    total is not above 0).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     graded = engine.from_arrow(pa.table({"grade": ["A", "C", "C"], "revenue_minor": [90, 4, 6]}))
    ...     engine.run(group_shares(graded, by="grade", value="revenue_minor"))["share_of_revenue"].to_pylist()
    [0.9, 0.1]
    """
    import ibis

    groups = tiers.group_by(by).aggregate(n_customers=tiers.count(), revenue_minor=tiers[value].fill_null(0).sum())
    everybody, total = groups.n_customers.sum().over(ibis.window()), groups.revenue_minor.sum().over(ibis.window())
    return groups.mutate(
        share_of_customers=groups.n_customers / everybody,
        share_of_revenue=ibis.ifelse(total > 0, groups.revenue_minor / total, ibis.null("float64")),
    ).order_by(by)


def monthly_revenue(order_facts: ir.Table, *, as_of: AsOf, currency: str | None = None) -> ir.Table:
    """Net revenue and net orders per calendar month of the business days.

    Parameters
    ----------
    order_facts
        Canonical ``order_facts``.
    as_of
        Exclusive day or instant.
    currency
        Only facts in this currency; ``None`` = all.

    Returns
    -------
    Lazy table, one row per month with a fact, ascending: ``month`` date (its first day), ``revenue_minor`` int64,
    ``n_orders`` int64, ``n_customers`` int64 (customers who paid an order that month), ``is_complete`` boolean
    (false for the month that ``as_of`` cuts).

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 31, tzinfo=UTC)
    >>> with connect() as engine:
    ...     facts = engine.from_rows("order_facts", [(1, 1, "A", "paid", at, at.date(), 900, "CNY", None, 1)])
    ...     engine.run(monthly_revenue(facts, as_of=date(2026, 2, 1))).to_pylist()
    [{'month': datetime.date(2026, 1, 1), 'revenue_minor': 900, 'n_orders': 1, 'n_customers': 1, 'is_complete': True}]
    """
    import ibis

    facts = _facts(order_facts, as_of, currency)
    facts = facts.mutate(month=facts.day.truncate("M").cast("date"))
    months = facts.group_by("month").aggregate(
        revenue_minor=facts.amount_minor.sum(),
        n_orders=facts.n_orders.sum(),
        n_customers=ibis.ifelse(facts.n_orders > 0, facts.customer_id, ibis.null("int64")).nunique(),
    )
    running = end_day(as_of).replace(day=1)
    return months.mutate(is_complete=months.month < running).order_by("month")


def daily_orders(order_facts: ir.Table, *, as_of: AsOf, days: int = 60, currency: str | None = None) -> ir.Table:
    """Net orders and revenue of each of the last ``days`` business days, days without a fact included.

    Parameters
    ----------
    order_facts, as_of, currency
        As for ``monthly_revenue``.
    days
        Number of days before ``as_of``, 1 to 4000.

    Returns
    -------
    Lazy table, exactly ``days`` rows, ascending: ``day`` date, ``n_orders`` int64, ``revenue_minor`` int64 (both 0 on
    a day without facts; negative when more was given back than taken).

    Examples
    --------
    >>> from datetime import date
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     engine.run(daily_orders(engine.empty("order_facts"), as_of=date(2026, 1, 3), days=2))["n_orders"].to_pylist()
    [0, 0]
    """
    import ibis
    import pyarrow as pa

    if not 1 <= days <= 4000:
        raise BadArgument(f"days must lie between 1 and 4000, got {days}")
    start = window_start(as_of, days)
    calendar = ibis.memtable(pa.table({"day": [start + timedelta(days=k) for k in range(days)]}))
    facts = _facts(order_facts, as_of, currency)
    facts = facts.filter(facts.day >= start)
    sums = facts.group_by("day").aggregate(n_orders=facts.n_orders.sum(), revenue_minor=facts.amount_minor.sum())
    joined = calendar.left_join(sums, "day")
    return joined.select(
        "day", n_orders=joined.n_orders.fill_null(0), revenue_minor=joined.revenue_minor.fill_null(0)
    ).order_by("day")


@dataclass(frozen=True, slots=True)
class PeriodComparison:
    """Two neighbouring periods of equal length, the later one ending before ``as_of``.

    Parameters
    ----------
    days
        Length of each.
    n_orders, revenue_minor
        Net orders and net revenue (minor units) of the later period; ``…_before``: of the earlier.
    orders_change, revenue_change
        Later / earlier - 1; ``None`` if the earlier is not above 0.
    """

    days: int
    n_orders: int
    n_orders_before: int
    revenue_minor: int
    revenue_minor_before: int

    @property
    def orders_change(self) -> float | None:
        """Relative change of net orders."""
        return self.n_orders / self.n_orders_before - 1 if self.n_orders_before > 0 else None

    @property
    def revenue_change(self) -> float | None:
        """Relative change of net revenue."""
        return self.revenue_minor / self.revenue_minor_before - 1 if self.revenue_minor_before > 0 else None


def compare_periods(
    order_facts: ir.Table, *, as_of: AsOf, days: int = 30, currency: str | None = None
) -> PeriodComparison:
    """The last ``days`` business days against the ``days`` before them. Computes at once.

    Parameters
    ----------
    order_facts, as_of, currency
        As for ``monthly_revenue``.
    days
        Length of each period.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> def paid(n, day):
    ...     return (1, n, str(n), "paid", datetime(2026, 1, 1, tzinfo=UTC), day, 100, "CNY", None, 1)
    >>> with connect() as engine:
    ...     facts = engine.from_rows("order_facts", [paid(1, date(2026, 1, 1)), paid(2, date(2026, 1, 3)), paid(3, date(2026, 1, 4))])
    ...     compare_periods(facts, as_of=date(2026, 1, 5), days=2).orders_change
    1.0
    """
    facts = _facts(order_facts, as_of, currency)
    middle, start = window_start(as_of, days), window_start(as_of, 2 * days)
    facts = facts.filter(facts.day >= start)
    late = (facts.day >= middle).cast("int64")
    row: dict[str, Any] = (
        facts.aggregate(
            n_orders=(facts.n_orders * late).sum(),
            n_orders_before=(facts.n_orders * (1 - late)).sum(),
            revenue_minor=(facts.amount_minor * late).sum(),
            revenue_minor_before=(facts.amount_minor * (1 - late)).sum(),
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    return PeriodComparison(days, **{name: int(value or 0) for name, value in row.items()})


def _facts(order_facts: ir.Table, as_of: AsOf, currency: str | None) -> ir.Table:
    check_table(order_facts, "order_facts")
    facts = before(order_facts, as_of)
    return facts if currency is None else facts.filter(facts.currency == currency)
