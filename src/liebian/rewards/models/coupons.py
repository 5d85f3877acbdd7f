"""Coupons that were handed out."""

from __future__ import annotations

from django.db import models

from liebian.rewards.models.rewards import Offer, Reward


class Coupon(models.Model):
    code = models.CharField(max_length=20, unique=True)
    reward = models.OneToOneField(Reward, on_delete=models.PROTECT, related_name="coupon")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT)
    customer_id = models.BigIntegerField(db_index=True)
    state = models.CharField(max_length=16)
    order_key = models.CharField(max_length=120, blank=True)
    issued_at = models.DateTimeField()
    expires_on = models.DateField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_coupon"
        indexes = [models.Index(fields=["state", "expires_on"], name="rewards_coupon_expiry")]
