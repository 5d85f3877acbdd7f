"""Budgets, offers and grants for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from liebian.rewards import services
from liebian.rewards.types import BudgetView, GrantRequest, OfferDraft, OfferView, Side

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
TODAY = date(2026, 6, 1)
HOLD = date(2026, 6, 8)


def make_budget(funded: int = 0) -> BudgetView:
    budget = services.create_budget(name="Dragon boat", currency="CNY", now=NOW)
    if not funded:
        return budget
    return services.fund_budget(budget_id=budget.id, amount_minor=funded, idempotency_key="1", actor=1, now=NOW)


def make_points(points: int = 1000, cost: int = 1000) -> OfferView:
    draft = OfferDraft(kind="points", name=f"{points} points", currency="CNY", cost_minor=cost, points=points)
    return services.create_offer(draft=draft, now=NOW)


def make_coupon(face: int = 2000, cost: int = 1000, days: int = 30) -> OfferView:
    draft = OfferDraft(kind="coupon", name="Welcome", currency="CNY", cost_minor=cost, face_minor=face, valid_days=days)
    return services.create_offer(draft=draft, now=NOW)


def make_grant(
    budget: BudgetView, number: int, *sides: tuple[str, OfferView] | tuple[str, OfferView, str], both: bool = True
) -> GrantRequest:
    """Sides are (role, offer[, refusal]); the referrer of order n is customer 1, the friend is 1000 + n."""
    people = {"referrer": 1, "referee": 1000 + number}
    return GrantRequest(
        qualification=f"order:{number}",
        rule="first_order",
        programme_id=9,
        budget_id=budget.id,
        sides=tuple(Side(each[0], people[each[0]], each[1].id, *each[2:]) for each in sides),
        hold_until=HOLD,
        at=NOW,
        both_or_none=both,
    )
