"""Activity: what customers did, each deed counting less the longer ago it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument
from liebian_analytics.periods import AsOf, before, days_before, end_day
from liebian_analytics.schema import check_table

if TYPE_CHECKING:
    import ibis.expr.types as ir


def activity(
    event_day_facts: ir.Table,
    *,
    as_of: AsOf,
    half_life_days: float = 30,
    weights: Mapping[str, float] | None = None,
) -> ir.Table:
    """How active each customer is, with memory that fades.

    Parameters
    ----------
    event_day_facts
        Canonical ``event_day_facts``.
    as_of
        Exclusive day: events are kept by whole days.
    half_life_days
        After so many days a deed counts half, above 0.
    weights
        Event name to weight; only these events count. ``None`` = every event counts 1.

    Returns
    -------
    Lazy table, one row per customer with a counted event: ``customer_id`` int64, ``activity`` float64 (weighted events,
    an event of the last day that counts being a day old), ``n_events`` int64 (undecayed, unweighted),
    ``last_event_day`` date, ``days_since_last_event`` int64 (days, >= 1).

    Raises
    ------
    BadArgument
        If the half-life is not above 0, ``weights`` is empty, or ``as_of`` is an instant.

    Notes
    -----
    activity = sum of weight x events x 2^(-age/half-life), age in whole days. Decay is memoryless: tomorrow's value is
    today's times 2^(-1/half-life) plus what is done today, so values of different days compare.

    Examples
    --------
    >>> from datetime import date
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     facts = engine.from_rows("event_day_facts", [(1, date(2026, 1, 1), "Seen", 4), (1, date(2026, 1, 11), "Seen", 1)])
    ...     engine.run(activity(facts, as_of=date(2026, 1, 21), half_life_days=10))["activity"].to_pylist()
    [1.5]
    """
    import ibis

    check_table(event_day_facts, "event_day_facts")
    if half_life_days <= 0:
        raise BadArgument(f"half_life_days must be above 0, got {half_life_days}")
    if isinstance(as_of, datetime):
        raise BadArgument("events are kept by whole days; ask as of a day, not of an instant")
    facts = before(event_day_facts, as_of)
    weight = ibis.literal(1.0)
    if weights is not None:
        if not weights:
            raise BadArgument("weights must name at least one event")
        facts = facts.filter(facts["name"].isin(list(weights)))
        weight = ibis.cases(*((facts["name"] == name, float(value)) for name, value in weights.items()), else_=0.0)
    # Said as floats: an engine that reads 30.0 as a decimal would round the exponent.
    age = days_before(end_day(as_of), facts.day).cast("float64")
    half_life = ibis.literal(float(half_life_days)).cast("float64")
    decayed = weight.cast("float64") * facts.n_events * ibis.literal(2.0).cast("float64").pow(-age / half_life)
    people = facts.group_by("customer_id").aggregate(
        activity=decayed.sum(), n_events=facts.n_events.sum(), last_event_day=facts.day.max()
    )
    return people.mutate(days_since_last_event=days_before(end_day(as_of), people.last_event_day))
