"""A customer's own rewards, with what they need to use them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from liebian.rewards.models import Coupon, CouponCode, Privilege, Reward
from liebian.rewards.queries.gifts import list_parcels
from liebian.rewards.queries.privileges import view_privilege
from liebian.rewards.queries.views import view_coupon, view_reward
from liebian.rewards.rules import code_cause
from liebian.rewards.types import CouponView, OwnReward, RewardView


def list_own_rewards(
    customer_ids: Sequence[int], *, now: datetime, before: int | None = None, limit: int = 50
) -> list[OwnReward]:
    """Of one person under every id, newest first. Codes are in clear: whoever calls it has written down who sees them."""
    rows = Reward.objects.filter(customer_id__in=customer_ids).select_related("offer").order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = [view_reward(row) for row in rows[:limit]]
    ids = [each.id for each in found]
    coupons = {row.reward_id: view_coupon(row) for row in Coupon.objects.filter(reward__in=ids).select_related("offer")}
    parcels = {each.reward_id: each for each in sorted(list_parcels(reward_ids=ids), key=lambda each: each.id)}
    privileges = {row.reward_id: view_privilege(row) for row in Privilege.objects.filter(reward__in=ids)}
    codes = _find_codes([each for each in found if each.offer.kind == "code" and each.state == "issued"])
    return [
        OwnReward(
            each,
            _usable(coupons[each.id], now) if each.id in coupons else codes.get(_cause(each), ""),
            coupons.get(each.id),
            parcels.get(each.id),
            privileges.get(each.id),
        )
        for each in found
    ]


def _usable(coupon: CouponView, now: datetime) -> str:
    return coupon.code if coupon.state == "issued" and now < coupon.expires_at else ""


def _find_codes(rewards: Sequence[RewardView]) -> dict[str, str]:
    causes = [_cause(each) for each in rewards]
    return {
        str(cause): code for cause, code in CouponCode.objects.filter(cause__in=causes).values_list("cause", "code")
    }


def _cause(reward: RewardView) -> str:
    return code_cause(reward.qualification, reward.rule, reward.role)
