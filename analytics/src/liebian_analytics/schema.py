"""Canonical tables: names, columns, units, meaning, grain. Owns no data and no engine.

Money is integer minor units of ``currency``; days are business days of the organisation; instants are UTC.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from liebian_analytics.errors import BadArgument, SchemaMismatch

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``dtype`` as Ibis spells it, what it means, in which unit, and what null means in it."""

    name: str
    dtype: str
    meaning: str
    unit: str = ""
    null: str = "never null"


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A canonical table: what one row is, and its columns in order."""

    name: str
    grain: str
    columns: tuple[Column, ...]

    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


_CUSTOMER = Column("customer_id", "int64", "the customer after identity resolution")
_AT = Column("at", "timestamp('UTC', 6)", "when it happened", "UTC")
_DAY = Column("day", "date", "business day of `at` in the organisation's time zone")
_CURRENCY = Column("currency", "string", "ISO 4217 code of all amounts in the row")

ORDER_FACTS = TableSchema(
    "order_facts",
    "one change of one order; additive, so the state as of any day is the sum of the rows before it",
    (
        _CUSTOMER,
        Column("order_id", "int64", "the order inside this installation"),
        Column("external_id", "string", "the order number of the shop"),
        Column("kind", "string", "paid, corrected, refunded or cancelled"),
        _AT,
        _DAY,
        Column("amount_minor", "int64", "change of revenue; refunds are negative", "minor units"),
        _CURRENCY,
        Column("channel", "string", "where it was bought", null="the shop did not say"),
        Column("n_orders", "int8", "+1 when paid, -1 when the whole order is refunded or cancelled, else 0", "orders"),
    ),
)
ORDER_LINES = TableSchema(
    "order_lines",
    "one line of one order, as paid",
    (
        _CUSTOMER,
        Column("order_id", "int64", "the order inside this installation"),
        Column("product_id", "string", "the shop's product code"),
        Column("category", "string", "product category", null="the shop did not say"),
        Column("quantity", "int64", "pieces bought", "pieces"),
        Column("revenue_minor", "int64", "price times quantity", "minor units"),
        _CURRENCY,
        _AT,
        _DAY,
    ),
)
CUSTOMERS = TableSchema(
    "customers",
    "one customer; further columns are attributes that rules may name; no personal data",
    (
        _CUSTOMER,
        Column("first_seen_at", "timestamp('UTC', 6)", "when the customer was first seen", "UTC"),
        Column("first_seen_day", "date", "business day of `first_seen_at` in the organisation's time zone"),
    ),
)
EVENTS = TableSchema(
    "events",
    "one event of one customer",
    (
        _CUSTOMER,
        Column("event_id", "int64", "position in the event log"),
        Column("name", "string", "name in the event vocabulary, such as Product Viewed"),
        _AT,
        _DAY,
    ),
)
EVENT_DAY_FACTS = TableSchema(
    "event_day_facts",
    "one (customer, business day, event name) that occurred",
    (
        _CUSTOMER,
        _DAY,
        Column("name", "string", "name in the event vocabulary"),
        Column("n_events", "int64", "how often it occurred that day", "events"),
    ),
)
ORDERS = TableSchema(
    "orders",
    "one order as it stands as of a day, net of what was given back; what `standing_orders` makes of `order_facts`",
    (
        _CUSTOMER,
        Column("order_id", "int64", "the order inside this installation"),
        Column("day", "date", "business day of payment"),
        Column("channel", "string", "where it was bought", null="the shop did not say"),
        Column("amount_minor", "int64", "net of refunds", "minor units"),
    ),
)
TOUCHES = TableSchema(
    "touches",
    "one contact of one customer with a page, link or campaign",
    (
        _CUSTOMER,
        Column("event_id", "int64", "position in the event log"),
        Column("kind", "string", "viewed, shared, opened or clicked"),
        Column("channel", "string", "where it happened", null="unknown"),
        Column("programme_id", "int64", "the referral programme it belongs to", null="no programme"),
        Column("referrer_id", "int64", "the customer whose link it was", null="nobody's"),
        _AT,
        _DAY,
    ),
)
COSTS = TableSchema(
    "costs",
    "what one purpose in one channel cost on one business day; additive",
    (
        _DAY,
        Column("kind", "string", "media, incentive, message, platform, fee or tax"),
        Column("channel", "string", "where it was spent", null="not of one channel"),
        Column("programme_id", "int64", "the programme it was spent for", null="no programme"),
        Column("amount_minor", "int64", "cost; what came back is negative", "minor units"),
        _CURRENCY,
    ),
)
MESSAGES = TableSchema(
    "messages",
    "one message to one customer",
    (
        _CUSTOMER,
        Column("message_id", "int64", "the message inside this installation"),
        Column("channel", "string", "sms, email, wechat or push"),
        Column("template", "string", "what was sent", null="written by hand"),
        _AT,
        _DAY,
        Column("delivered_at", "timestamp('UTC', 6)", "when the channel confirmed it", "UTC", "not confirmed"),
        Column("opened_at", "timestamp('UTC', 6)", "when it was first opened", "UTC", "not opened, or cannot be seen"),
        Column("clicked_at", "timestamp('UTC', 6)", "when a link in it was first opened", "UTC", "not clicked"),
    ),
)
POSTINGS = TableSchema(
    "postings",
    "one posting of one ledger entry; the postings of an entry sum to 0 per asset",
    (
        Column("entry_id", "int64", "the entry it belongs to"),
        Column("posting_id", "int64", "the posting inside the ledger"),
        Column("account", "string", "code of the account"),
        Column("asset", "string", "what is counted, such as CNY/2 or POINTS:main/0"),
        Column("amount", "int64", "change of the account's balance", "smallest unit of the asset"),
        Column("kind", "string", "kind of the entry"),
        Column("reference", "string", "what the entry is about", null="nothing in particular"),
        Column("reversal_of", "int64", "the entry that this one takes back", null="it takes none back"),
        Column("at", "timestamp('UTC', 6)", "when the entry takes effect", "UTC"),
        _DAY,
    ),
)
TABLES = {
    table.name: table
    for table in (
        ORDER_FACTS, ORDER_LINES, ORDERS, CUSTOMERS, EVENTS, EVENT_DAY_FACTS, TOUCHES, COSTS, MESSAGES, POSTINGS,
    )
}  # fmt: skip


def get_table(name: str) -> TableSchema:
    """The canonical table called ``name``.

    Examples
    --------
    >>> get_table("order_facts").names()[-1]
    'n_orders'
    >>> get_table("order")
    Traceback (most recent call last):
        ...
    liebian_analytics.errors.BadArgument: there is no table 'order'; did you mean 'orders'?
    """
    try:
        return TABLES[name]
    except KeyError:
        raise BadArgument(f"there is no table {name!r}{_guess(name, TABLES)}") from None


def check_table(table: ir.Table, name: str, *, only: Sequence[str] | None = None) -> None:
    """Refuse a table that lacks a canonical column or holds it in a type of another family.

    Integer widths may differ; further columns are welcome.

    Parameters
    ----------
    table
        Any Ibis table.
    name
        Canonical table it is meant to be.
    only
        Check just these columns.

    Raises
    ------
    SchemaMismatch
        Naming the column, and the nearest column that is there.

    Examples
    --------
    >>> import ibis
    >>> check_table(ibis.table({"customer": "int64", "first_seen_day": "date"}, name="t"), "customers")
    Traceback (most recent call last):
        ...
    liebian_analytics.errors.SchemaMismatch: customers needs the column 'customer_id' (int64: the customer after \
identity resolution); did you mean 'customer'?
    """
    expected = get_table(name)
    found = table.schema()
    for column in expected.columns:
        if only is not None and column.name not in only:
            continue
        if column.name not in found:
            raise SchemaMismatch(
                f"{name} needs the column {column.name!r} ({column.dtype}: {column.meaning}){_guess(column.name, found)}"
            )
        if _family(found[column.name]) != column.dtype.split("(")[0].rstrip("0123456789"):
            raise SchemaMismatch(f"{name}.{column.name} must be {column.dtype}, but is {found[column.name]}")


def arrow_table(name: str, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Arrow table of canonical columns and types from rows in column order.

    Examples
    --------
    >>> from datetime import date
    >>> arrow_table("event_day_facts", [(7, date(2026, 1, 1), "Product Viewed", 3)]).to_pylist()[0]["n_events"]
    3
    """
    import ibis
    import pyarrow as pa

    table = get_table(name)
    types = ibis.schema({column.name: column.dtype for column in table.columns}).to_pyarrow()
    columns = list(zip(*rows, strict=True)) or [()] * len(types)
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, types, strict=True)], schema=types)


def _family(dtype: Any) -> str:
    if dtype.is_integer():
        return "int"
    return str(dtype).lstrip("!").split("(")[0].rstrip("0123456789")


def _guess(name: str, candidates: Any) -> str:
    near = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(candidates)}"
