"""The checkout API: JSON over HTTP for shops, `/v1/coupons/…`."""

from liebian.rewards.api.checkout import redeem, reserve, rollback, validate
from liebian.rewards.api.openapi import openapi

__all__ = ["openapi", "redeem", "reserve", "rollback", "validate"]
