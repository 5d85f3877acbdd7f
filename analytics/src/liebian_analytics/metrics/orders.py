"""Orders that still stand, and what follows from them per customer. The base that tiers and rules share.

An order belongs to the day on which it was paid, with what is left of it as of the day asked: a refund takes from the
order it refunds, never from a later one, and only counts from the day on which it happened.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from liebian_analytics.periods import AsOf, before, window_start
from liebian_analytics.schema import check_table

if TYPE_CHECKING:
    import ibis.expr.types as ir


def order_facts_of_lines(order_lines: ir.Table) -> ir.Table:
    """Orders out of order lines, for whoever has lines only.

    Parameters
    ----------
    order_lines
        Canonical ``order_lines``.

    Returns
    -------
    Lazy table, one row per (customer, order): the canonical ``order_facts``, each order paid at the time of its first
    line with the sum of its lines; ``external_id`` is the order's number, ``channel`` is null.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> rows = [(1, 7, product, None, 1, 250, "CNY", at, at.date()) for product in ("P1", "P2")]
    >>> with connect() as engine:
    ...     engine.run(order_facts_of_lines(engine.from_rows("order_lines", rows)))["amount_minor"].to_pylist()
    [500]
    """
    import ibis

    check_table(order_lines, "order_lines")
    lines = order_lines
    orders = lines.group_by("customer_id", "order_id").aggregate(
        at=lines["at"].min(),
        day=lines.day.min(),
        amount_minor=lines.revenue_minor.sum().cast("int64"),
        currency=lines.currency.max(),
    )
    return orders.select(
        "customer_id",
        "order_id",
        external_id=orders.order_id.cast("string"),
        kind=ibis.literal("paid"),
        at=orders["at"],
        day=orders.day,
        amount_minor=orders.amount_minor,
        currency=orders.currency,
        channel=ibis.null("string"),
        n_orders=ibis.literal(1, "int8"),
    )


def standing_orders(
    order_facts: ir.Table, *, as_of: AsOf, window_days: int | None = None, currency: str | None = None
) -> ir.Table:
    """Orders paid before ``as_of`` that had not been wholly refunded or cancelled by then.

    Parameters
    ----------
    order_facts
        Canonical ``order_facts``.
    as_of
        Exclusive day or instant.
    window_days
        Only orders paid in the last so many business days; ``None`` = ever.
    currency
        Only orders in this currency; ``None`` = all (then amounts are only meaningful if there is one currency).

    Returns
    -------
    Lazy table, one row per (customer, order): ``customer_id`` int64, ``order_id`` int64, ``day`` date (business day of
    payment), ``channel`` string (null = the shop did not say), ``amount_minor`` int64 (net of refunds, minor units).

    Raises
    ------
    SchemaMismatch
        If the table is not an ``order_facts``.

    Notes
    -----
    One scan, grouped by order. An order paid, cancelled and paid again stands, on the day it was first paid.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> def fact(order, kind, day, amount, n):
    ...     at = datetime(2026, 1, day, tzinfo=UTC)
    ...     return (1, order, f"A{order}", kind, at, at.date(), amount, "CNY", "store", n)
    >>> with connect() as engine:
    ...     facts = engine.from_rows("order_facts", [
    ...         fact(1, "paid", 1, 900, 1), fact(2, "paid", 2, 500, 1),
    ...         fact(1, "refunded", 5, -100, 0), fact(2, "cancelled", 6, -500, -1),
    ...     ])
    ...     [row["amount_minor"] for row in engine.run(standing_orders(facts, as_of=date(2026, 1, 7))).to_pylist()]
    [800]
    """
    import ibis

    check_table(order_facts, "order_facts")
    facts = before(order_facts, as_of)
    if currency is not None:
        facts = facts.filter(facts.currency == currency)
    paid = facts.n_orders > 0
    orders = facts.group_by("customer_id", "order_id").aggregate(
        day=ibis.ifelse(paid, facts.day, ibis.null("date")).min(),
        channel=ibis.ifelse(paid, facts.channel, ibis.null("string")).max(),
        amount_minor=facts.amount_minor.sum(),
        standing=facts.n_orders.sum(),
    )
    orders = orders.filter(orders.standing > 0).drop("standing")
    if window_days is not None:
        orders = orders.filter(orders.day >= window_start(as_of, window_days))
    return orders


def customer_orders(
    order_facts: ir.Table, *, as_of: AsOf, window_days: int | None = None, currency: str | None = None
) -> ir.Table:
    """What each customer with at least one standing order has bought.

    Parameters
    ----------
    order_facts, as_of, window_days, currency
        As for ``standing_orders``.

    Returns
    -------
    Lazy table, one row per customer with an order: ``customer_id`` int64, ``first_order_day`` and ``last_order_day``
    date, ``n_orders`` int64 (orders), ``revenue_minor`` int64 (net, minor units). No nulls.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> with connect() as engine:
    ...     facts = engine.from_rows("order_facts", [(1, 1, "A1", "paid", at, at.date(), 900, "CNY", None, 1)])
    ...     engine.run(customer_orders(facts, as_of=date(2026, 2, 1))).to_pylist()[0]["revenue_minor"]
    900
    """
    orders = standing_orders(order_facts, as_of=as_of, window_days=window_days, currency=currency)
    return _per_customer(orders)


def _per_customer(orders: ir.Table) -> ir.Table:
    return orders.group_by("customer_id").aggregate(
        first_order_day=orders.day.min(),
        last_order_day=orders.day.max(),
        n_orders=orders.count(),
        revenue_minor=orders.amount_minor.sum(),
    )


def customer_orders_of_lines(order_lines: ir.Table, *, as_of: AsOf, window_days: int | None = None) -> ir.Table:
    """What each customer has bought, straight from order lines: one pass, no order facts in between.

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
    As ``customer_orders``. An order is on the day of its first line.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> rows = [(1, order, "P", None, 1, 250, "CNY", at, at.date()) for order in (7, 7, 8)]
    >>> with connect() as engine:
    ...     found = customer_orders_of_lines(engine.from_rows("order_lines", rows), as_of=date(2026, 2, 1))
    ...     [(row["n_orders"], row["revenue_minor"]) for row in engine.run(found).to_pylist()]
    [(2, 750)]
    """
    check_table(order_lines, "order_lines")
    lines = before(order_lines, as_of)
    orders = lines.group_by("customer_id", "order_id").aggregate(
        day=lines.day.min(), amount_minor=lines.revenue_minor.sum().cast("int64")
    )
    if window_days is not None:
        orders = orders.filter(orders.day >= window_start(as_of, window_days))
    return _per_customer(orders)


def known_customers(customers: ir.Table, order_facts: ir.Table, *, as_of: AsOf) -> ir.Table:
    """Customers of the snapshot who had been seen, or had bought, before ``as_of``.

    Parameters
    ----------
    customers
        Canonical ``customers``; attributes are those of the snapshot, whatever ``as_of``.
    order_facts
        Canonical ``order_facts``. A customer whose past orders were imported later counts from the first of them.
    as_of
        Exclusive day or instant.

    Returns
    -------
    Lazy table, one row per customer, all columns of ``customers``.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     rows = [(n, datetime(2026, n, 1, tzinfo=UTC), date(2026, n, 1)) for n in (1, 2)]
    ...     people = engine.from_rows("customers", rows)
    ...     engine.run(known_customers(people, engine.empty("order_facts"), as_of=date(2026, 2, 1))).num_rows
    1
    """
    import ibis

    check_table(customers, "customers")
    check_table(order_facts, "order_facts", only=["customer_id", "at", "day"])
    buyers = before(order_facts, as_of).select("customer_id").distinct()
    if isinstance(as_of, datetime):
        seen = customers.first_seen_at < ibis.literal(as_of)
    else:
        seen = customers.first_seen_day < as_of
    return customers.filter(seen | customers.customer_id.isin(buyers.customer_id))
