"""Tables of rewards, one module per noun."""

from liebian.rewards.models.coupons import Coupon
from liebian.rewards.models.reviews import Review, ReviewItem, ReviewPolicy
from liebian.rewards.models.rewards import Budget, Offer, Reward, RewardChange

__all__ = ["Budget", "Coupon", "Offer", "Review", "ReviewItem", "ReviewPolicy", "Reward", "RewardChange"]
