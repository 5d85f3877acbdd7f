"""Tables of rewards, one module per noun."""

from liebian.rewards.models.coupons import (
    CheckoutAnswer,
    Coupon,
    CouponCode,
    CouponFill,
    CouponPool,
    Redemption,
    ShopKey,
)
from liebian.rewards.models.deadlines import DeadlineRow
from liebian.rewards.models.forecasts import BudgetForecast
from liebian.rewards.models.gifts import Parcel
from liebian.rewards.models.liability import PointsCohort, PointsRedeemed, PointsValue, StockDay, StockLine
from liebian.rewards.models.points import PointsLot, PointsMerge, PointsTermsRow, PointsUse, PointsUseLot, PointsWallet
from liebian.rewards.models.privileges import Privilege
from liebian.rewards.models.reconciling import Alarm, CheckRun, Comparison
from liebian.rewards.models.reviews import BudgetProposal, PointsProposal, Review, ReviewItem, ReviewPolicy
from liebian.rewards.models.rewards import Budget, Offer, Reward, RewardChange

__all__ = [
    "Alarm",
    "Budget",
    "BudgetForecast",
    "BudgetProposal",
    "CheckRun",
    "CheckoutAnswer",
    "Comparison",
    "Coupon",
    "CouponCode",
    "CouponFill",
    "CouponPool",
    "DeadlineRow",
    "Offer",
    "Parcel",
    "PointsCohort",
    "PointsLot",
    "PointsMerge",
    "PointsProposal",
    "PointsRedeemed",
    "PointsTermsRow",
    "PointsUse",
    "PointsUseLot",
    "PointsValue",
    "PointsWallet",
    "Privilege",
    "Redemption",
    "Review",
    "ReviewItem",
    "ReviewPolicy",
    "Reward",
    "RewardChange",
    "ShopKey",
    "StockDay",
    "StockLine",
]
