"""Points in lots: what was earned and is left of it, what was taken from which lot. Balances are in the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from liebian.rewards.models.rewards import Reward


class PointsTermsRow(models.Model):
    """The terms of a programme of points from an instant on. What holds or held is never changed: other terms are another row."""

    asset = models.CharField(max_length=60)
    valid_from = models.DateTimeField()
    terms = models.JSONField()
    set_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "rewards_points_terms"
        constraints = [models.UniqueConstraint(fields=["asset", "valid_from"], name="rewards_points_terms_once")]


class PointsLot(models.Model):
    """Points that were earned together and end together. amount = remaining + reserved + expired + what was taken.

    `remaining` of active lots adds up to the customer's account, of pending ones to the pending account.
    """

    customer_id = models.BigIntegerField()
    asset = models.CharField(max_length=60)
    cause = models.CharField(max_length=220, unique=True)
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, null=True, related_name="lots", db_index=False)
    amount = models.BigIntegerField()
    remaining = models.BigIntegerField()
    reserved = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    clawed = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8)
    expiry = models.CharField(max_length=10)
    active_from = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    earned_at = models.DateTimeField()
    trace = models.JSONField(default=dict)

    class Meta:
        db_table = "rewards_points_lot"
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0, reserved__gte=0, expired__gte=0)
                & Q(amount__gte=F("remaining") + F("reserved") + F("expired")),
                name="rewards_lot_within_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "expires_at"], name="rewards_lot_by_customer"),
            models.Index(
                fields=["expires_at", "customer_id", "id"], condition=Q(remaining__gt=0), name="rewards_lot_ending"
            ),
            models.Index(fields=["active_from", "id"], condition=Q(state="pending"), name="rewards_lot_pending"),
            models.Index(fields=["reward"], condition=Q(reward__isnull=False), name="rewards_lot_of_reward"),
        ]


class PointsWallet(models.Model):
    """Only where points lapse by inactivity: when a customer's whole balance does, unless something happens before.

    `lapsed_at` is when it last did: lots of before that were spent or set aside by then have no other end to come back to.
    """

    customer_id = models.BigIntegerField()
    asset = models.CharField(max_length=60)
    idle_at = models.DateTimeField(null=True)
    lapsed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rewards_points_wallet"
        constraints = [models.UniqueConstraint(fields=["customer_id", "asset"], name="rewards_points_wallet_once")]
        indexes = [models.Index(fields=["idle_at"], name="rewards_points_idle")]


class PointsMerge(models.Model):
    """Whoever was merged away has no points of their own: everything is and will be that of `winner`, who stands today.

    `moved` names the lots and uses that went over then.
    """

    loser_id = models.BigIntegerField(unique=True)
    winner_id = models.BigIntegerField(db_index=True)
    position = models.BigIntegerField()
    at = models.DateTimeField()
    moved = models.JSONField(default=dict)

    class Meta:
        db_table = "rewards_points_merge"


class PointsUse(models.Model):
    """What took points from lots: a burn, a transfer, a correction, a debt paid. `restored` of `amount` came back.

    A burn may begin as "reserved" until `reserved_until`; it is then used or released, once. `asked` is what it began with.
    """

    key = models.CharField(max_length=240, unique=True)
    kind = models.CharField(max_length=10)
    customer_id = models.BigIntegerField()
    asset = models.CharField(max_length=60)
    asked = models.BigIntegerField()
    amount = models.BigIntegerField()
    restored = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10)
    reserved_until = models.DateTimeField(null=True)
    subject = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)
    actor = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "rewards_points_use"
        constraints = [
            models.CheckConstraint(
                condition=Q(restored__gte=0, restored__lte=F("amount")), name="rewards_use_restored_within_amount"
            ),
        ]
        indexes = [
            models.Index(fields=["reserved_until"], condition=Q(state="reserved"), name="rewards_use_reserved"),
            models.Index(fields=["customer_id", "id"], name="rewards_use_of_customer"),
        ]


class PointsUseLot(models.Model):
    """How much of a use came from which lot, in the order of taking."""

    use = models.ForeignKey(PointsUse, on_delete=models.PROTECT, related_name="lots")
    lot = models.ForeignKey(PointsLot, on_delete=models.PROTECT, related_name="uses", db_index=False)
    amount = models.BigIntegerField()
    restored = models.BigIntegerField(default=0)

    class Meta:
        db_table = "rewards_points_use_lot"
        constraints = [
            models.CheckConstraint(
                condition=Q(restored__gte=0, restored__lte=F("amount")), name="rewards_use_lot_restored_within_amount"
            ),
        ]
