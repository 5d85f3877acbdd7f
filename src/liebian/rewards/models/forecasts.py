"""When each budget is expected to be used up, told once a night."""

from __future__ import annotations

from django.db import models

from liebian.rewards.models.rewards import Budget


class BudgetForecast(models.Model):
    """`days` count from `as_of`, 1 for that day; `used` is what went out on each day before it, oldest first."""

    budget = models.OneToOneField(Budget, on_delete=models.CASCADE, primary_key=True, related_name="forecast")
    at = models.DateTimeField()
    as_of = models.DateField()
    verdict = models.CharField(max_length=8)
    left_minor = models.BigIntegerField()
    per_week_minor = models.BigIntegerField(null=True)
    days = models.PositiveIntegerField(null=True)
    soonest = models.PositiveIntegerField(null=True)
    latest = models.PositiveIntegerField(null=True)
    used = models.JSONField(default=list)

    class Meta:
        db_table = "rewards_budget_forecast"
