"""Reconciliation: what each check found on each day, and the differences that somebody has to explain."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CheckRun(models.Model):
    """One check on one day; made again on the same day, it takes the place of the first."""

    code = models.CharField(max_length=40)
    day = models.DateField()
    at = models.DateTimeField()
    n_compared = models.BigIntegerField(default=0)
    n_differences = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "rewards_check_run"
        constraints = [models.UniqueConstraint(fields=["code", "day"], name="rewards_checked_once_a_day")]
        indexes = [models.Index(fields=["code", "day"], condition=~Q(error=""), name="rewards_check_failed")]


class Comparison(models.Model):
    """Every check, because somebody asked for it: one at a time. A worker holds it until `held_until` for the check at hand."""

    is_open = models.BooleanField(default=True)
    asked_at = models.DateTimeField()
    asked_by = models.BigIntegerField()
    started_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    n_done = models.PositiveIntegerField(default=0)
    n_checks = models.PositiveIntegerField(default=0)
    n_differences = models.PositiveIntegerField(default=0)
    n_failed = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "rewards_comparison"
        constraints = [
            models.UniqueConstraint(fields=["is_open"], condition=Q(is_open=True), name="rewards_one_comparison"),
            models.CheckConstraint(
                condition=Q(is_open=True, finished_at=None) | Q(is_open=False, finished_at__isnull=False),
                name="rewards_comparison_ends",
            ),
        ]


class Alarm(models.Model):
    """A difference: open until somebody explains it or it is gone. One that changes is open again."""

    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    what = models.CharField(max_length=60)
    expected = models.BigIntegerField()
    found = models.BigIntegerField()
    unit = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, default="open")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)
    explained_by = models.BigIntegerField(null=True)
    explained_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rewards_alarm"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject", "what"], condition=~Q(state="gone"), name="rewards_one_alarm_per_difference"
            ),
            models.CheckConstraint(
                condition=~Q(state="explained") | Q(explained_by__isnull=False),
                name="rewards_alarm_explained_by_someone",
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="rewards_alarm_state")]
