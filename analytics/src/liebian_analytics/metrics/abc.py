"""ABC: the few that bring most of the revenue. Ranks anything with a value: customers, products, channels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.orders import customer_orders
from liebian_analytics.periods import AsOf, before, window_start
from liebian_analytics.schema import check_table

if TYPE_CHECKING:
    import ibis.expr.types as ir

GRADES: tuple[str, ...] = ("A", "B", "C")


def abc(values: ir.Table, *, key: str, value: str = "revenue_minor", cuts: Sequence[float] = (0.80, 0.95)) -> ir.Table:
    """Grade by cumulative share of the total, largest first.

    An item is A while the share of all items *before* it is below the first cut, B while it is below the second,
    else C. So the item that crosses 80 % is still A, and the largest item is always A.

    Parameters
    ----------
    values
        One row per item: ``key`` (unique, not null) and ``value`` (integer, such as revenue in minor units).
        An item whose value is zero, negative or null is C and takes no part in the total.
    key, value
        Names of the two columns.
    cuts
        Two ascending shares between 0 and 1, read to four decimals.

    Returns
    -------
    Lazy table, one row per item: ``key`` and ``value`` as given, ``rank`` int64 (1 = largest, ties by key ascending,
    null for items outside the total), ``share_before`` float64 (0-1, null likewise), ``grade`` string (A, B, C).

    Raises
    ------
    BadArgument
        If the cuts are not two ascending shares.

    Notes
    -----
    Shares are compared as integers, so no float decides a grade.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     sales = engine.from_arrow(pa.table({"id": [1, 2, 3, 4], "revenue_minor": [15, 80, 5, -9]}))
    ...     engine.run(abc(sales, key="id").order_by("id"))["grade"].to_pylist()
    ['B', 'A', 'C', 'C']
    """
    import ibis

    first, second = _exact(cuts)
    items = values.select(key, value)
    counted = ibis.ifelse(items[value] > 0, items[value], 0)
    upwards = ibis.window(order_by=[counted.desc(), items[key]])
    ranked = items.mutate(
        counted=counted,
        position=ibis.row_number().over(upwards) + 1,
        before=counted.sum().over(ibis.window(order_by=[counted.desc(), items[key]], preceding=None, following=0))
        - counted,
        total=counted.sum().over(ibis.window()),
    )
    inside = ranked.counted > 0

    def below(cut: Fraction) -> ir.BooleanValue:
        return inside & (ranked.before * cut.denominator < ranked.total * cut.numerator)

    return ranked.select(
        key,
        value,
        rank=ibis.ifelse(inside, ranked.position, ibis.null("int64")),
        share_before=ibis.ifelse(inside, ranked.before / ranked.total, ibis.null("float64")),
        grade=ibis.cases((below(first), "A"), (below(second), "B"), else_="C"),
    )


def customer_revenue(
    order_facts: ir.Table, *, as_of: AsOf, window_days: int | None = None, currency: str | None = None
) -> ir.Table:
    """Net revenue per buyer, the usual input of ``abc`` for customers.

    Parameters
    ----------
    order_facts, as_of, window_days, currency
        As for ``orders.standing_orders``.

    Returns
    -------
    Lazy table, one row per customer with a standing order: ``customer_id`` int64, ``revenue_minor`` int64.

    Examples
    --------
    >>> from datetime import date
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     engine.run(customer_revenue(engine.empty("order_facts"), as_of=date(2026, 1, 4))).column_names
    ['customer_id', 'revenue_minor']
    """
    people = customer_orders(order_facts, as_of=as_of, window_days=window_days, currency=currency)
    return people.select("customer_id", "revenue_minor")


def product_revenue(order_lines: ir.Table, *, as_of: AsOf, window_days: int | None = None) -> ir.Table:
    """Revenue per product as paid, the usual input of ``abc`` for products.

    Parameters
    ----------
    order_lines
        Canonical ``order_lines`` of one currency. Refunds are known per order, not per line, and are not taken off.
    as_of
        Exclusive day or instant.
    window_days
        Only lines of the last so many business days; ``None`` = ever.

    Returns
    -------
    Lazy table, one row per product: ``product_id`` string, ``revenue_minor`` int64, ``quantity`` int64.

    Examples
    --------
    >>> from datetime import date
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     engine.run(product_revenue(engine.empty("order_lines"), as_of=date(2026, 1, 4))).num_rows
    0
    """
    check_table(order_lines, "order_lines")
    lines = before(order_lines, as_of)
    if window_days is not None:
        lines = lines.filter(lines.day >= window_start(as_of, window_days))
    return lines.group_by("product_id").aggregate(
        revenue_minor=lines.revenue_minor.sum(), quantity=lines.quantity.sum()
    )


def _exact(cuts: Sequence[float]) -> tuple[Fraction, Fraction]:
    if len(cuts) != 2 or not 0 < cuts[0] < cuts[1] <= 1:
        raise BadArgument(f"cuts must be two ascending shares between 0 and 1, such as (0.80, 0.95); got {tuple(cuts)}")
    return Fraction(round(cuts[0] * 10_000), 10_000), Fraction(round(cuts[1] * 10_000), 10_000)
