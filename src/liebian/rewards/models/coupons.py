"""Coupons that were handed out, pools of codes, and what checkouts did with both.

Coupons follow from the log. Pools, codes with whom they were given to, redemptions and requests are records; they name coupons by
code, so that a replay may make the coupons anew.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from liebian.rewards.models.rewards import Offer, Reward


class Coupon(models.Model):
    code = models.CharField(max_length=40, unique=True)
    reward = models.OneToOneField(Reward, on_delete=models.PROTECT, related_name="coupon")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT)
    customer_id = models.BigIntegerField(db_index=True)
    state = models.CharField(max_length=16)
    order_key = models.CharField(max_length=120, blank=True)
    issued_at = models.DateTimeField()
    expires_on = models.DateField()
    expires_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_coupon"
        indexes = [models.Index(fields=["state", "expires_on"], name="rewards_coupon_expiry")]


class CouponPool(models.Model):
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8)
    low_at = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_coupon_pool"


class CouponFill(models.Model):
    """Codes that came into a pool together; of a retail code, uses."""

    pool = models.ForeignKey(CouponPool, on_delete=models.PROTECT, related_name="fills", db_index=False)
    key = models.CharField(max_length=64)
    n_codes = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "rewards_coupon_fill"
        constraints = [models.UniqueConstraint(fields=["pool", "key"], name="rewards_filled_once")]


class CouponCode(models.Model):
    """One code of a pool. `cause` is the reward that it was given to, for ever; a code that is not for rewards has none.

    Codes come by the million and their pool is locked when they do, so the database need not look it up for each.
    """

    code = models.CharField(max_length=40)
    pool = models.ForeignKey(CouponPool, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    cause = models.CharField(max_length=220, null=True)

    class Meta:
        db_table = "rewards_coupon_code"
        constraints = [
            models.UniqueConstraint(fields=["code"], name="rewards_code_unique"),
            models.UniqueConstraint(
                fields=["cause"], condition=Q(cause__isnull=False), name="rewards_code_once_per_reward"
            ),
        ]
        indexes = [models.Index(fields=["pool", "id"], condition=Q(cause__isnull=True), name="rewards_code_free")]


class Redemption(models.Model):
    """One coupon in one cart or order. `is_sole`: the code can be in one cart at a time, which the database enforces."""

    reservation = models.CharField(max_length=40, db_index=True)
    code = models.CharField(max_length=40)
    is_sole = models.BooleanField()
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, db_index=False)
    pool = models.ForeignKey(CouponPool, on_delete=models.PROTECT, null=True, db_index=False)
    customer_id = models.BigIntegerField(null=True)
    shop = models.CharField(max_length=100)
    order_key = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    discount_minor = models.BigIntegerField()
    shipping_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    lines = models.JSONField(default=list)
    gift = models.CharField(max_length=120, blank=True)
    reserved_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rewards_redemption"
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(is_sole=True, state__in=["reserved", "redeemed"]),
                name="rewards_one_cart_per_code",
            )
        ]
        indexes = [
            models.Index(fields=["code", "id"], name="rewards_redemption_of_code"),
            models.Index(fields=["order_key"], name="rewards_redemption_of_order"),
            models.Index(fields=["offer", "customer_id", "state"], name="rewards_redemption_count"),
            models.Index(fields=["lapses_at"], condition=Q(state="reserved"), name="rewards_cart_lapses"),
        ]


class CheckoutAnswer(models.Model):
    """What a checkout was told under an idempotency key; told again when it asks the same again."""

    shop = models.CharField(max_length=100)
    key = models.CharField(max_length=120)
    body_hash = models.CharField(max_length=64)
    status = models.SmallIntegerField()
    answer = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        db_table = "rewards_checkout_answer"
        constraints = [models.UniqueConstraint(fields=["shop", "key"], name="rewards_answered_once")]
        indexes = [models.Index(fields=["at"], name="rewards_answer_age")]


class ShopKey(models.Model):
    """A shop that may redeem. Only the hash of its key is kept. `n_calls` is how often it asked in `minute` what is counted."""

    name = models.CharField(max_length=100, unique=True)
    index = models.BinaryField(max_length=16, unique=True)
    tail = models.CharField(max_length=4)
    is_enabled = models.BooleanField(default=True)
    minute = models.BigIntegerField(default=0)
    n_calls = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_shop_key"
