"""Loyalty: how long, how often, how regularly and how recently somebody buys, as one score against everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.orders import standing_orders
from liebian_analytics.metrics.weighted import weighted
from liebian_analytics.periods import AsOf, days_before, end_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

PARTS: Mapping[str, float] = {"n_orders": 0.35, "regularity": 0.25, "tenure_days": 0.15, "silence_days": -0.25}
"""Default weights. Silence counts against."""


def loyalty(order_facts: ir.Table, *, as_of: AsOf, weights: Mapping[str, float] | None = None) -> ir.Table:
    """A loyalty score of 0 to 100 per buyer.

    Parameters
    ----------
    order_facts, as_of
        As for ``orders.standing_orders``.
    weights
        Part (a key of ``PARTS``) to weight; negative = less is better. ``None`` = ``PARTS``.

    Returns
    -------
    Lazy table, one row per customer with a standing order: ``customer_id`` int64, ``n_orders`` int64 (orders),
    ``tenure_days`` int64 (days since the first), ``silence_days`` int64 (days since the last), ``regularity`` float64
    (calendar months with an order / calendar months from the first order to ``as_of``, 0-1], ``score`` float64 (0-100)
    and ``rank`` int64 (1 = most loyal, equals share it).

    Raises
    ------
    BadArgument
        If a weight names no part.

    Notes
    -----
    Each part is ranked against all buyers (see ``weighted``, ``normalise="rank"``), so the score is relative: it says
    who is more loyal than whom today, not whether loyalty grew. It is a convention, not an estimate; whether somebody
    will come back is what the models answer.

    Examples
    --------
    >>> from liebian_analytics.datasets.story import day, fact
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     facts = engine.from_rows("order_facts", [fact(1, 1, 1, 100), fact(1, 2, 40, 100), fact(2, 3, 20, 100)])
    ...     people = engine.run(loyalty(facts, as_of=day(50)).order_by("customer_id")).to_pylist()
    >>> [(person["regularity"], person["score"]) for person in people]
    [(1.0, 100.0), (0.5, 0.0)]
    """
    chosen = dict(PARTS if weights is None else weights)
    if unknown := set(chosen) - set(PARTS):
        raise BadArgument(f"loyalty has no part {sorted(unknown)[0]!r}; there are: {', '.join(PARTS)}")
    end = end_day(as_of)
    orders = standing_orders(order_facts, as_of=as_of)
    people = orders.group_by("customer_id").aggregate(
        n_orders=orders.count(), first=orders.day.min(), last=orders.day.max(), n_months=_month(orders.day).nunique()
    )
    last_month = end.year * 12 + end.month - (1 if end.day == 1 else 0)
    measured = people.select(
        "customer_id",
        "n_orders",
        tenure_days=days_before(end, people["first"]),
        silence_days=days_before(end, people["last"]),
        regularity=people.n_months / (last_month - _month(people["first"]) + 1),
    )
    scored = weighted(measured, key="customer_id", weights=chosen, normalise="rank")
    joined = measured.join(scored.select("customer_id", "score", "rank"), "customer_id")
    return joined.select(*measured.columns, "score", "rank")


def _month(day: ir.Value) -> ir.Value:
    return day.year().cast("int64") * 12 + day.month().cast("int64")
