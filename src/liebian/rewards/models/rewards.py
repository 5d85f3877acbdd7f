"""Budgets, offers and rewards. Money is in the ledger; these rows say why it moved and how far each reward has come."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Budget(models.Model):
    """`closures`: the times during which it was closed and that are over, each with who opened it again and why."""

    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    shards = models.PositiveSmallIntegerField(default=1)
    warn_at_minor = models.BigIntegerField(null=True)
    warn_days = models.PositiveSmallIntegerField(null=True)
    lasts_until = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    closures = models.JSONField(default=list)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_budget"


class Offer(models.Model):
    """Terms of a reward. Never changed: other terms are another offer (`fingerprint` is the terms)."""

    fingerprint = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    cost_minor = models.BigIntegerField()
    points = models.BigIntegerField(default=0)
    face_minor = models.BigIntegerField(default=0)
    threshold_minor = models.BigIntegerField(default=0)
    valid_days = models.PositiveIntegerField(default=0)
    approval = models.CharField(max_length=8, default="rule")
    terms = models.JSONField(default=dict)
    tax = models.CharField(max_length=20, default="none")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_offer"


class Reward(models.Model):
    """The decision about one side of one qualification, granted or refused, and its state since.

    `attempt`: how often it was sent again after a loss or a return. `is_by_hand`: a person, a provider or a checkout had a say, so its state does not follow from the log alone. `claw_target`: units
    to be taken back as soon as a delivery that is under way has ended.
    """

    qualification = models.CharField(max_length=120)
    rule = models.CharField(max_length=60)
    role = models.CharField(max_length=20)
    programme_id = models.BigIntegerField()
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT)
    customer_id = models.BigIntegerField()
    state = models.CharField(max_length=20)
    reason = models.CharField(max_length=40, blank=True)
    amount = models.BigIntegerField()
    cost_minor = models.BigIntegerField()
    clawed_amount = models.BigIntegerField(default=0)
    clawed_minor = models.BigIntegerField(default=0)
    owed_minor = models.BigIntegerField(default=0)
    hold_until = models.DateField()
    is_on_hold = models.BooleanField(default=False)
    is_by_hand = models.BooleanField(default=False)
    claw_target = models.BigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    trace = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_reward"
        constraints = [
            models.UniqueConstraint(fields=["qualification", "rule", "role"], name="rewards_one_per_cause"),
            models.CheckConstraint(
                condition=Q(clawed_amount__gte=0, clawed_amount__lte=F("amount"), clawed_minor__lte=F("cost_minor")),
                name="rewards_clawed_within_granted",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "hold_until"], name="rewards_due"),
            models.Index(fields=["customer_id", "id"], name="rewards_of_customer"),
            models.Index(fields=["programme_id", "state"], name="rewards_of_programme"),
            models.Index(fields=["offer", "id"], condition=Q(is_on_hold=True), name="rewards_on_hold"),
        ]


class RewardChange(models.Model):
    """One step of a reward, never changed. `amount` and `minor` are what moved in this step; `actor` is the user who took it.

    `kind` "to_take_back": nothing moved yet, `amount` units in all go back as soon as what is under way has arrived.
    """

    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="changes", db_index=False)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    reason = models.CharField(max_length=40, blank=True)
    amount = models.BigIntegerField(default=0)
    minor = models.BigIntegerField(default=0)
    actor = models.BigIntegerField(null=True)
    note = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=12, blank=True, default="", db_default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "rewards_change"
        indexes = [models.Index(fields=["reward", "id"], name="rewards_change_of_reward")]
