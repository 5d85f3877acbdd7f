"""Purchase histories: from transactions to one row per customer (frequency, recency, T, monetary value).

What BG/NBD and its relatives read. Owns the reduction only; the models are in ``liebian_analytics.models``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.periods import AsOf, end_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS_PER_UNIT = {"day": 1, "week": 7}


def purchase_summary(
    purchases: ir.Table,
    *,
    as_of: AsOf,
    time_unit: str = "week",
    holdout_until: AsOf | None = None,
    customer: str = "customer_id",
    time: str = "day",
    amount: str | None = None,
    merge_days: bool = True,
) -> ir.Table:
    """One row per customer who had bought before ``as_of``: how often again, how lately, for how long, how much.

    Parameters
    ----------
    purchases
        One row per purchase (or order line); ``standing_orders`` fits.
    as_of
        Exclusive end of the calibration: the last day that counts is the day before. T runs to that last day.
    time_unit
        ``"day"`` or ``"week"``; times stay fractional.
    holdout_until
        Exclusive end of a holdout after ``as_of``; ``None`` = no holdout columns.
    customer, time, amount
        Names of the columns; ``time`` a date or timestamp (its date counts as it stands: convert to the organisation's
        zone first); ``amount`` numeric, null counts as 0.
    merge_days
        Count purchases of one day as one, as the literature does. ``False`` counts every row.

    Returns
    -------
    Lazy table: ``customer_id`` (as given), ``first_day`` and ``last_day`` date, ``frequency`` int64 (repeat purchases),
    ``recency`` float64 (first to last purchase), ``T`` float64 (first purchase to the last day that counts); with
    ``amount`` ``monetary_value`` float64 (mean of the repeat purchases, the first left out; null without any); with
    ``holdout_until`` ``holdout_frequency`` int64 and ``holdout_duration`` float64. No order of rows. Rows whose
    customer or time is null are left out.

    Raises
    ------
    SchemaMismatch
        If a column is missing or of the wrong kind.
    BadArgument
        If the unit is unknown or the holdout does not end after ``as_of``.

    References
    ----------
    Fader and Hardie (2005), "A Note on Deriving the Pareto/NBD Model", section on data; the CDNOW files.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> days = [date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 8), date(2026, 1, 20)]
    >>> table = pa.table({"customer_id": [1, 1, 1, 1], "day": days, "usd": [5.0, 3.0, 4.0, 9.0]})
    >>> with connect() as engine:
    ...     found = purchase_summary(engine.from_arrow(table), as_of=date(2026, 1, 15), amount="usd")
    ...     row = engine.run(found).to_pylist()[0]
    >>> row["frequency"], row["recency"], row["T"], row["monetary_value"]
    (1, 1.0, 1.8571428571428572, 7.0)
    """
    import ibis

    unit = days_per_unit(time_unit)
    last = end_day(as_of) - timedelta(days=1)
    end = end_day(holdout_until) if holdout_until is not None else end_day(as_of)
    if holdout_until is not None and end <= end_day(as_of):
        raise BadArgument(f"the holdout must end after {end_day(as_of)}, got {end}")
    _check_columns(purchases, customer, time, amount)
    rows = _purchase_rows(purchases, customer, time, amount, merge_days)
    rows = rows.filter(rows.day < end)
    counts = rows.day <= last
    people = rows.group_by("customer_id").aggregate(
        first_day=rows.day.min(),
        last_day=rows.day.max(where=counts),
        bought=rows.count(where=counts),
        spent=rows.amount.sum(where=counts),
        first_amount=rows.amount.argmin(rows.day),
        later=rows.count(where=~counts),
    )
    people = people.filter(people.first_day <= last)
    again = people.bought - 1
    columns: dict[str, ir.Value] = {
        "customer_id": people.customer_id,
        "first_day": people.first_day,
        "last_day": people.last_day,
        "frequency": again.cast("int64"),
        "recency": people.last_day.delta(people.first_day, unit="day").cast("float64") / unit,
        "T": ibis.literal(last).delta(people.first_day, unit="day").cast("float64") / unit,
    }
    if amount:
        columns["monetary_value"] = ibis.ifelse(
            again > 0, (people.spent - people.first_amount) / again, ibis.null("float64")
        )
    if holdout_until is not None:
        columns["holdout_frequency"] = people.later.cast("int64")
        columns["holdout_duration"] = ibis.literal((end - end_day(as_of)).days / unit)
    return people.select(**columns)


def count_histories(summary: ir.Table) -> ir.Table:
    """Equal histories counted once: all that fitting needs, a fraction of the rows.

    Parameters
    ----------
    summary
        As ``purchase_summary`` returns it.

    Returns
    -------
    Lazy table, one row per distinct history: ``frequency`` int64, ``recency`` and ``T`` float64, ``n_customers`` int64.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> people = pa.table({"frequency": [0, 0], "recency": [0.0, 0.0], "T": [9.0, 9.0]})
    >>> with connect() as engine:
    ...     engine.run(count_histories(engine.from_arrow(people))).to_pylist()
    [{'frequency': 0, 'recency': 0.0, 'T': 9.0, 'n_customers': 2}]
    """
    return summary.group_by("frequency", "recency", "T").aggregate(n_customers=summary.count())


def purchases_per_period(
    purchases: ir.Table,
    *,
    as_of: AsOf,
    until: AsOf,
    time_unit: str = "week",
    customer: str = "customer_id",
    time: str = "day",
) -> ir.Table:
    """Repeat purchase days per period of the people ``purchase_summary`` describes; period 1 starts with the first day.

    Parameters
    ----------
    purchases, as_of, time_unit, customer, time
        As for ``purchase_summary``.
    until
        Exclusive end of what is counted; customers are those who first bought before ``as_of``.

    Returns
    -------
    Lazy table, one row per period with a repeat purchase, ascending: ``period`` int64 (1 = the first day of all and the
    six after it, for weeks), ``n_purchases`` int64.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> table = pa.table({"customer_id": [1, 1], "day": [date(2026, 1, 1), date(2026, 1, 9)]})
    >>> with connect() as engine:
    ...     facts = engine.from_arrow(table)
    ...     engine.run(purchases_per_period(facts, as_of=date(2026, 2, 1), until=date(2026, 2, 1))).to_pylist()
    [{'period': 2, 'n_purchases': 1}]
    """
    import ibis

    unit = days_per_unit(time_unit)
    day = purchases[time].date() if purchases[time].type().is_timestamp() else purchases[time]
    rows = purchases.select(customer_id=purchases[customer], day=day).distinct()
    rows = rows.filter(rows.customer_id.notnull() & (rows.day < end_day(until)))
    rows = rows.mutate(first=rows.day.min().over(ibis.window(group_by="customer_id")), start=rows.day.min().over())
    rows = rows.filter((rows["first"] < end_day(as_of)) & (rows.day > rows["first"]))
    since = rows.day.delta(rows.start, unit="day")
    rows = rows.mutate(period=(since / unit).floor().cast("int64") + 1)
    return rows.group_by("period").aggregate(n_purchases=rows.count()).order_by("period")


def check_names(names: Iterable[str | None], there: Sequence[str]) -> None:
    """Refuse names of columns that are not there; ``None`` names none.

    Raises
    ------
    SchemaMismatch
        Naming the nearest column that is there.

    Examples
    --------
    >>> check_names(["custmer", None], ["customer", "day"])
    Traceback (most recent call last):
        ...
    liebian_analytics.errors.SchemaMismatch: there is no column 'custmer'; did you mean 'customer'?
    """
    for name in names:
        if name and name not in there:
            near = difflib.get_close_matches(name, there, n=1, cutoff=0.4)
            raise SchemaMismatch(f"there is no column {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _check_columns(purchases: ir.Table, customer: str, time: str, amount: str | None) -> None:
    check_names((customer, time, amount), purchases.columns)
    if not (purchases[time].type().is_date() or purchases[time].type().is_timestamp()):
        raise SchemaMismatch(f"the column {time!r} must be a date or timestamp, but is {purchases[time].type()}")
    if amount and not purchases[amount].type().is_numeric():
        raise SchemaMismatch(f"the column {amount!r} must be numeric, but is {purchases[amount].type()}")


def purchase_days(purchases: ir.Table, customer: str, time: str, amount: str | None) -> ir.Table:
    """Days on which each customer bought.

    Parameters
    ----------
    purchases, customer, time, amount
        As for ``purchase_summary``.

    Returns
    -------
    Lazy table, one row per customer and day with a purchase: ``customer_id`` (as given), ``day`` date, ``amount`` float64
    (sum of the day; 0 without ``amount``). Rows whose customer or time is null are left out.

    Raises
    ------
    SchemaMismatch
        If a column is missing or of the wrong kind.

    Examples
    --------
    >>> from datetime import date
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> table = pa.table({"customer_id": [1, 1], "day": [date(2026, 1, 1)] * 2, "usd": [5, 3]})
    >>> with connect() as engine:
    ...     engine.run(purchase_days(engine.from_arrow(table), "customer_id", "day", "usd")).to_pylist()
    [{'customer_id': 1, 'day': datetime.date(2026, 1, 1), 'amount': 8.0}]
    """
    _check_columns(purchases, customer, time, amount)
    return _purchase_rows(purchases, customer, time, amount, merge_days=True)


def _purchase_rows(purchases: ir.Table, customer: str, time: str, amount: str | None, merge_days: bool) -> ir.Table:
    import ibis

    day = purchases[time].date() if purchases[time].type().is_timestamp() else purchases[time]
    money = purchases[amount].cast("float64").fill_null(0.0) if amount else ibis.literal(0.0)
    rows = purchases.select(customer_id=purchases[customer], day=day, amount=money)
    rows = rows.filter(rows.customer_id.notnull() & rows.day.notnull())
    return rows.group_by("customer_id", "day").aggregate(amount=rows.amount.sum()) if merge_days else rows


def days_per_unit(time_unit: str) -> int:
    """Days of a ``"day"`` or ``"week"``.

    Raises
    ------
    BadArgument
        If it is neither.

    Examples
    --------
    >>> days_per_unit("week")
    7
    """
    if time_unit not in DAYS_PER_UNIT:
        raise BadArgument(f"time_unit must be one of {', '.join(DAYS_PER_UNIT)}, got {time_unit!r}")
    return DAYS_PER_UNIT[time_unit]
