"""All columns that rules need, for all customers, in one pass over each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.metrics.orders import known_customers, standing_orders
from liebian_analytics.periods import AsOf, before, days_before, end_day, window_start
from liebian_analytics.rules.columns import AttributeColumn, Column, EventColumn, OrderColumn, TierColumn
from liebian_analytics.schema import check_table

if TYPE_CHECKING:
    import ibis.expr.types as ir

COUNTED = ("n_orders", "revenue_minor")


def windowed_columns(
    order_facts: ir.Table,
    event_day_facts: ir.Table,
    customers: ir.Table,
    needed: Iterable[Column],
    as_of: AsOf,
    *,
    tiers: Mapping[str, ir.Table] | None = None,
) -> ir.Table:
    """The columns rules need of every known customer, those who did nothing included.

    Parameters
    ----------
    order_facts, event_day_facts, customers
        Canonical tables. ``customers`` is the population, and has the attributes that rules name.
    needed
        What ``columns_needed`` returned.
    as_of
        Exclusive day; an exclusive instant only if no event is needed, as events are kept by whole days.
    tiers
        For each tier model that is needed: a table with ``customer_id`` and ``cell``, one row per customer, as of the
        same day.

    Returns
    -------
    Lazy table, one row per known customer: ``customer_id`` int64 and one column per needed one under its ``key``.
    Counts and sums int64, never null (0 for nothing); ``days_since_…`` int64, null without an order in the window;
    tiers string, null where the model does not place the customer; attributes as they are.

    Raises
    ------
    SchemaMismatch
        If ``customers`` lacks an attribute.
    BadArgument
        If a tier model is not handed over, or events are asked as of an instant.

    Notes
    -----
    Windows are whole business days, ``as_of - window_days <= day < as_of``. Every table is read once, however many
    columns are needed: conditions are multiplied into sums, as many filtered aggregates are very slow.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> from liebian_analytics.rules.columns import EventColumn
    >>> at, day = datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1)
    >>> with connect() as engine:
    ...     people = engine.from_rows("customers", [(1, at, day), (2, at, day)])
    ...     seen = engine.from_rows("event_day_facts", [(1, day, "Seen", 3)])
    ...     table = windowed_columns(
    ...         engine.empty("order_facts"), seen, people, [EventColumn("Seen", 7)], date(2026, 1, 8))
    ...     engine.run(table.order_by("customer_id"))[1].to_pylist()
    [3, 0]
    """
    wanted = tuple(dict.fromkeys(needed))
    people = known_customers(customers, order_facts, as_of=as_of)
    table = _attributes(people, [column for column in wanted if isinstance(column, AttributeColumn)])
    for tier in (column for column in wanted if isinstance(column, TierColumn)):
        table = _with_tier(table, tier, tiers or {})
    orders = [column for column in wanted if isinstance(column, OrderColumn)]
    if orders:
        table = _with_sums(table, _order_sums(order_facts, orders, as_of), orders)
    events = [column for column in wanted if isinstance(column, EventColumn)]
    if events:
        if isinstance(as_of, datetime):
            raise BadArgument("events are kept by whole days; ask as of a day, not of an instant")
        table = _with_sums(table, _event_sums(event_day_facts, events, as_of), events)
    return table.select("customer_id", *(column.key for column in wanted))


def _attributes(people: ir.Table, attributes: list[AttributeColumn]) -> ir.Table:
    for column in attributes:
        if column.name not in people.columns:
            known = ", ".join(name for name in people.columns if name != "customer_id")
            raise SchemaMismatch(f"customers have no attribute {column.name!r}; they have: {known}")
    return people.select("customer_id", *(column.name for column in attributes if column.name != "customer_id"))


def _with_tier(table: ir.Table, column: TierColumn, tiers: Mapping[str, ir.Table]) -> ir.Table:
    if column.model not in tiers:
        raise BadArgument(f"the rule needs the tier model {column.model!r}; pass its table in tiers")
    cells = tiers[column.model]
    return _joined(table, cells.select("customer_id", **{column.key: cells.cell}))


def _with_sums(table: ir.Table, sums: ir.Table, columns: list[OrderColumn] | list[EventColumn]) -> ir.Table:
    joined = _joined(table, sums)
    counted = [column.key for column in columns if isinstance(column, EventColumn) or column.measure in COUNTED]
    return joined.mutate(**{key: joined[key].fill_null(0) for key in counted})


def _joined(table: ir.Table, more: ir.Table) -> ir.Table:
    return table.left_join(more, "customer_id").select(*table.columns, *more.columns[1:])


def _order_sums(order_facts: ir.Table, columns: list[OrderColumn], as_of: AsOf) -> ir.Table:
    orders = standing_orders(order_facts, as_of=as_of)
    windows = _window_flags(orders, columns, as_of)
    channels = sorted({column.channel for column in columns if column.channel is not None})
    flags = {channel: f"channel_{number}" for number, channel in enumerate(channels)}
    orders = orders.mutate(
        **{f"window_{days}": flag for days, flag in windows.items()},
        **{name: (orders.channel == channel).fill_null(False).cast("int64") for channel, name in flags.items()},
    )
    return orders.group_by("customer_id").aggregate(
        **{
            column.key: _order_measure(
                orders, column.measure, _product(orders, column.window_days, flags.get(column.channel or "")), as_of
            )
            for column in columns
        }
    )


def _order_measure(orders: ir.Table, measure: str, inside: Any, as_of: AsOf) -> Any:
    """One measure over the orders where ``inside`` is 1; ``inside`` is None where all of them count."""
    import ibis

    if measure == "n_orders":
        return orders.count() if inside is None else inside.sum()
    if measure == "revenue_minor":
        return (orders.amount_minor if inside is None else orders.amount_minor * inside).sum()
    days = orders.day if inside is None else ibis.ifelse(inside == 1, orders.day, ibis.null("date"))
    return days_before(end_day(as_of), days.max() if measure == "days_since_last_order" else days.min())


def _event_sums(event_day_facts: ir.Table, columns: list[EventColumn], as_of: AsOf) -> ir.Table:
    names = {name: f"event_{number}" for number, name in enumerate(sorted({column.name for column in columns}))}
    check_table(event_day_facts, "event_day_facts")
    facts = before(event_day_facts, as_of)
    facts = facts.filter(facts["name"].isin(list(names)))
    windows = _window_flags(facts, columns, as_of)
    facts = facts.mutate(
        **{f"window_{days}": flag for days, flag in windows.items()},
        # The count of the event itself: one factor less in every sum.
        **{flag: (facts["name"] == name).cast("int64") * facts.n_events for name, flag in names.items()},
    )
    return facts.group_by("customer_id").aggregate(
        **{column.key: _product(facts, column.window_days, names[column.name]).sum() for column in columns}
    )


def _window_flags(facts: ir.Table, columns: list[OrderColumn] | list[EventColumn], as_of: AsOf) -> dict[int, Any]:
    """1 or 0 per fact for each distinct window, computed once for all columns that share it."""
    windows = sorted({column.window_days for column in columns if column.window_days is not None})
    return {days: (facts.day >= window_start(as_of, days)).cast("int64") for days in windows}


def _product(facts: ir.Table, window_days: int | None, flag: str | None) -> Any:
    factors = ([facts[f"window_{window_days}"]] if window_days is not None else []) + ([facts[flag]] if flag else [])
    if len(factors) == 2:
        return factors[0] * factors[1]
    return factors[0] if factors else None
