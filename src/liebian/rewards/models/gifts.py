"""Gifts on their way to customers. How many there are stands in the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from liebian.rewards.models.rewards import Offer, Reward


class Parcel(models.Model):
    """One gift for one reward; another one when it is sent again. `address` is sealed, and empty until somebody says it or after it
    was erased."""

    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="parcels")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, db_index=False)
    customer_id = models.BigIntegerField(db_index=True)
    state = models.CharField(max_length=10)
    address = models.BinaryField(null=True)
    carrier = models.CharField(max_length=60, blank=True)
    tracking = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    packed_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rewards_parcel"
        constraints = [
            models.UniqueConstraint(
                fields=["reward"],
                condition=Q(state__in=["to_pack", "packed", "shipped", "delivered"]),
                name="rewards_one_live_parcel",
            )
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="rewards_parcel_state"),
            models.Index(fields=["offer", "state", "id"], name="rewards_parcel_of_offer"),
        ]
