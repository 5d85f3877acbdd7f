"""Purchases already in memory to the histories that models read, by sorting packed numbers instead of asking an engine.

Owns no meaning of its own: ``metrics.purchases.purchase_summary`` says the same lazily, of any size and on any engine.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liebian_analytics.arrow import as_arrow
from liebian_analytics.errors import SchemaMismatch
from liebian_analytics.metrics.purchases import check_names, days_per_unit
from liebian_analytics.models.histories import Floats
from liebian_analytics.periods import AsOf, end_day

if TYPE_CHECKING:
    import pyarrow as pa

Ints = npt.NDArray[np.int64]
EPOCH = date(1970, 1, 1)
BITS = 63
"""What one packed number holds: customer, day and row."""


def summarise_purchases(
    purchases: Any,
    *,
    as_of: AsOf,
    time_unit: str = "week",
    customer: str = "customer_id",
    time: str = "day",
    amount: str | None = None,
) -> pa.Table:
    """``purchase_summary`` of a table in memory, at once and without an engine.

    Parameters
    ----------
    purchases
        One row per purchase or order line: Arrow, Ibis, pandas, Polars, or a mapping of columns.
    as_of
        Exclusive end: the last day that counts is the day before. T runs to that last day.
    time_unit
        ``"day"`` or ``"week"``; times stay fractional.
    customer, time, amount
        Names of the columns; ``time`` a date or timestamp (of one with a time zone its day in UTC); ``amount`` numeric,
        null counts as 0.

    Returns
    -------
    One row per customer who had bought before ``as_of``: ``customer_id`` (as given), ``first_day`` and ``last_day`` date,
    ``frequency`` int64 (further days with a purchase), ``recency`` and ``T`` float64; with ``amount`` ``monetary_value``
    float64 (mean of the further days; null without any). No order of rows. Rows whose customer or time is null are left
    out.

    Raises
    ------
    SchemaMismatch
        If a column is missing or of the wrong kind.
    BadArgument
        If the unit is unknown.

    Notes
    -----
    Customer, day and row number are packed into one integer of 63 bits and sorted; after that every question is about
    neighbours. Where they do not fit, the rows are sorted by two columns.

    Examples
    --------
    >>> days = [date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 8)]
    >>> found = summarise_purchases(
    ...     {"customer_id": ["a", "a", "a"], "day": days, "usd": [5.0, 3.0, 4.0]}, as_of=date(2026, 1, 15), amount="usd"
    ... )
    >>> found.select(["frequency", "recency", "T", "monetary_value"]).to_pylist()
    [{'frequency': 1, 'recency': 1.0, 'T': 1.8571428571428572, 'monetary_value': 7.0}]
    """
    import pyarrow as pa

    unit = days_per_unit(time_unit)
    last = end_day(as_of) - timedelta(days=1)
    table = as_arrow(purchases)
    _check_columns(table, customer, time, amount)
    rows = _rows_that_count(table[customer], table[time], table[amount] if amount else None, last)
    day = rows["day"].cast(pa.int32()).to_numpy()
    packing = _Packing(len(day), day)
    code, name = _numbered(rows["customer"], packing.bits_left)
    order, code, day = packing.sort(code, day)
    money = rows["money"].to_numpy()[order] if amount else None
    return _summary(code, day, money, last, unit, name)


def _rows_that_count(
    customers: pa.ChunkedArray, times: pa.ChunkedArray, amounts: pa.ChunkedArray | None, last: date
) -> pa.Table:
    """``customer``, ``day`` and ``money``; without rows of nobody, of no time or after the ``last`` day."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(times.type):
        times = pc.floor_temporal(times.cast(pa.timestamp("us")), unit="day")
    columns = {"customer": customers, "day": times.cast(pa.date32())}
    if amounts is not None:
        money = amounts.cast(pa.float64())
        columns["money"] = money.fill_null(0.0) if money.null_count else money
    counts = pc.less_equal(columns["day"], pa.scalar(last))
    if customers.null_count:
        counts = pc.and_(counts, customers.is_valid())
    return pa.table(columns).filter(counts)


def _numbered(customers: pa.ChunkedArray, bits: int) -> tuple[Ints, Callable[[Ints], pa.Array]]:
    """A small number for each row's customer, and how to turn such numbers back into customers."""
    import pyarrow as pa

    kind = customers.type
    if pa.types.is_integer(kind) and kind != pa.uint64() and len(customers):
        values = customers.cast(pa.int64()).to_numpy()
        least = int(values.min())
        if (int(values.max()) - least).bit_length() <= bits:
            return values - least, lambda codes: pa.array(codes + least).cast(kind)
    if pa.types.is_dictionary(kind):
        customers = customers.cast(kind.value_type)
    found = customers.combine_chunks().dictionary_encode()
    return found.indices.to_numpy().astype(np.int64), lambda codes: found.dictionary.take(pa.array(codes))


class _Packing:
    """Customer, day and row in one integer, so that sorting it sorts the rows."""

    def __init__(self, n_rows: int, day: Ints) -> None:
        self.first_day = int(day.min()) if n_rows else 0
        self.day_bits = (int(day.max()) - self.first_day).bit_length() if n_rows else 0
        self.row_bits = n_rows.bit_length()
        self.bits_left = BITS - self.day_bits - self.row_bits

    def sort(self, code: Ints, day: Ints) -> tuple[Ints, Ints, Ints]:
        """Order of the rows by customer and day; their codes and days in that order."""
        if len(code) and int(code.max()).bit_length() > self.bits_left:
            order = np.lexsort((day, code))
            return order, code[order], day[order]
        packed = code << self.day_bits
        packed |= day - self.first_day
        packed <<= self.row_bits
        packed |= np.arange(len(code))
        packed.sort()
        order = packed & ((1 << self.row_bits) - 1)
        packed >>= self.row_bits
        code = packed >> self.day_bits
        packed &= (1 << self.day_bits) - 1
        packed += self.first_day
        return order, code, packed


def _summary(
    code: Ints, day: Ints, money: Floats | None, last: date, unit: int, name: Callable[[Ints], pa.Array]
) -> pa.Table:
    import pyarrow as pa

    new_customer = _begins(code)
    start, days = np.flatnonzero(new_customer), np.flatnonzero(new_customer | _begins(day))
    first_of = days.searchsorted(start)  # place among the days
    n_days = np.diff(first_of, append=len(days))
    end = np.append(start[1:], len(code))[: len(start)] - 1
    first_day, last_day = day[start], day[end]
    columns = {
        "customer_id": name(code[start]),
        "first_day": pa.array(first_day.astype(np.int32)).cast(pa.date32()),
        "last_day": pa.array(last_day.astype(np.int32)).cast(pa.date32()),
        "frequency": n_days - 1,
        "recency": (last_day - first_day) / unit,
        "T": ((last - EPOCH).days - first_day) / unit,
    }
    if money is not None:
        columns["monetary_value"] = pa.array(_mean_again(money, days, first_of, n_days - 1), mask=n_days == 1)
    return pa.table(columns)


def _begins(values: Ints) -> npt.NDArray[np.bool_]:
    """Where a value differs from the one before."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def _mean_again(money: Floats, days: Ints, first_of: Ints, again: Ints) -> Floats:
    """Mean of a customer's days but the first; of no meaning where there is none."""
    if not len(money):
        return money
    of_day = np.add.reduceat(money, days)
    found: Floats = (np.add.reduceat(of_day, first_of) - of_day[first_of]) / np.maximum(again, 1)
    return found


def _check_columns(table: pa.Table, customer: str, time: str, amount: str | None) -> None:
    import pyarrow as pa

    check_names((customer, time, amount), table.column_names)
    kind = table[time].type
    if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        raise SchemaMismatch(f"the column {time!r} must be a date or timestamp, but is {kind}")
    kind = table[amount].type if amount else pa.float64()
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise SchemaMismatch(f"the column {amount!r} must be numeric, but is {kind}")
