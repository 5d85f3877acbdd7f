"""JSON over HTTP for shops: their checkout, `/v1/coupons/…`, and their customers' gifts, `/v1/rewards/…`."""

from liebian.rewards.api.checkout import redeem, reserve, rollback, validate
from liebian.rewards.api.gifts import address, gifts
from liebian.rewards.api.gifts import openapi as gifts_openapi
from liebian.rewards.api.openapi import openapi
from liebian.rewards.api.own import own_rewards

__all__ = ["address", "gifts", "gifts_openapi", "openapi", "own_rewards", "redeem", "reserve", "rollback", "validate"]
