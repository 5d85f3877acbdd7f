"""What was owed on a day, counted once a night, and what became of points by the month in which they were earned.

All of it is derived: it is counted anew every night and can be dropped. What a point is worth is a record.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StockDay(models.Model):
    """One taking of stock. Taken again on the same day, it takes the place of the first."""

    day = models.DateField(unique=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "rewards_stock_day"


class StockLine(models.Model):
    """What is owed of one kind, by its end and its age. `minor` is money, where that is known."""

    stock = models.ForeignKey(StockDay, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=20)
    unit = models.CharField(max_length=60)
    what = models.CharField(max_length=20, blank=True)
    ends = models.CharField(max_length=5)
    age = models.CharField(max_length=5)
    n = models.BigIntegerField()
    amount = models.BigIntegerField()
    minor = models.BigIntegerField(null=True)

    class Meta:
        db_table = "rewards_stock_line"
        constraints = [
            models.UniqueConstraint(
                fields=["stock", "kind", "unit", "what", "ends", "age"], name="rewards_stock_line_once"
            )
        ]


class PointsCohort(models.Model):
    """Points of one programme that were earned in a month, as of the last taking of stock."""

    asset = models.CharField(max_length=60)
    month = models.DateField()
    earned = models.BigIntegerField()
    expired = models.BigIntegerField()
    taken_back = models.BigIntegerField()
    open = models.BigIntegerField()

    class Meta:
        db_table = "rewards_points_cohort"
        constraints = [models.UniqueConstraint(fields=["asset", "month"], name="rewards_points_cohort_once")]


class PointsRedeemed(models.Model):
    """How many points of a cohort were spent in a month; what came back is deducted from the month in which it was spent."""

    cohort = models.ForeignKey(PointsCohort, on_delete=models.CASCADE, related_name="redeemed", db_index=False)
    month = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "rewards_points_redeemed"
        constraints = [models.UniqueConstraint(fields=["cohort", "month"], name="rewards_points_redeemed_once")]


class PointsValue(models.Model):
    """What a thousand points of a programme are worth from an instant on. Never changed: another value is another row."""

    asset = models.CharField(max_length=60)
    valid_from = models.DateTimeField()
    currency = models.CharField(max_length=3)
    minor_per_thousand = models.BigIntegerField()
    set_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "rewards_points_value"
        constraints = [
            models.UniqueConstraint(fields=["asset", "valid_from"], name="rewards_points_value_once"),
            models.CheckConstraint(condition=Q(minor_per_thousand__gte=0), name="rewards_points_value_not_negative"),
        ]
