"""JSON over HTTP for shops: their checkout, `/v1/coupons/…`, their customers' gifts, `/v1/rewards/…`, and points, `/v1/points/…`."""

from liebian.rewards.api import points
from liebian.rewards.api.checkout import redeem, reserve, rollback, validate
from liebian.rewards.api.gifts import address, gifts
from liebian.rewards.api.gifts import openapi as gifts_openapi
from liebian.rewards.api.openapi import openapi
from liebian.rewards.api.own import own_rewards
from liebian.rewards.api.points_openapi import points_openapi

__all__ = [
    "address",
    "gifts",
    "gifts_openapi",
    "openapi",
    "own_rewards",
    "points",
    "points_openapi",
    "redeem",
    "reserve",
    "rollback",
    "validate",
]
