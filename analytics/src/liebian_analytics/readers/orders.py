"""Orders of any file as canonical ``order_facts``, and what was odd about them as notices.

Owns the policy for bad rows: what cannot be read stops with its line; what can be read but does not count is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from liebian_analytics.engines import Engine, connect
from liebian_analytics.errors import BadArgument
from liebian_analytics.periods import AsOf, end_day
from liebian_analytics.readers.checks import becomes_order, check_rows, count_repeats, notices_of
from liebian_analytics.readers.files import find_column, open_table
from liebian_analytics.readers.typing import amount_column, code_column, instant_of_local, local_time_column
from liebian_analytics.results import Notice

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class OrderSource:
    """Which column of a file means what.

    Parameters
    ----------
    customer
        Column that says whose order it is. Any type; rows without it are left out, with a notice.
    time
        Column of the day or instant; ``None`` = the file has none, and every row counts as of the same day.
    amount
        Column of the amount in major units (12.50); ``None`` = amounts are unknown and count as 1 each.
    order
        Column of the order number; ``None`` = every row is an order of its own.
    currency
        Column of the currency; the file must then hold one currency only, or ``only_currency`` chooses it.
    only_currency
        The currency to keep.
    zone
        Time zone of the business days. Times without a zone are times of this zone.
    time_format
        As in ``strptime``, such as ``%m/%d/%Y %H:%M``; ``None`` = ISO 8601 (``2026-01-31``, ``2026-01-31 18:30``).
    skip_bad
        Leave rows out that cannot be read, with a notice, instead of stopping at them.
    keep_free
        Count rows with an amount of 0 as orders, as models of how often people buy do.
    """

    customer: str
    time: str | None = None
    amount: str | None = None
    order: str | None = None
    currency: str | None = None
    only_currency: str | None = None
    zone: str = "UTC"
    time_format: str | None = None
    skip_bad: bool = False
    keep_free: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders on an engine.

    Parameters
    ----------
    facts
        Canonical ``order_facts``; ``amount_minor`` in units of 10 to the power of ``-digits``.
    codes
        ``customer_id`` int64 and ``code``: the customer as the file names them.
    digits
        Decimals that the file's amounts use.
    n_rows
        Rows of the file.
    notices
        What was odd.
    """

    facts: ir.Table
    codes: ir.Table
    digits: int
    n_rows: int
    notices: tuple[Notice, ...]

    def named(self, table: ir.Table, name: str) -> ir.Table:
        """``table`` with the file's customers in a column ``name`` instead of ``customer_id``, in their order."""
        joined = table.join(self.codes, "customer_id")
        rest = [column for column in table.columns if column != "customer_id"]
        return joined.select(joined.code.name(name), *rest).order_by(name)

    def major(self, value: Any) -> Any:
        """An amount of ``facts`` in the file's own unit, float64."""
        return value / 10**self.digits


def read_orders(
    source: Any, columns: OrderSource, engine: Engine, *, as_of: AsOf | None = None, table: str | None = None
) -> Orders:
    """Read a file or frame of orders, or of order lines, as canonical ``order_facts``.

    Parameters
    ----------
    source, table
        As for ``open_table``. Files are read where this runs; only the canonical table goes to a cluster.
    columns
        Which column means what.
    engine
        Where the result is to live.
    as_of
        Exclusive day or instant, only to say how many rows will not count. The facts keep them.

    Returns
    -------
    Orders

    Raises
    ------
    SchemaMismatch
        If a column does not exist; the message names the nearest.
    BadArgument
        If a time or amount cannot be read (with the lines), currencies are mixed, or the file cannot be opened.

    Notes
    -----
    A row whose amount is zero or negative is no order: it is left out, and a notice says how many and what they sum to.
    Rows of one order number become one order on the day of its first row.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from datetime import date
    >>> from liebian_analytics.engines import connect
    >>> rows = pa.table({"who": ["ann", "bob"], "on": ["2026-01-01", "2026-01-02"], "paid": [12.5, -1.0]})
    >>> with connect() as engine:
    ...     orders = read_orders(rows, OrderSource("who", "on", "paid"), engine)
    ...     engine.run(orders.facts)["amount_minor"].to_pylist(), [notice.code for notice in orders.notices]
    ([125], ['not_positive', 'one_customer'])
    """
    if as_of is not None:
        end_day(as_of)
    with connect() as here:
        raw = open_table(source, here, table=table)
        found = _found(raw, columns)
        rows = here.keep(_typed(raw, found, columns, here))
        n_repeats = count_repeats(raw, here)
        facts_of_rows = check_rows(rows, found, columns, source, here, as_of, n_repeats)
        counted = rows.filter(becomes_order(rows, columns))
        ids = _numbered(here.run(counted.select("code").distinct().order_by("code")))
        codes = here.from_arrow(ids)
        facts = here.run(_facts(counted.join(codes, "code"), columns, facts_of_rows.digits))
        notices = notices_of(facts_of_rows, columns, as_of)
    return Orders(engine.from_arrow(facts), engine.from_arrow(ids), facts_of_rows.digits, facts_of_rows.n_rows, notices)


def _found(raw: ir.Table, columns: OrderSource) -> dict[str, str]:
    return {
        option: find_column(name, raw.columns, option=f"--{option}")
        for option in ("customer", "time", "amount", "order", "currency")
        if (name := getattr(columns, option)) is not None
    }


def _typed(raw: ir.Table, found: dict[str, str], columns: OrderSource, here: Engine) -> ir.Table:
    """The columns that matter under fixed names and types; the text of what could not be read is kept for the message."""
    import ibis

    raw = raw.select(**{option: raw[name] for option, name in found.items()})
    raw = raw.mutate(row=ibis.row_number().over(ibis.window()))
    time, zoned = local_time_column(raw, columns)
    amount = amount_column(raw)

    def unread(option: str, value: ir.Value) -> ir.Value:
        text = raw[option].cast("string") if option in found else ibis.null("string")
        return ibis.ifelse(value.isnull(), text, ibis.null("string"))

    return raw.select(
        "row",
        code=code_column(raw, here),
        time=time,
        amount=amount,
        order=raw["order"].cast("string") if "order" in found else raw.row.cast("string"),
        currency=raw.currency.cast("string") if "currency" in found else ibis.literal("XXX"),
        zoned=zoned,
        time_text=unread("time", time),
        amount_text=ibis.coalesce(unread("amount", amount), amount.cast("string")),
    )


def _numbered(codes: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.table({"customer_id": pa.array(range(1, codes.num_rows + 1), pa.int64()), "code": codes["code"]})


def _facts(rows: ir.Table, columns: OrderSource, digits: int) -> ir.Table:
    import ibis

    rows = rows.mutate(minor=(rows.amount * 10**digits).round().cast("int64"))
    orders = rows.group_by("customer_id", "order").aggregate(
        local=rows.time.min(), amount_minor=rows.minor.sum().cast("int64"), currency=rows.currency.min()
    )
    numbered = orders.mutate(
        number=ibis.row_number().over(order_by=[orders.customer_id, orders.local, orders["order"]])
    )
    return numbered.select(
        "customer_id",
        order_id=numbered.number.cast("int64"),
        external_id=numbered["order"],
        kind=ibis.literal("paid"),
        at=instant_of_local(numbered.local, columns.zone),
        day=numbered.local.date(),
        amount_minor=numbered.amount_minor,
        currency=numbered.currency,
        channel=ibis.null("string"),
        n_orders=ibis.literal(1, "int8"),
    )


def parse_as_of(text: str) -> AsOf:
    """An exclusive day (``2026-01-31``) or instant with an offset (``2026-01-31T18:00+08:00``).

    >>> parse_as_of("2026-01-31")
    datetime.date(2026, 1, 31)
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadArgument(f"{text!r} is no date; write it as 2026-01-31") from None
    if len(text) <= 10:
        return moment.date()
    end_day(moment)
    return moment
