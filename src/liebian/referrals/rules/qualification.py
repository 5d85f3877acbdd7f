"""Does this order count, and for whom? Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from liebian.core.days import day_of, day_start
from liebian.referrals.rules.terms import Terms, status_at
from liebian.referrals.types import Check, Decision


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A paid order of a friend. `ordered_before_binding` looks at what the log held when the order arrived."""

    external_id: str
    at: datetime
    amount_minor: int
    currency: str
    bound_at: datetime
    ordered_before_binding: bool
    older_referral: int | None = None
    given_back: bool = False  # its refund or its end came in before it


def decide_qualification(order: OrderFacts, terms: Terms) -> Decision:
    """The first paid order of at least the minimum, inside the period, by somebody who was new when they were bound.

    A paused programme takes no new friends, but keeps its promise to those who are bound; an ended one does not count
    orders placed after its end.
    """
    starts, ends = day_start(terms.starts_on, terms.zone), day_start(terms.ends_on, terms.zone)
    ended = status_at(terms.history, order.at) == "ended"
    inside = starts <= order.at < ends and not ended
    early = order.ordered_before_binding or order.at < order.bound_at
    return Decision(
        (
            Check("already_customer", not early, {"bound_at": order.bound_at.isoformat(), "ordered_before": early}),
            *([Check("order_refunded", False)] if order.given_back else []),
            Check("other_touch_won", order.older_referral is None, {"older_referral": order.older_referral}),
            Check("outside_window", inside, {"from": starts.isoformat(), "before": ends.isoformat(), "at": order.at.isoformat(), "ended": ended}),
            Check("condition_failed", order.currency == terms.currency, {"currency": order.currency, "wanted": terms.currency}),
            Check("below_min_order", order.amount_minor >= terms.min_order_minor, {"paid": order.amount_minor, "minimum": terms.min_order_minor, "currency": order.currency}),
        )
    )  # fmt: skip


def reward_key(programme_id: int, external_id: str) -> str:
    """The cause under which rewards know a qualification."""
    return f"referral:{programme_id}:{external_id}"


def pay_from(moment: datetime, zone: str, hold_days: int) -> date:
    """First business day on which the reward of an order paid at `moment` may be paid.

    >>> pay_from(datetime.fromisoformat("2026-06-01T17:00:00+00:00"), "Asia/Shanghai", 7).isoformat()
    '2026-06-09'
    """
    return day_of(moment, zone) + timedelta(days=hold_days)
