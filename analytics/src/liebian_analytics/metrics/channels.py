"""Channel profile: where each customer buys, and how faithful to one channel they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liebian_analytics.metrics.orders import standing_orders
from liebian_analytics.periods import AsOf

if TYPE_CHECKING:
    import ibis.expr.types as ir


def channel_profile(
    order_facts: ir.Table, *, as_of: AsOf, window_days: int | None = None, currency: str | None = None
) -> ir.Table:
    """Main channel, number of channels and concentration per customer.

    Parameters
    ----------
    order_facts, as_of, window_days, currency
        As for ``orders.standing_orders``.

    Returns
    -------
    Lazy table, one row per customer with a standing order: ``customer_id`` int64, ``main_channel`` string (most orders;
    ties by net revenue, then by name; null if no order says its channel), ``main_share`` float64 (share of the orders
    that say their channel, 0-1; null likewise), ``n_channels`` int64 (distinct, 0 if unknown), ``concentration``
    float64 (sum of squared shares: 1 = one channel only; null likewise), ``n_orders`` and ``n_unknown`` int64 (orders;
    of them without a channel).

    References
    ----------
    Concentration: Hirschman (1964), The Paternity of an Index.

    Examples
    --------
    >>> from liebian_analytics.datasets.story import day, fact
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     facts = engine.from_rows("order_facts", [fact(1, n, n, 100, channel="web" if n < 4 else "store") for n in (1, 2, 3, 4)])
    ...     row = engine.run(channel_profile(facts, as_of=day(9))).to_pylist()[0]
    >>> row["main_channel"], row["main_share"], row["n_channels"], row["concentration"]
    ('web', 0.75, 2, 0.625)
    """
    import ibis

    orders = standing_orders(order_facts, as_of=as_of, window_days=window_days, currency=currency)
    pairs = orders.group_by("customer_id", "channel").aggregate(n=orders.count(), revenue=orders.amount_minor.sum())
    known = ibis.ifelse(pairs.channel.notnull(), pairs.n, 0)
    best_first = ibis.window(
        group_by="customer_id",
        order_by=[pairs.channel.isnull().asc(), pairs.n.desc(), pairs.revenue.desc(), pairs.channel.asc()],
    )
    pairs = pairs.mutate(known=known, place=ibis.row_number().over(best_first))
    first = pairs.place == 0
    people = pairs.group_by("customer_id").aggregate(
        main_channel=ibis.ifelse(first, pairs.channel, ibis.null("string")).max(),
        main_orders=ibis.ifelse(first, pairs.known, 0).max(),
        n_known=pairs.known.sum(),
        squares=(pairs.known * pairs.known).sum(),
        n_channels=(pairs.known > 0).cast("int64").sum(),
        n_orders=pairs.n.sum(),
    )
    said = people.n_known.nullif(0)
    return people.select(
        "customer_id",
        "main_channel",
        main_share=people.main_orders / said,
        n_channels=people.n_channels,
        concentration=people.squares / (said * said),
        n_orders=people.n_orders,
        n_unknown=people.n_orders - people.n_known,
    )
