"""A small shop for the tests: customers who bought, a programme, friends who follow links. Everything goes through the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liebian.core.cursors import drain
from liebian.customers import queries as customer_queries
from liebian.customers import services as customers
from liebian.events import services as events
from liebian.orders import services as orders
from liebian.referrals import services
from liebian.referrals.models import Outcome, Participation, Qualification, Referral, ReferralDecision
from liebian.referrals.queries import get_programme
from liebian.referrals.types import ProgrammeView
from liebian.rewards import queries as rewards

T0 = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
INVITER_CAP = {"scope": "person", "period": "ever", "measure": "count", "amount": 10, "on_excess": "refuse"}
DRAFT: dict[str, Any] = {
    "name": "端午老友礼", "segment_id": 1, "holdout_percent": 0,
    "referrer_kind": "points", "referrer_points": 300, "referrer_cost_minor": 3000,
    "friend_kind": "coupon", "friend_face_minor": 2000, "friend_threshold_minor": 9900, "friend_valid_days": 14,
    "friend_cost_minor": 2000,
    "budget_minor": 5_000_000, "starts_on": "2026-06-01", "ends_on": "2026-07-01", "min_order_minor": 9900,
    "hold_days": 7, "limits": [INVITER_CAP],
    "title_zh": "请朋友喝茶", "title_en": "Tea for a friend", "message_zh": "朋友首单立减 20 元。", "message_en": "¥20 off the first order.",
    "rules_zh": "每位新朋友一份。", "rules_en": "Once for each new friend.", "organiser": "拾叶茶礼", "contact": "0571-0000-6600",
}  # fmt: skip


class Shop:
    """`limit` is the step of every stage: results must not depend on it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, limit: int = 1000) -> None:
        self.limit = limit
        self.number = 0
        self.target: list[int] = []
        monkeypatch.setattr("liebian.segments.queries.list_members", lambda segment, as_of: self.target)

    def say(self, *messages: dict[str, Any], at: datetime = T0) -> None:
        ready = []
        for message in messages:
            self.number += 1
            ready.append({"messageId": f"m{self.number}", "timestamp": at.isoformat(), **message})
        events.record_events(ready, source="test", received_at=at)

    def run(self) -> None:
        def step() -> int:
            done = drain(lambda: customers.advance(limit=self.limit)) + drain(lambda: orders.advance(limit=self.limit))
            return done + drain(lambda: services.advance(limit=self.limit))

        drain(step)

    def customer(self, user: str, *, at: datetime | None = None, **traits: Any) -> int:
        """An existing customer who has bought before."""
        moment = at or T0 - timedelta(days=60)
        self.say({"type": "identify", "userId": user, "traits": traits}, at=moment)
        self.order(user, f"old-{user}", 50, at=moment)
        self.run()
        return self.id_of(user)

    def id_of(self, user: str) -> int:
        found = customer_queries.find_customer_id(kind="user_id", value=user)
        assert found is not None
        return found

    def order(self, user: str, order: str, total: float, *, at: datetime, **more: Any) -> None:
        properties = {"order_id": order, "total": total, "currency": "CNY", **more}
        self.say({"type": "track", "event": "Order Completed", "userId": user, "properties": properties}, at=at)

    def refund(self, user: str, order: str, refund: str, total: float | None, *, at: datetime) -> None:
        properties: dict[str, Any] = {"order_id": order, "refund_id": refund, "currency": "CNY"}
        if total is not None:
            properties["total"] = total
        self.say({"type": "track", "event": "Order Refunded", "userId": user, "properties": properties}, at=at)

    def programme(self, *people: int, at: datetime = T0 - timedelta(hours=1), **changes: Any) -> ProgrammeView:
        self.target = list(people)
        draft = services.save_draft(programme_id=None, values={**DRAFT, **changes}, actor=None, now=at)
        return services.publish_programme(programme_id=draft.id, actor=None, now=at)

    def code(self, programme: ProgrammeView, customer_id: int) -> str:
        return Participation.objects.get(programme_id=programme.id, customer_id=customer_id).code

    def sign_up(
        self, user: str, code: str, *, at: datetime = T0, consent: str | bool = "2026-01", **contact: Any
    ) -> None:
        properties = {"code": code, "consent": consent, "channel": "wechat", **contact}
        self.say({"type": "track", "event": "Referral Signed Up", "userId": user, "properties": properties}, at=at)

    def day(self, text: str) -> None:
        moment = datetime.fromisoformat(text)
        events.record_day(day=moment.date(), now=moment.replace(tzinfo=UTC))


def states(programme: ProgrammeView) -> dict[str, Any]:
    """Everything that referrals and rewards made of the log, by keys that do not depend on row numbers."""
    budget_id = get_programme(programme.id).budget_id
    assert budget_id is not None
    budget = rewards.get_budget(budget_id)
    orders_by = {q.pk: q.order_external_id for q in Qualification.objects.all()}
    return {
        "referrals": sorted(Referral.objects.values_list("id", "referrer_id", "referee_id", "state", "reason")),
        "qualifications": sorted(Qualification.objects.values_list("order_external_id", "outcome", "reason", "amount_minor", "net_minor")),
        "decisions": sorted(
            (orders_by[d.qualification_id], d.role, d.outcome, d.reason, str(d.trace)) for d in ReferralDecision.objects.all()
        ),
        "rewards": sorted(
            (r.qualification, r.role, r.customer_id, r.state, r.reason, r.amount, r.clawed_amount, r.changed_at)
            for r in rewards.list_rewards(programme_id=programme.id, limit=10_000)
        ),
        "coupons": sorted(
            (o.name, o.properties["order_id"], o.properties["reason"]) for o in Outcome.objects.filter(name__startswith="Coupon ")
        ),
        "budget": (budget.funded, budget.available, budget.reserved, budget.paid_out, budget.receivable, budget.written_off),
    }  # fmt: skip


def decisions(order: str) -> dict[str, tuple[str, str]]:
    """role → (outcome, reason) of one order."""
    rows = ReferralDecision.objects.filter(qualification__order_external_id=order)
    return {row.role: (row.outcome, row.reason) for row in rows}
