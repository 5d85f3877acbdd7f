"""The figures of the home page, each from the context that owns it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from liebian.access import queries as access
from liebian.core import days
from liebian.customers import queries as customers
from liebian.events import queries as events
from liebian.insights.rules import WEEKS, expect
from liebian.insights.types import ExpectedDay, Measure, ProgrammeCard, RewardsWaiting, StageAlert
from liebian.lake import queries as lake
from liebian.orders import queries as orders
from liebian.pipeline import queries as pipeline
from liebian.pipeline.services import every_unit
from liebian.pipeline.types import FAILING, PAUSED, STOPPED, UnitView
from liebian.referrals import queries as referrals
from liebian.referrals.types import ProgrammeView
from liebian.rewards import queries as rewards

SPAN = 30
BEHIND_LIMIT = 1000
TROUBLES = (STOPPED, FAILING, PAUSED)


@dataclass(frozen=True, slots=True)
class Freshness:
    newest_event_at: datetime | None
    behind: int
    lake_published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Home:
    today: date
    currency: str
    has_data: bool
    revenue: Measure
    orders: Measure
    new_buyers: Measure
    n_known: int
    n_at_risk: int
    n_lost: int
    days: list[ExpectedDay]
    programmes: list[ProgrammeCard]
    refused_order_events: int
    colliding_orders: int
    rewards: RewardsWaiting
    stages: list[StageAlert]
    freshness: Freshness


def get_home(*, now: datetime) -> Home:
    """The last 30 business days with today, beside the 30 before."""
    zone = settings.TIME_ZONE
    today = days.day_of(now, zone)
    currency = access.get_organisation().currency or "CNY"
    first = today - timedelta(days=2 * SPAN + 7 * WEEKS)
    daily = orders.list_daily_revenue(first=first, end=today + timedelta(days=1), zone=zone, currency=currency)
    revenue = {day: figures[0] for day, figures in daily.items()}
    start, middle = today - timedelta(days=2 * SPAN - 1), today - timedelta(days=SPAN - 1)
    known_since = min(daily, default=today)
    units = pipeline.list_units(every_unit(), now=now)
    return Home(
        today=today, currency=currency, has_data=events.get_log_end() > 0,
        revenue=_measure({day: figures[0] for day, figures in daily.items()}, start, middle, today),
        orders=_measure({day: figures[1] for day, figures in daily.items()}, start, middle, today),
        new_buyers=_new_buyers(start, middle, today, zone),
        n_known=customers.count_known(),
        n_at_risk=customers.count_in_tier(model="lifecycle", cells=["at_risk"]),
        n_lost=customers.count_in_tier(model="lifecycle", cells=["lost"]),
        days=[expect(middle + timedelta(days=n), revenue, known_since) for n in range(SPAN)],
        programmes=[_card(each, now) for each in referrals.list_programmes() if each.status == "running"],
        refused_order_events=orders.count_refused_events(), colliding_orders=orders.count_colliding_orders(),
        rewards=_rewards_waiting(),
        stages=[_alert(unit) for unit in units if unit.state in TROUBLES],
        freshness=_freshness(units),
    )  # fmt: skip


def _rewards_waiting() -> RewardsWaiting:
    """Pools warn where somebody has said at what number."""
    by_state = rewards.count_rewards_by_state()
    return RewardsWaiting(
        low_pools=[pool for pool in rewards.list_low_pools() if pool.low_at],
        short_gifts=[stock for stock in rewards.list_gift_stocks() if stock.n_waiting],
        n_to_approve=sum(n for (state, _on_hold), n in by_state.items() if state == "pending"),
        n_without_address=rewards.count_parcels()["no_address"],
    )


def _alert(unit: UnitView) -> StageAlert:
    return StageAlert(pipeline.name_unit(unit.name), unit.state, unit.behind, unit.failed_at)


def _freshness(units: list[UnitView]) -> Freshness:
    """The slowest stage says how many events wait."""
    return Freshness(
        newest_event_at=events.get_newest_received_at(),
        behind=max(unit.behind for unit in units),
        lake_published_at=lake.get_state("order_facts").published_at,
    )


def _measure(by_day: dict[date, int], start: date, middle: date, today: date) -> Measure:
    return Measure(
        value=sum(v for day, v in by_day.items() if middle <= day <= today),
        before=sum(v for day, v in by_day.items() if start <= day < middle),
    )


def _new_buyers(start: date, middle: date, today: date, zone: str) -> Measure:
    edges = [days.day_start(day, zone) for day in (start, middle, today + timedelta(days=1))]
    return Measure(
        value=customers.count_new_buyers(start=edges[1], end=edges[2]),
        before=customers.count_new_buyers(start=edges[0], end=edges[1]),
    )


def _card(programme: ProgrammeView, now: datetime) -> ProgrammeCard:
    effect = referrals.get_results(programme, as_of=now).effect
    assert programme.budget_id is not None and programme.ends_on is not None
    budget = rewards.get_budget(programme.budget_id)
    funded = budget.funded or 1
    return ProgrammeCard(
        id=programme.id, name=programme.name, days_left=max(0, (programme.ends_on - days.day_of(now, programme.zone)).days),
        incremental=effect.total, low=effect.total_interval.low, high=effect.total_interval.high, verdict=effect.verdict,
        n_holdout=effect.control.n, currency=budget.currency, budget_left_minor=budget.available,
        budget_left_share=budget.available / funded,
        budget_parts=((budget.paid_out / funded, "money"), (budget.reserved / funded, "money-soft")),
    )  # fmt: skip
