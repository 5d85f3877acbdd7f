"""RFM: who bought lately, often and much; scored by value cuts so that equal customers score equally.

Owns the tables; cut points and explanations as values are in ``rfm_scores`` and can be imported from here as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.cells import CELLS, default_high_from
from liebian_analytics.metrics.orders import customer_orders
from liebian_analytics.metrics.rfm_scores import (
    MEASURES,
    CutPoints,
    MeasureReason,
    RfmCuts,
    RfmExplanation,
    explain_rfm,
)
from liebian_analytics.periods import AsOf, days_before, end_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "MeasureReason",
    "RfmCuts",
    "RfmExplanation",
    "explain_rfm",
    "rfm",
    "rfm_cuts",
    "rfm_values",
    "score_customers",
]


def rfm(
    order_facts: ir.Table,
    *,
    as_of: AsOf,
    bins: int = 5,
    cuts: CutPoints | None = None,
    window_days: int | None = None,
    currency: str | None = None,
    high_from: int | None = None,
) -> ir.Table:
    """Recency, frequency and money of every buyer, scored 1 (worst) to ``bins`` (best), and the cell they fall into.

    Parameters
    ----------
    order_facts
        Canonical ``order_facts``; amounts in minor units of one currency (or choose it with ``currency``).
    as_of
        Exclusive day or instant. Recency counts from this day, so a purchase on the last day that counts is 1 day ago
        (the "day after the last" of the literature).
    bins
        Number of scores when the cuts are drawn from the data (quintiles by default). Ignored if ``cuts`` is given.
    cuts
        Own cut points, or those ``rfm_cuts`` returned. ``None`` = type-7 quantiles of the customers' own values.
    window_days
        Only orders paid in the last so many business days; ``None`` = ever.
    currency
        Only orders in this currency; ``None`` = all.
    high_from
        Lowest score that counts as high for the cells; ``None`` = the first above the middle (4 of 5).

    Returns
    -------
    Lazy table, one row per customer with at least one standing order: ``customer_id`` int64, ``first_order_day`` and
    ``last_order_day`` date, ``recency_days`` int64 (days, >= 1), ``frequency`` int64 (orders still standing),
    ``monetary_value`` int64 (net revenue, minor units), ``r`` ``f`` ``m`` int8 (scores), ``cell`` string (a code of
    ``cells.CELL_CODES``). No nulls, no order of rows.

    Raises
    ------
    BadArgument
        If ``bins`` is less than 2, or the cuts cannot be read.

    Notes
    -----
    Cuts are values, so customers with equal values share a score and bins may be uneven: with frequency cuts 1/2/3/6
    everybody who bought once scores 1. Whoever bought and returned everything is in no cell.

    References
    ----------
    Hughes (1994), Strategic Database Marketing; quantiles of type 7, Hyndman and Fan (1996).

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> rows = [(c, c, str(c), "paid", at, date(2026, 1, c), c * 100, "CNY", None, 1) for c in (1, 2, 3)]
    >>> with connect() as engine:
    ...     scores = rfm(engine.from_rows("order_facts", rows), as_of=date(2026, 1, 4), bins=3)
    ...     [(row["r"], row["m"], row["cell"]) for row in engine.run(scores.order_by("customer_id")).to_pylist()]
    [(1, 1, 'general_winback'), (2, 2, 'general_winback'), (3, 3, 'important_develop')]
    """
    people = customer_orders(order_facts, as_of=as_of, window_days=window_days, currency=currency)
    return score_customers(people, as_of=as_of, bins=bins, cuts=cuts, high_from=high_from)


def score_customers(
    people: ir.Table, *, as_of: AsOf, bins: int = 5, cuts: CutPoints | None = None, high_from: int | None = None
) -> ir.Table:
    """RFM of customers whose orders are summed up already, so that several gradings share one pass over the orders.

    Parameters
    ----------
    people
        As ``orders.customer_orders`` or ``orders.customer_orders_of_lines`` returns it, as of the same day.
    as_of, bins, cuts, high_from
        As for ``rfm``.

    Returns
    -------
    As ``rfm``.

    Examples
    --------
    >>> from liebian_analytics.datasets.story import day, fact
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     people = engine.keep(customer_orders(engine.from_rows("order_facts", [fact(1, 1, 1, 100)]), as_of=day(3)))
    ...     engine.run(score_customers(people, as_of=day(3)))["recency_days"].to_pylist()
    [2]
    """
    people = _measured(people, as_of)
    if cuts is None:
        _check_bins(bins)
        people = people.cross_join(people.aggregate(**_quantiles(people, bins)))
        points = {measure: [people[f"{measure}_{k}"] for k in range(1, bins)] for measure in MEASURES}
    else:
        fixed = cuts if isinstance(cuts, RfmCuts) else RfmCuts.chosen(cuts)
        points = {measure: list(fixed.of(measure)) for measure in MEASURES}
        bins = fixed.bins
    return _scored(people, points, bins, default_high_from(bins) if high_from is None else high_from)


def rfm_values(
    order_facts: ir.Table, *, as_of: AsOf, window_days: int | None = None, currency: str | None = None
) -> ir.Table:
    """The three measures of every buyer, not yet scored.

    Parameters
    ----------
    order_facts, as_of, window_days, currency
        As for ``rfm``.

    Returns
    -------
    Lazy table, one row per customer with at least one standing order: ``customer_id`` int64, ``first_order_day`` and
    ``last_order_day`` date, ``recency_days`` int64 (days), ``frequency`` int64 (orders), ``monetary_value`` int64
    (minor units).

    Examples
    --------
    >>> from datetime import date
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     engine.run(rfm_values(engine.empty("order_facts"), as_of=date(2026, 1, 4))).num_rows
    0
    """
    return _measured(customer_orders(order_facts, as_of=as_of, window_days=window_days, currency=currency), as_of)


def _measured(people: ir.Table, as_of: AsOf) -> ir.Table:
    return people.select(
        "customer_id",
        "first_order_day",
        "last_order_day",
        recency_days=days_before(end_day(as_of), people.last_order_day),
        frequency=people.n_orders,
        monetary_value=people.revenue_minor,
    )


def rfm_cuts(
    order_facts: ir.Table,
    *,
    as_of: AsOf,
    bins: int = 5,
    window_days: int | None = None,
    currency: str | None = None,
) -> RfmCuts | None:
    """The cut points that ``rfm`` would draw, to explain scores, to preview, or to hold them still.

    Computes at once. Handing the result back as ``rfm(..., cuts=…)`` gives the same scores as drawing them there.

    Parameters
    ----------
    order_facts, as_of, bins, window_days, currency
        As for ``rfm``.

    Returns
    -------
    RfmCuts, or ``None`` if nobody has bought.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> rows = [(c, c, str(c), "paid", at, date(2026, 1, c), c * 100, "CNY", None, 1) for c in (1, 2, 3)]
    >>> with connect() as engine:
    ...     rfm_cuts(engine.from_rows("order_facts", rows), as_of=date(2026, 1, 4), bins=2)
    RfmCuts(recency=(2.0,), frequency=(1.0,), monetary=(200.0,), n_customers=3)
    """
    _check_bins(bins)
    people = rfm_values(order_facts, as_of=as_of, window_days=window_days, currency=currency)
    row: dict[str, Any] = (
        people.aggregate(n_customers=people.count(), **_quantiles(people, bins)).to_pyarrow().to_pylist()[0]
    )
    if not row["n_customers"]:
        return None
    recency, frequency, monetary = (tuple(row[f"{measure}_{k}"] for k in range(1, bins)) for measure in MEASURES)
    return RfmCuts(recency, frequency, monetary, n_customers=row["n_customers"])


def _check_bins(bins: int) -> None:
    if bins < 2:
        raise BadArgument(f"bins must be at least 2, got {bins}")


def _quantiles(people: ir.Table, bins: int) -> dict[str, Any]:
    """A quantile of whole numbers is a multiple of 1/bins: rounded to it, engines that interpolate in another order of
    operations agree to the last bit, and a value that equals a cut is never judged by a float's last digit."""
    return {
        f"{measure}_{k}": (people[column].quantile(k / bins) * bins).round() / bins
        for measure, column in MEASURES.items()
        for k in range(1, bins)
    }


def _scored(people: ir.Table, points: Mapping[str, Sequence[Any]], bins: int, high_from: int) -> ir.Table:
    import ibis

    below = {
        measure: sum((people[column] > cut).cast("int8") for cut in points[measure])
        for measure, column in MEASURES.items()
    }
    scored = people.mutate(r=bins - below["recency"], f=1 + below["frequency"], m=1 + below["monetary"])
    high = {score: scored[score] >= high_from for score in ("r", "f", "m")}
    cell = ibis.cases(
        *(
            ((high["r"] == ibis.literal(r)) & (high["f"] == ibis.literal(f)) & (high["m"] == ibis.literal(m)), code)
            for (r, f, m), code in CELLS.items()
        )
    )
    return scored.select(
        "customer_id",
        "first_order_day",
        "last_order_day",
        *MEASURES.values(),
        r=scored.r.cast("int8"),
        f=scored.f.cast("int8"),
        m=scored.m.cast("int8"),
        cell=cell,
    )
