"""Coupons that orders name: ours are handed to rewards in the order of the log, the shop's own are left alone."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from liebian.core.days import day_of
from liebian.core.durability import commit_durably
from liebian.orders.types import OrderChange
from liebian.referrals.services.known import Known
from liebian.referrals.services.lives import Lives
from liebian.referrals.types import COUPON_REDEEMED, COUPON_REFUSED
from liebian.rewards import queries as reward_queries
from liebian.rewards import services as rewards
from liebian.rewards.types import CouponOutcome, CouponUse, CouponView, RewardView

_Named = tuple[OrderChange, str]


class CouponDesk:
    """Collects what orders name and hands it over together; whatever changes coupons calls `flush` first."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.named: list[_Named] = []

    def take(self, order: OrderChange) -> None:
        """Without a programme nobody has a coupon of ours."""
        if self.known.programmes:
            self.named += [(order, code) for code in order.coupons]

    def flush(self) -> None:
        """Redeem what waits and tell the outcome of each. A coupon that does not count leaves its reason."""
        named, self.named = self.named, []
        ours = reward_queries.list_coupons_by_code(code for _, code in named) if named else {}
        named = [(order, code) for order, code in named if code in ours]
        if not named:
            return
        lives = _lives_of(named, ours)
        uses = [_use(order, ours[code], lives) for order, code in named]
        commit_durably(connection)
        outcomes = rewards.redeem_coupons(uses=uses, now=named[-1][0].at)
        won = {reward.id: reward for reward in reward_queries.list_rewards(ids=[c.reward_id for c in ours.values()])}
        for (order, code), outcome in zip(named, outcomes, strict=True):
            self._tell(order, outcome, won[ours[code].reward_id])

    def _tell(self, order: OrderChange, outcome: CouponOutcome, reward: RewardView) -> None:
        self.known.tell(
            COUPON_REDEEMED if outcome.accepted else COUPON_REFUSED, f"{outcome.code}:{order.external_id}",
            order.customer_id, order.at, programme_id=reward.programme_id, code=outcome.code, order_id=order.external_id, reason=outcome.reason,
            role=reward.role, reward=reward.offer.name, value_minor=reward.offer.face_minor, currency=reward.offer.currency,
        )  # fmt: skip


def _lives_of(named: list[_Named], ours: dict[str, CouponView]) -> Lives:
    """Whoever was merged into somebody until the order is that person, and so are their coupons."""
    return Lives({order.customer_id for order, _ in named} | {coupon.customer_id for coupon in ours.values()})


def _use(order: OrderChange, coupon: CouponView, lives: Lives) -> CouponUse:
    buyer, owner = order.customer_id, coupon.customer_id
    theirs = lives.at(buyer, order.event_id) == lives.at(owner, order.event_id)
    return CouponUse(
        code=coupon.code, customer_id=owner if theirs else buyer, order_key=order.external_id,
        day=day_of(order.at, settings.TIME_ZONE), at=order.at,
    )  # fmt: skip
