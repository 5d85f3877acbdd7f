"""What is odd about rows of orders: counted in one pass, refused with lines, or said in notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from liebian_analytics.errors import BadArgument
from liebian_analytics.periods import AsOf, end_day
from liebian_analytics.readers.files import line_of_row
from liebian_analytics.results import Notice

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from liebian_analytics.engines import Engine
    from liebian_analytics.readers.orders import OrderSource

MOST_DIGITS = 6
LARGEST = 1e12
OUTLIER = 1000
SHOWN = 5


@dataclass(frozen=True, slots=True)
class RowFacts:
    """Counts over all rows of a file."""

    counts: dict[str, Any]
    digits: int

    @property
    def n_rows(self) -> int:
        """Rows of the file."""
        return int(self.counts["n_rows"])


def becomes_order(rows: ir.Table, columns: OrderSource) -> ir.BooleanValue:
    """Whether a row counts, on whichever day."""
    kept = rows.code.notnull() & rows.time.notnull() & _is_number(rows) & _counts(rows.amount, columns.keep_free)
    kept &= rows["order"].notnull()
    return kept if columns.only_currency is None else kept & (rows.currency == columns.only_currency)


def check_rows(
    rows: ir.Table,
    found: dict[str, str],
    columns: OrderSource,
    source: Any,
    here: Engine,
    as_of: AsOf | None,
    n_repeats: int,
) -> RowFacts:
    """Count, and stop at what cannot be read unless it is to be skipped."""
    counts = here.run(rows.aggregate(**_counted(rows, None if columns.time is None else as_of, columns))).to_pylist()[0]
    counts["repeats"] = n_repeats
    if not columns.skip_bad:
        for option, bad in (("time", rows.time.isnull()), ("amount", ~_is_number(rows))):
            if option in found and counts[f"bad_{option}"]:
                raise BadArgument(_bad_lines(rows, bad, option, found[option], counts, columns, source, here))
    _check_currencies(rows, columns, here)
    digits = next((d for d in range(MOST_DIGITS + 1) if not counts[f"finer_{d}"]), MOST_DIGITS)
    return RowFacts(counts, digits)


def count_repeats(raw: ir.Table, here: Engine) -> int:
    """Rows that repeat another in every column of the file."""
    found = here.run(raw.count().as_table().cross_join(raw.distinct().count().name("distinct").as_table()))
    return int(found[0][0].as_py()) - int(found[1][0].as_py())


def notices_of(facts: RowFacts, columns: OrderSource, as_of: AsOf | None) -> tuple[Notice, ...]:
    """What people must know before they believe a number of this file."""
    count = facts.counts
    day = "" if as_of is None else (as_of if isinstance(as_of, datetime) else end_day(as_of)).isoformat()
    returned = f"{count['sum_not_positive'] or 0:,.2f}"
    said = [
        ("bad_time", f"left out: no readable time in {columns.time!r}"),
        ("bad_amount", f"left out: no readable amount in {columns.amount!r}"),
        ("no_customer", f"left out: no customer in {columns.customer!r}"),
        (
            "not_positive",
            f"left out: {'below zero' if columns.keep_free else 'zero or less'}, together {returned}; returns do not lower what was bought",
        ),
        ("no_order", f"left out: no order number in {columns.order!r}"),
        ("future", f"not counted: at or after {day}"),
        ("repeats", "counted although they repeat another row exactly; remove them if they were exported twice"),
    ]
    notices = [Notice(code, f"{_rows(count[code])} {words}.", count[code]) for code, words in said if count[code]]
    return (*notices, *_of_the_whole(facts, columns))


def _of_the_whole(facts: RowFacts, columns: OrderSource) -> list[Notice]:
    count = facts.counts
    found = []
    if count["not_zoned"] and columns.time is not None:
        found.append(Notice("no_zone", f"Times carry no time zone and are taken as times of {columns.zone} (--zone)."))
    if columns.order is None and columns.time is not None and count["n_same_moment"]:
        found.append(
            Notice(
                "same_moment",
                f"{_rows(count['n_same_moment'])} counted as orders of their own at the time of another order of the same"
                " customer: name the order number's column (--order) if they are lines of one order.",
                count["n_same_moment"],
            )
        )
    if count[f"finer_{MOST_DIGITS}"]:
        found.append(Notice("rounded", f"Amounts with more than {MOST_DIGITS} decimals are rounded."))
    median, largest = count["median_amount"], count["largest_amount"]
    if median and largest > OUTLIER * median:
        found.append(
            Notice("outlier", f"The largest amount, {largest:,.2f}, is {largest / median:,.0f} times the median.")
        )
    if count["n_customers"] == 0:
        found.append(Notice("no_orders", "No row counts as an order, so the result is empty."))
    if count["n_customers"] == 1:
        found.append(Notice("one_customer", "There is one customer only: scores and grades compare nobody."))
    return found


def _counted(rows: ir.Table, as_of: AsOf | None, columns: OrderSource) -> dict[str, Any]:
    import ibis

    good = _is_number(rows)
    amount = ibis.ifelse(good, rows.amount, ibis.null("float64"))
    moment = ibis.struct({"code": rows.code, "time": rows.time})
    beyond = rows.row < 0
    if as_of is not None:
        end = as_of.astimezone(ZoneInfo(columns.zone)).replace(tzinfo=None) if isinstance(as_of, datetime) else as_of
        beyond = (rows.time >= ibis.literal(end.isoformat()).cast("timestamp")).fill_null(False)
    kept = becomes_order(rows, columns) & ~beyond
    usable = kept & (amount > 0)
    return {
        "n_rows": rows.count(),
        "n_same_moment": usable.sum().fill_null(0) - moment.nunique(where=usable),
        "n_customers": rows.code.nunique(where=kept),
        "no_customer": rows.code.isnull().sum(),
        "no_order": rows["order"].isnull().sum(),
        "bad_time": rows.time.isnull().sum(),
        "bad_amount": (~good).sum(),
        "not_positive": (~_counts(amount, columns.keep_free)).sum(),
        "sum_not_positive": amount.sum(where=~_counts(amount, columns.keep_free)),
        "not_zoned": (~rows.zoned & rows.time.notnull()).sum(),
        "future": beyond.sum(),
        "median_amount": amount.median(where=usable),
        "largest_amount": amount.max(where=usable),
        **{f"finer_{digits}": _finer(amount, digits).sum() for digits in range(MOST_DIGITS + 1)},
    }


def _is_number(rows: ir.Table) -> ir.BooleanValue:
    """A finite amount; beyond LARGEST, sums of minor units would no longer be exact."""
    amount = rows.amount
    return (amount.notnull() & ~amount.isnan() & (amount.abs() <= LARGEST)).fill_null(False)


def _counts(amount: ir.Value, keep_free: bool) -> ir.BooleanValue:
    return amount >= 0 if keep_free else amount > 0


def _finer(amount: ir.Value, digits: int) -> ir.BooleanValue:
    """Whether an amount has more than so many decimals."""
    import ibis

    scaled = amount * 10**digits
    tolerance = ibis.greatest(1e-6, scaled.abs() * 1e-14)
    return (scaled - scaled.round()).abs() > tolerance


def _check_currencies(rows: ir.Table, columns: OrderSource, here: Engine) -> None:
    if columns.currency is None:
        return
    found = sorted(str(code) for code in here.run(rows.select("currency").distinct())["currency"].to_pylist())
    if columns.only_currency is None and len(found) > 1:
        raise BadArgument(
            f"amounts are in {len(found)} currencies ({', '.join(found[:SHOWN])}), and nothing here converts:"
            f" choose one with --only-currency {found[0]}"
        )
    if columns.only_currency is not None and columns.only_currency not in found:
        raise BadArgument(f"no amount is in {columns.only_currency!r}; there are: {', '.join(found)}")


def _bad_lines(
    rows: ir.Table,
    bad: Any,
    option: str,
    name: str,
    counts: dict[str, Any],
    columns: OrderSource,
    source: Any,
    here: Engine,
) -> str:
    found = here.run(rows.filter(bad).order_by("row").limit(SHOWN)).to_pylist()
    lines = ", ".join(f"{line_of_row(source, row['row'])} ({_shown(row[f'{option}_text'])})" for row in found)
    n = counts[f"bad_{option}"]
    more = f" and {n - len(found)} more" if n > len(found) else ""
    way = "--time-format such as %m/%d/%Y, or " if option == "time" and columns.time_format is None else ""
    kind = "times" if option == "time" else "amounts"
    return f"column {name!r} holds {kind} that cannot be read, on line {lines}{more}; use {way}--skip-bad to leave them out"


def _shown(text: str | None) -> str:
    return "empty" if text is None else repr(text)


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"
