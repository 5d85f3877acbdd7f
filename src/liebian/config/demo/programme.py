"""The demo shop's referral programme, published through the product as an operator would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from liebian.config.demo import shop
from liebian.core import days
from liebian.customers import queries as customers
from liebian.referrals import queries as referral_queries
from liebian.referrals import services as referrals
from liebian.rewards import queries as rewards
from liebian.segments import services as segments

RUNS_ON = 30
SEGMENT = "一年内买过两次以上的老客"
SEGMENT_RULE = {
    "kind": "all_of",
    "rules": [
        {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2, "window_days": 365},
        {"kind": "orders", "metric": "days_since_last_order", "op": "le", "value": 240},
    ],
}
TERMS = {
    "name": "秋茶老友礼",
    "goal": "new_customers",
    "holdout_percent": 10,
    "referrer_kind": "points", "referrer_points": 300, "referrer_cost_minor": 3000,
    "friend_kind": "coupon", "friend_face_minor": 2000, "friend_cost_minor": 2000,
    "friend_threshold_minor": 9900, "friend_valid_days": 30,
    "budget_minor": 3_000_000, "min_order_minor": 9900, "hold_days": 7,
    "limits": [{"scope": "person", "period": "ever", "measure": "count", "amount": 8, "on_excess": "refuse"}],
    "organiser": shop.SHOP_NAME, "contact": "service@example.com",
    "title_zh": "请好友喝一杯好茶", "title_en": "Share a good cup of tea",
    "message_zh": "我在拾叶喝茶很久了，你第一次下单满 99 元，我们各得一份心意。我推荐成功可获奖励。",
    "message_en": "I have bought my tea here for a long time. On your first order from ¥99 we both get something; I get a reward too.",
    "rules_zh": "好友须为从未在本店下单的新朋友；首单实付满 99 元，过 7 天退货期后发放。每位老客最多计 8 位好友。退款则奖励取消。",
    "rules_en": "Friends must never have ordered here. The first paid order of at least ¥99 counts, after 7 days for returns. At most 8 friends each. A refund cancels the rewards.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Invitee:
    user_id: str
    arm: str
    code: str


@dataclass(frozen=True, slots=True)
class EarnedCoupon:
    """A coupon as its owner knows it; amounts in whole yuan."""

    user_id: str
    code: str
    off: int
    minimum: int


def publish_programme(moment: datetime, *, starts: date, today: date) -> tuple[int, list[Invitee]]:
    """Segment, draft, publication. Returns the programme and everybody on its list with their arm."""
    segment = segments.save_segment(name=SEGMENT, rule=SEGMENT_RULE, now=moment)
    period = {"starts_on": starts.isoformat(), "ends_on": (today + timedelta(days=RUNS_ON)).isoformat()}
    draft = referrals.save_draft(
        programme_id=None, values={**TERMS, **period, "segment_id": segment.id}, actor=None, now=moment
    )
    programme = referrals.publish_programme(programme_id=draft.id, actor=None, now=moment)
    people = referral_queries.list_participants(programme.id)
    user_ids = customers.list_user_ids(each.customer_id for each in people)
    return programme.id, [Invitee(user_ids[p.customer_id], p.arm, p.code) for p in people if p.customer_id in user_ids]


def list_new_coupons(day: date) -> list[EarnedCoupon]:
    """The coupons that were issued on this business day."""
    start, end = (edge(day, settings.TIME_ZONE) for edge in (days.day_start, days.day_end))
    issued = rewards.list_issued_coupons(start=start, end=end)
    user_ids = customers.list_user_ids(each.customer_id for each in issued)
    return [
        EarnedCoupon(
            user_ids[each.customer_id], each.code, each.offer.face_minor // 100, each.offer.threshold_minor // 100
        )
        for each in issued
        if each.customer_id in user_ids
    ]
