"""Privileges that rewards gave. The days of one customer and one privilege follow one another."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from liebian.rewards.models.rewards import Reward


class Privilege(models.Model):
    """`starts_on` and `ends_on` follow from all rows of the same privilege of the customer (rules/privileges.chain)."""

    reward = models.OneToOneField(Reward, on_delete=models.PROTECT, related_name="privilege")
    customer_id = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    subject = models.CharField(max_length=60, blank=True)
    issued_on = models.DateField()
    days = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        db_table = "rewards_privilege"
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("days")), name="rewards_privilege_taken_within_days")
        ]
        indexes = [
            models.Index(fields=["customer_id", "ends_on"], name="rewards_privilege_of_customer"),
            models.Index(fields=["kind", "subject", "ends_on"], name="rewards_privilege_holders"),
        ]
