"""Everybody's place in a tier model as of a day, computed from the lake without writing anything.

Results are kept in memory by (kind, parameters, day, lake snapshots), so that a page and its preview ask the lake once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from liebian.access.queries import get_organisation
from liebian.lake.queries import list_snapshots, open_history
from liebian.lake.types import History
from liebian.tiers.queries.lifts import find_lifts, list_given
from liebian.tiers.rules import AbcParameters, LifecycleParameters, Parameters, RfmParameters, as_json, parse_parameters
from liebian.tiers.types import Lift

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from liebian_analytics.metrics.rfm import RfmCuts

FALLBACK_CURRENCY = "CNY"
_TABLES = ("order_facts", "customers")


@dataclass(frozen=True, slots=True)
class Places:
    """One row per customer with a place: `customer_id` (ascending), `cell`, `revenue_minor`, and the kind's own columns."""

    kind: str
    as_of: date
    currency: str
    table: pa.Table
    n_known: int
    cuts: RfmCuts | None = None
    high_from: int | None = None
    lifts: Mapping[int, Lift] = field(default_factory=dict)

    def standing(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Ids ascending, where each stands on this day with what rewards lift, and their revenue."""
        import numpy as np

        ids, cells, revenue = (self.column(name) for name in ("customer_id", "cell", "revenue_minor"))
        if not self.lifts:
            return ids, cells, revenue
        lifted = np.fromiter(self.lifts, np.int64, len(self.lifts))
        everybody = np.union1d(ids, lifted)
        at = np.searchsorted(everybody, ids)
        stand, money = np.full(len(everybody), "", dtype=object), np.zeros(len(everybody), np.int64)
        stand[at], money[at] = cells, revenue
        stand[np.searchsorted(everybody, lifted)] = [lift.cell for lift in self.lifts.values()]
        return everybody, stand, money

    def column(self, name: str) -> np.ndarray[Any, Any]:
        values: np.ndarray[Any, Any] = self.table[name].to_numpy()
        return values

    def find_row(self, customer_id: int) -> dict[str, Any] | None:
        import numpy as np

        ids = self.column("customer_id")
        index = int(np.searchsorted(ids, customer_id))
        if index == len(ids) or ids[index] != customer_id:
            return None
        rows: list[dict[str, Any]] = self.table.slice(index, 1).to_pylist()
        return rows[0]


def compute_places(kind: str, parameters: Parameters, as_of: date) -> Places:
    """Places of one kind as of an exclusive day: by the orders before it, lifted by the levels that rewards give on it."""
    packed = msgspec.json.encode(as_json(parameters), order="sorted")
    own = _cached(kind, packed, as_of, list_snapshots(*_TABLES), get_organisation().currency)
    given = list_given(kind, as_of)
    if not given:
        return own
    cells = {person: row["cell"] for person in given if (row := own.find_row(person)) is not None}
    return replace(own, lifts=find_lifts(given, cells))


@lru_cache(maxsize=16)
def _cached(kind: str, packed: bytes, as_of: date, _snapshots: tuple[str, ...], own_currency: str | None) -> Places:
    parameters = parse_parameters(kind, msgspec.json.decode(packed))
    with open_history(*_TABLES) as history:
        currency = own_currency or _currency_of(history)
        facts = history["order_facts"]
        known = _known_before(history, as_of)
        n_known = int(history.engine.run(known.count().as_table()).column(0)[0].as_py())
        if isinstance(parameters, RfmParameters):
            return _rfm(history, facts, parameters, as_of, currency, n_known)
        if isinstance(parameters, AbcParameters):
            return _abc(history, facts, parameters, as_of, currency, n_known)
        return _lifecycle(history, facts, known, parameters, as_of, currency)


def get_currency() -> str:
    """The currency in which amounts are added up: the organisation's, or else the one most orders are in."""
    return get_organisation().currency or _most_used_currency(list_snapshots("order_facts"))


@lru_cache(maxsize=8)
def _most_used_currency(_snapshots: tuple[str, ...]) -> str:
    with open_history("order_facts") as history:
        return _currency_of(history)


def _currency_of(history: History) -> str:
    facts = history["order_facts"]
    paid = facts.filter(facts.n_orders > 0)
    counts = paid.group_by("currency").aggregate(n=paid.count())
    rows = history.engine.run(counts.order_by([counts.n.desc(), "currency"]).limit(1)).to_pylist()
    return str(rows[0]["currency"]) if rows else FALLBACK_CURRENCY


def known_people(history: History) -> Any:
    """People, not passers-by, each from the day on which they said who they are."""
    customers = history["customers"]
    known = customers.filter(customers.is_known)
    return known.mutate(
        first_seen_at=known.known_at.coalesce(known.first_seen_at),
        first_seen_day=known.known_day.coalesce(known.first_seen_day),
    )


def _known_before(history: History, as_of: date) -> Any:
    from liebian_analytics.metrics.orders import known_customers

    return known_customers(known_people(history), history["order_facts"], as_of=as_of)


def _rfm(history: History, facts: Any, wanted: RfmParameters, as_of: date, currency: str, n_known: int) -> Places:
    from liebian_analytics.metrics.cells import default_high_from
    from liebian_analytics.metrics.rfm import RfmCuts, rfm, rfm_cuts

    window: dict[str, Any] = {"as_of": as_of, "window_days": wanted.window_days, "currency": currency}
    if wanted.cuts is not None:
        cuts: RfmCuts | None = RfmCuts.chosen(wanted.cuts)
    else:
        cuts = rfm_cuts(facts, bins=wanted.bins, **window)
    high_from = wanted.high_from or default_high_from(wanted.bins)
    scored = rfm(facts, bins=wanted.bins, cuts=cuts, high_from=high_from, **window)
    table = scored.mutate(revenue_minor=scored.monetary_value).order_by("customer_id")
    return Places("rfm", as_of, currency, history.engine.run(table), n_known, cuts, high_from)


def _abc(history: History, facts: Any, wanted: AbcParameters, as_of: date, currency: str, n_known: int) -> Places:
    from liebian_analytics.metrics.abc import abc, customer_revenue

    values = customer_revenue(facts, as_of=as_of, window_days=wanted.window_days, currency=currency)
    graded = abc(values, key="customer_id", cuts=wanted.cuts)
    table = graded.rename(cell="grade").order_by("customer_id")
    return Places("abc", as_of, currency, history.engine.run(table), n_known)


def _lifecycle(
    history: History, facts: Any, known: Any, wanted: LifecycleParameters, as_of: date, currency: str
) -> Places:
    from liebian_analytics.metrics.lifecycle import LifecycleRules, lifecycle

    # An order in another currency still shows that somebody is there; its amount cannot be added up.
    facts = facts.mutate(amount_minor=(facts.currency == currency).ifelse(facts.amount_minor, 0))
    stages = lifecycle(facts, known, as_of=as_of, rules=LifecycleRules(**as_json(wanted)))
    table = history.engine.run(stages.rename(cell="stage").order_by("customer_id"))
    return Places("lifecycle", as_of, currency, table, table.num_rows)
