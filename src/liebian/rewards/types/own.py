"""A reward as its own customer may see it. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass

from liebian.rewards.types.gifts import ParcelView
from liebian.rewards.types.privileges import PrivilegeView
from liebian.rewards.types.values import CouponView, RewardView


@dataclass(frozen=True, slots=True)
class OwnReward:
    """`code` is a coupon's or a virtual gift's, only while it is the customer's to use; empty otherwise."""

    reward: RewardView
    code: str = ""
    coupon: CouponView | None = None
    parcel: ParcelView | None = None
    privilege: PrivilegeView | None = None
