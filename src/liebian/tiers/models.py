"""Tier models and the history of their runs. Places of people are kept by `customers`."""

from django.db import models


class TierModel(models.Model):
    """`name` is the key under which places are handed down; a new version replaces the parameters."""

    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    version = models.IntegerField(default=1)
    parameters = models.JSONField(default=dict)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "tiers_tiermodel"
        constraints = [models.UniqueConstraint(fields=["name"], name="one_tier_model_per_name")]


class TierRun(models.Model):
    """One computation whose places were handed down: append-only, but for the same (model, version, day)."""

    model = models.ForeignKey(TierModel, on_delete=models.CASCADE)
    version = models.IntegerField()
    as_of = models.DateField()
    parameters = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    lake_snapshots = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    computed_at = models.DateTimeField()

    class Meta:
        db_table = "tiers_tierrun"
        constraints = [models.UniqueConstraint(fields=["model", "version", "as_of"], name="one_tier_run_per_day")]
        indexes = [models.Index(fields=["model", "-computed_at"], name="tier_run_newest")]
