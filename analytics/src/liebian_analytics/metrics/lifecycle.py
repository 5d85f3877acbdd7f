"""Lifecycle: where each known customer stands, from never bought to lost, by rules in days that anybody can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.orders import customer_orders, known_customers
from liebian_analytics.periods import AsOf, days_before, end_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

STAGES: tuple[str, ...] = ("potential", "new", "active", "loyal", "at_risk", "lost")


@dataclass(frozen=True, slots=True)
class LifecycleRules:
    """Limits of the stages; the first line that fits decides.

    1. potential: known, and no order stands.
    2. lost: the last order is more than ``lost_after_days`` days ago.
    3. at_risk: the last order is more than ``active_days`` days ago.
    4. new: the first order is at most ``new_days`` days ago.
    5. loyal: at least ``loyal_orders`` orders stand.
    6. active: everybody else.

    So whoever bought three times in the first month is still new: loyalty is not decided in a month.

    Parameters
    ----------
    new_days, active_days, lost_after_days
        Days before ``as_of``, the last day that counts being 1 day ago; ascending.
    loyal_orders
        Orders, at least 2.

    Raises
    ------
    BadArgument
        If the limits do not ascend.

    Examples
    --------
    >>> LifecycleRules().stage(n_orders=4, days_since_first=200, days_since_last=10)
    'loyal'
    """

    new_days: int = 30
    active_days: int = 90
    lost_after_days: int = 180
    loyal_orders: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.new_days <= self.active_days < self.lost_after_days:
            raise BadArgument("lifecycle needs 1 <= new_days <= active_days < lost_after_days")
        if self.loyal_orders < 2:
            raise BadArgument("loyal_orders must be at least 2: nobody is loyal after one order")

    def stage(self, *, n_orders: int, days_since_first: int | None, days_since_last: int | None) -> str:
        """Stage of one customer; the two distances are ``None`` for whoever has no order."""
        if n_orders < 1 or days_since_first is None or days_since_last is None:
            return "potential"
        if days_since_last > self.lost_after_days:
            return "lost"
        if days_since_last > self.active_days:
            return "at_risk"
        if days_since_first <= self.new_days:
            return "new"
        return "loyal" if n_orders >= self.loyal_orders else "active"


def lifecycle(
    order_facts: ir.Table, customers: ir.Table, *, as_of: AsOf, rules: LifecycleRules | None = None
) -> ir.Table:
    """The lifecycle stage of every customer known before ``as_of``, also of those who never bought.

    Parameters
    ----------
    order_facts
        Canonical ``order_facts``.
    customers
        Canonical ``customers``: the population.
    as_of
        Exclusive day or instant.
    rules
        Limits; ``None`` = the defaults of ``LifecycleRules``.

    Returns
    -------
    Lazy table, one row per known customer: ``customer_id`` int64, ``stage`` string (a member of ``STAGES``),
    ``n_orders`` int64 (standing, 0 if none), ``revenue_minor`` int64 (net, minor units, 0 if none),
    ``first_order_day`` and ``last_order_day`` date, ``days_since_first_order`` and ``days_since_last_order`` int64
    (days; these four are null for whoever has no standing order).

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> with connect() as engine:
    ...     people = engine.from_rows("customers", [(1, at, at.date()), (2, at, at.date())])
    ...     facts = engine.from_rows("order_facts", [(1, 1, "A", "paid", at, at.date(), 900, "CNY", None, 1)])
    ...     stages = lifecycle(facts, people, as_of=date(2026, 1, 20)).order_by("customer_id")
    ...     engine.run(stages)["stage"].to_pylist()
    ['new', 'potential']
    """
    people = known_customers(customers, order_facts, as_of=as_of).select("customer_id")
    joined = people.left_join(customer_orders(order_facts, as_of=as_of), "customer_id")
    return stage_customers(joined.drop("customer_id_right"), as_of=as_of, rules=rules)


def stage_customers(people: ir.Table, *, as_of: AsOf, rules: LifecycleRules | None = None) -> ir.Table:
    """Lifecycle stage of customers whose orders are summed up already; they are the population.

    Parameters
    ----------
    people
        As ``orders.customer_orders`` or ``orders.customer_orders_of_lines`` returns it, as of the same day; null
        measures for whoever has no order.
    as_of, rules
        As for ``lifecycle``.

    Returns
    -------
    As ``lifecycle``.

    Examples
    --------
    >>> from liebian_analytics.datasets.story import day, fact
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     people = engine.keep(customer_orders(engine.from_rows("order_facts", [fact(1, 1, 1, 100)]), as_of=day(60)))
    ...     engine.run(stage_customers(people, as_of=day(60)))["stage"].to_pylist()
    ['active']
    """
    import ibis

    limits = rules or LifecycleRules()
    end = end_day(as_of)
    joined = people
    table = joined.select(
        "customer_id",
        n_orders=joined.n_orders.fill_null(0),
        revenue_minor=joined.revenue_minor.fill_null(0),
        first_order_day=joined.first_order_day,
        last_order_day=joined.last_order_day,
        days_since_first_order=days_before(end, joined.first_order_day),
        days_since_last_order=days_before(end, joined.last_order_day),
    )
    stage = ibis.cases(
        (table.n_orders < 1, "potential"),
        (table.days_since_last_order > limits.lost_after_days, "lost"),
        (table.days_since_last_order > limits.active_days, "at_risk"),
        (table.days_since_first_order <= limits.new_days, "new"),
        (table.n_orders >= limits.loyal_orders, "loyal"),
        else_="active",
    )
    return table.select("customer_id", stage.name("stage"), *table.columns[1:])
