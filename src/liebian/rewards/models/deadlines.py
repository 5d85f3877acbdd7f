"""How long a reward waits for people."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class DeadlineRow(models.Model):
    """One row. Zero days: it waits for ever."""

    decide_days = models.PositiveSmallIntegerField(default=0)
    claim_days = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_deadlines"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="rewards_one_row_of_deadlines")]
